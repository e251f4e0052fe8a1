/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ruleset's counters, as the kernel has them. */
#ifndef STADTTOR_NETCTL_RULES_RULESET_COUNTERS_H
#define STADTTOR_NETCTL_RULES_RULESET_COUNTERS_H

#include "netctl/netlink/nft.h"
#include "netctl/rules/ruleset.h"

/* Packets since the table was made. 0 or -errno. */
int ruleset_counters_read(struct nft *nft,
			  uint64_t packets[COUNTER_MAX]) MUST_CHECK;

#endif
