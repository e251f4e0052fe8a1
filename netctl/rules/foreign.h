/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What others have in nf_tables that takes part in what the gate decides. */
#ifndef STADTTOR_NETCTL_RULES_FOREIGN_H
#define STADTTOR_NETCTL_RULES_FOREIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "netctl/netlink/nft.h"
#include "netctl/rules/ruleset.h"

/* true: somebody else has a flow table, by which flows skip the forward hook.
 */
bool foreign_has_flow_table(struct nft *nft);

/* Of a table that is not the gate's. All is good for the call. */
struct foreign_flow_table {
	const char *table, *name;
	bool is_hardware;	   /* flows are given to the network card */
	const char *const *device; /* the last is NULL; NULL: none */
};

typedef void foreign_flow_table_fn(const struct foreign_flow_table *f,
				   void *arg);

/* 0 or -errno, where the kernel has no flow tables. */
int foreign_list_flow_tables(struct nft *nft,
			     foreign_flow_table_fn *on_flow_table,
			     void *arg) MUST_CHECK;

/* As nft names it, "inet" or "netdev". */
const char *foreign_family(uint32_t nfproto);

/* Of a table that is not the gate's. The texts are good for the call. */
struct foreign_chain {
	const char *family; /* as nft names it: "ip", "ip6", "inet" */
	const char *table;
	const char *name;
	bool drops; /* what no rule of it accepts: its policy */
};

typedef void foreign_chain_fn(const struct foreign_chain *c, void *arg);

/*
 * The chains that filter at the hook, HOOK_INPUT or HOOK_FORWARD, for IPv4 or
 * IPv6; iptables-nft's are among them, those of iptables-legacy are not. 0 or
 * -errno.
 */
int foreign_list_chains(struct nft *nft, enum ruleset_hook hook,
			foreign_chain_fn *on_chain, void *arg) MUST_CHECK;

/*
 * The same of chains that may say where first packets go before the gate does:
 * of NAT in prerouting, at its priority (of two, the newer comes first) or one
 * before.
 */
int foreign_list_early_nat(struct nft *nft, foreign_chain_fn *on_chain,
			   void *arg) MUST_CHECK;

#endif
