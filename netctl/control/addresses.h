/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The addresses of this box and the devices that carry them, for a portal that
 * may not ask the kernel: rtnetlink would tell it of guests as well. They are
 * listed when they change, not when somebody asks.
 */
#ifndef STADTTOR_NETCTL_CONTROL_ADDRESSES_H
#define STADTTOR_NETCTL_CONTROL_ADDRESSES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/ipc.h"

struct controller;

/*
 * Lists them anew, and the networks that are reached on the uplinks' own links.
 * true: some are others than before. Where they cannot be listed, which the log
 * says, those that were known still are, for guests are kept out of the
 * uplinks' networks by them (addresses_are_old in state.h).
 */
bool addresses_update(struct controller *c);

/*
 * The address of that device which a browser can open: an IPv4 address, or one
 * of IPv6 that is not of its link alone; AF_UNSPEC: it has none.
 */
struct addr addresses_usable(const struct controller *c, uint32_t ifindex);

/*
 * Fills in the device that carries the address, all but header and error. 0;
 * -EINVAL: it is no address, or scoped; -ENOENT: it is none of this box.
 */
int addresses_find_device(const struct controller *c, const struct addr *wanted,
			  struct ipc_device *m) MUST_CHECK;

#endif
