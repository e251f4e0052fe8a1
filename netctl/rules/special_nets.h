/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Networks that no host of the internet is in, by IANA's registries of
 * special-purpose addresses: private, link-local, shared (CGN), multicast,
 * reserved, and the IPv6 networks that lead to one of those by translation
 * or a tunnel (RFC 6052, 3056, 4380).
 */
#ifndef STADTTOR_NETCTL_RULES_SPECIAL_NETS_H
#define STADTTOR_NETCTL_RULES_SPECIAL_NETS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/addr.h"

#define SPECIAL_NETS 30

extern const char *const special_nets[SPECIAL_NETS]; /* both families */

/* Whether one of them has the address. */
bool special_nets_have(const struct addr *a);

#endif
