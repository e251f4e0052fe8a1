/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ruleset as nf_tables bytecode, put into a transaction. */
#ifndef STADTTOR_NETCTL_RULES_RULESET_NFT_H
#define STADTTOR_NETCTL_RULES_RULESET_NFT_H

#include <net/if.h>

#include "netctl/netlink/nft.h"
#include "netctl/rules/ruleset.h"

/* NFPROTO_NETDEV or NFPROTO_INET. */
uint16_t ruleset_nfproto(enum ruleset_family family);

/*
 * Puts what replaces every chain of our tables by those of the description,
 * in the open transaction. Sets that are there stay with their elements; sets
 * that the description no longer knows go. fresh: the tables are deleted
 * first, elements and all. In the same step the guests that etc/guard keeps
 * out are left to these rules. 0 or -errno of the dumps that it needs.
 */
int ruleset_put(struct nft *nft, const struct ruleset_input *in,
		bool fresh) MUST_CHECK;

/*
 * The table of etc/guard that keeps the device's guests out; nft takes no other
 * characters in it without quotes, nor older ones with them.
 */
#define RULESET_GUARD	  RULESET_TABLE "_guard_"
#define RULESET_GUARD_MAX (sizeof(RULESET_GUARD) + IFNAMSIZ)
void ruleset_guard_table(char name[RULESET_GUARD_MAX], const char *device);

/*
 * Puts such tables for the devices of all zones, for when the rules cannot be
 * had; the next ruleset_put() takes them out. Of the box guests have DHCP
 * alone.
 */
void ruleset_put_guards(struct nft *nft, const struct settings *s);

/*
 * Puts the removal of both tables and, unless it is to keep the guests out, of
 * the guard's, those that are there.
 */
int ruleset_put_removal(struct nft *nft, bool keeps_guard) MUST_CHECK;

#endif
