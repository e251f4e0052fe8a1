/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When hours, days and weeks end. Local time says where they end, the time
 * since the boot how often: a clock that jumps would otherwise close a hundred
 * days in an hour, each with a budget of its own. Pure arithmetic.
 */
#ifndef STADTTOR_NETCTL_USAGE_PERIOD_H
#define STADTTOR_NETCTL_USAGE_PERIOD_H

#include "netctl/usage/ledger.h"

/*
 * The start of the local hour, day, or week that holds t. Weeks begin on
 * Mondays and on the first of a month.
 */
int64_t period_start(enum usage_period period, int64_t t);

/*
 * Whether it ends now: by the boot's time, or because another one began, after
 * as long as it has to last. next_s: start of the one that holds now; 0: the
 * time is not known. A week ends with a day alone.
 */
bool period_is_over(enum usage_period period, const struct ledger_period *p,
		    int64_t next_s, uint64_t boot_ms);

/* Of that time, such as 20261124. */
uint32_t period_day_number(int64_t t);

#endif
