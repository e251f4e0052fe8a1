/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A rule of the description as nf_tables expressions: one small function a
 * term (net/netfilter/nft_*.c of the kernel say what each expression does).
 */
#ifndef STADTTOR_NETCTL_RULES_RULESET_EXPR_H
#define STADTTOR_NETCTL_RULES_RULESET_EXPR_H

#include <libnftnl/rule.h>

#include "netctl/rules/ruleset.h"

/* Table, chain and expressions are set, the family is not. Never NULL. */
struct nftnl_rule *ruleset_expr_build(const struct ruleset_rule *rule);

#endif
