/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much of something a site may send: so much at once, and so much an hour
 * from then on. */
#ifndef STADTTOR_HUB_INTAKE_BUDGET_H
#define STADTTOR_HUB_INTAKE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"

struct budget_rule {
	int64_t at_once; /* at most 2^32 */
	int64_t per_hour;
};

/* Zeroed: nothing is spent. */
struct budget {
	int64_t spent; /* in 1/3600 */
	int64_t at_s;
};

/* now_s: may jump back, which gives nothing. false: it would be too much, and
 * nothing is spent. */
bool budget_spend(struct budget *b, const struct budget_rule *rule,
		  int64_t amount, int64_t now_s) MUST_CHECK;

#endif
