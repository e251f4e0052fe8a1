/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The interfaces of zones and uplinks, as they come and go. */
#ifndef STADTTOR_NETCTL_CONTROL_DEVICES_H
#define STADTTOR_NETCTL_CONTROL_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"
#include "netctl/netlink/rtnl.h"

struct controller;

/*
 * 1: a device has come, gone, is another one of that name, stands elsewhere, or
 * some zone is to be shut or opened. -errno, said in the log: they cannot be
 * listed, and all zones are to be shut.
 */
int devices_update(struct controller *c) MUST_CHECK;

/*
 * Whether a zone or an uplink has it as a port or stands on it, so that its
 * packets are met there before.
 */
bool devices_is_lower(struct controller *c, const char *device);

/* The neighbours of a zone's device. 0, also without a device, or -errno. */
int devices_list_neighbours(struct controller *c, uint16_t zone,
			    rtnl_neighbour_fn *on_neighbour,
			    void *arg) MUST_CHECK;

#endif
