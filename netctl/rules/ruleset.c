/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/rules/ruleset.h"

#include <stdio.h>

const char *const ruleset_counter_names[COUNTER_MAX] = {
	[COUNTER_LET_OUT] = "let_out",	 [COUNTER_LEFT] = "left",
	[COUNTER_LET_IN] = "let_in",	 [COUNTER_ARRIVED] = "arrived",
	[COUNTER_TOO_MANY] = "too_many",
};

uint32_t ruleset_mark_mask(const struct settings *s)
{
	return 0xffffU << s->gate.mark_shift;
}

bool ruleset_is_one_state(const struct ruleset_term *t)
{
	return !t->negate && !(t->mask & (t->mask - 1));
}

void ruleset_name(char name[RULESET_NAME_MAX], const char *what,
		  const char *zone)
{
	snprintf(name, RULESET_NAME_MAX, "%s%s%s", what, zone ? "_" : "",
		 zone ? zone : "");
}
