/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Devices that appear on a network: an entry in the forwarding table of a
 * bridge, made of the first frame (net/bridge/br_fdb.c), or in the neighbour
 * table of any other device.
 */
#ifndef STADTTOR_NETCTL_NETLINK_ARRIVALS_H
#define STADTTOR_NETCTL_NETLINK_ARRIVALS_H

#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/log.h"
#include "netctl/netlink/rtnl.h"

#define ARRIVALS_DEVICES_MAX 32

/* A non-blocking socket that tells of nobody yet; or -errno. */
int arrivals_open(void) MUST_CHECK;

/*
 * Lets the socket tell of all bridges, and of neighbours of these devices
 * alone, which change their state twice a minute each. 0 or -errno.
 */
int arrivals_filter(int fd, const uint32_t *ifindex, size_t count) MUST_CHECK;

/* on: the bridge, or the device with the neighbour. */
typedef void arrival_fn(uint32_t on, const struct mac *mac, void *arg);

/*
 * Calls on_arrival for each that waits, and leaves those beyond some hundreds
 * to the next call. 0 or -errno; -ENOBUFS: some were lost.
 */
int arrivals_read(int fd, arrival_fn *on_arrival, void *arg) MUST_CHECK;

/* Calls it for all that the bridge knows by now. 0 or -errno. */
int arrivals_list_bridge(struct rtnl *r, uint32_t bridge,
			 arrival_fn *on_arrival, void *arg) MUST_CHECK;

#endif
