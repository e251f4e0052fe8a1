/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether what a zone's devices send reaches the internet: an uplink that is
 * up, a route by it, an address to masquerade with. Nothing is sent to find
 * out: the kernel is asked what it would do.
 */
#ifndef STADTTOR_NETCTL_CONTROL_OUTLET_H
#define STADTTOR_NETCTL_CONTROL_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ipc.h"

struct controller;

/*
 * Looks anew, by the devices and addresses that are known. true: a zone has a
 * way out that had none, or none any more; the log says why.
 */
bool outlet_update(struct controller *c);

/* Whether an uplink of the config is that device. */
bool outlet_is_uplink(const struct controller *c, uint32_t ifindex);

/* Open while one of the two families is; else what hinders IPv4, if spoken. */
enum ipc_outlet outlet_of_zone(const struct controller *c, size_t zone);

/*
 * Asks the kernel whether the gateways of open outlets answered when they were
 * asked last. true: that has changed; the log says so.
 */
bool outlet_check_gateways(struct controller *c);

/*
 * The same for people, who have no internet either where what an open outlet
 * lets pass is dropped by another table, or the gateway is silent. The rules do
 * not go by it: with nobody let pass, nobody would see that it is over.
 */
enum ipc_outlet outlet_to_tell(const struct controller *c, size_t zone);

#endif
