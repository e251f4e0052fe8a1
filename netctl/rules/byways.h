/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The devices that guests are, or were, behind, as the kernel has them. */
#ifndef STADTTOR_NETCTL_RULES_BYWAYS_H
#define STADTTOR_NETCTL_RULES_BYWAYS_H

#include "netctl/netlink/nft.h"
#include "netctl/rules/ruleset.h"

struct byways {
	uint32_t ifindex[RULESET_BYWAYS_MAX];
	size_t count;
};

/* None where there are no rules. 0 or -errno. */
int byways_read(struct nft *nft, struct byways *b) MUST_CHECK;

bool byways_have(const struct byways *b, uint32_t ifindex);

/* false: there is no place left. */
bool byways_add(struct byways *b, uint32_t ifindex);

#endif
