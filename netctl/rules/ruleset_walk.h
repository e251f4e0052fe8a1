/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STADTTOR_NETCTL_RULES_RULESET_WALK_H
#define STADTTOR_NETCTL_RULES_RULESET_WALK_H

#include "netctl/rules/ruleset.h"

/*
 * Walks both tables: table, its counters and sets, then each chain followed by
 * its rules; a chain that others jump to comes before them.
 */
void ruleset_walk(const struct ruleset_input *in,
		  const struct ruleset_visitor *visitor);

#endif
