/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the tables in the kernel are still those that were put there. */
#ifndef STADTTOR_NETCTL_RULES_FINGERPRINT_H
#define STADTTOR_NETCTL_RULES_FINGERPRINT_H

#include "netctl/netlink/nft.h"
#include "netctl/rules/ruleset.h"

/* Of no ruleset of ours. */
#define FINGERPRINT_OTHERS 0

/*
 * A number that changes when anybody changes a chain, rule, network or flow
 * table of ours; FINGERPRINT_OTHERS while etc/guard keeps the guests of one of
 * the zones out, as after one that came late, or a table of ours is dormant. 0
 * or -errno.
 */
int fingerprint_read(struct nft *nft, const struct ruleset_input *in,
		     uint64_t *sum) MUST_CHECK;

/*
 * The same behind a commit of the description, whose chains and rules it has to
 * have: FINGERPRINT_OTHERS if somebody was quick enough to remove some.
 */
int fingerprint_take(struct nft *nft, const struct ruleset_input *in,
		     uint64_t *sum) MUST_CHECK;

#endif
