/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The interfaces of zones and uplinks, as they come and go. */
#ifndef STADTTOR_NETCTL_CONTROL_DEVICES_H
#define STADTTOR_NETCTL_CONTROL_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"
#include "netctl/netlink/rtnl.h"

struct controller;

/* true: one has come, gone, or is another one of that name. */
bool devices_update(struct controller *c);

/* The neighbours of a zone's device. 0, also without a device, or -errno. */
int devices_list_neighbours(struct controller *c, uint16_t zone,
			    rtnl_neighbour_fn *on_neighbour,
			    void *arg) MUST_CHECK;

#endif
