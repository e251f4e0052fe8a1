/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks as the elements of an interval set: where each begins and ends. */
#ifndef STADTTOR_NETCTL_RULES_RULESET_NETS_H
#define STADTTOR_NETCTL_RULES_RULESET_NETS_H

#include <libnftnl/set.h>

#include "netctl/rules/ruleset.h"

/*
 * Adds those of the set's family, each once: the kernel refuses intervals that
 * overlap. What is no network is left out. Ends the program without memory.
 */
void ruleset_nets_add(struct nftnl_set *s, const struct ruleset_set *set);

#endif
