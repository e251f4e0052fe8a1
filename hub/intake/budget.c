/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/intake/budget.h"

#define HOUR_S 3600

static void refill(struct budget *b, const struct budget_rule *rule,
		   int64_t now_s)
{
	int64_t passed_s = now_s > b->at_s ? now_s - b->at_s : 0;
	int64_t enough_s = b->spent / rule->per_hour + 1;

	if (passed_s >= enough_s)
		b->spent = 0;
	else
		b->spent -= passed_s * rule->per_hour;
	if (b->spent < 0)
		b->spent = 0;
	b->at_s = now_s;
}

bool budget_spend(struct budget *b, const struct budget_rule *rule,
		  int64_t amount, int64_t now_s)
{
	refill(b, rule, now_s);
	if (amount > rule->at_once ||
	    amount * HOUR_S > rule->at_once * HOUR_S - b->spent)
		return false;
	b->spent += amount * HOUR_S;
	return true;
}
