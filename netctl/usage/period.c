/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/usage/period.h"

#include <time.h>

#include "netctl/usage/wallclock.h"

#define MINUTE_MS 60000ULL
#define HOUR_MS	  (60 * MINUTE_MS)

/* That long at least, but for the first of a boot, and at most. A week's days
 * have both already. */
static const struct {
	uint64_t min_ms, max_ms;
} spans[USAGE_PERIODS] = {
	[USAGE_HOUR] = { 30 * MINUTE_MS, 90 * MINUTE_MS },
	[USAGE_DAY] = { 20 * HOUR_MS, 26 * HOUR_MS },
	[USAGE_WEEK] = { 0, UINT64_MAX },
};

static int64_t week_of(int64_t t)
{
	time_t tt = (time_t)wallclock_midnight(t);
	struct tm tm;
	int back;

	localtime_r(&tt, &tm);
	back = (tm.tm_wday + 6) % 7; /* days since Monday */
	if (back >= tm.tm_mday)
		back = tm.tm_mday - 1;
	tm.tm_mday -= back;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm);
}

int64_t period_start(enum usage_period period, int64_t t)
{
	switch (period) {
	case USAGE_HOUR:
		return wallclock_hour(t);
	case USAGE_DAY:
		return wallclock_midnight(t);
	case USAGE_WEEK:
	case USAGE_PERIODS:
		break;
	}
	return week_of(t);
}

bool period_is_over(enum usage_period period, const struct ledger_period *p,
		    int64_t next_s, uint64_t boot_ms)
{
	uint64_t span_ms = boot_ms - p->opened_ms;

	if (!p->is_open)
		return false;
	if (p->is_closing || span_ms >= spans[period].max_ms)
		return true;
	return next_s && next_s != (int64_t)p->start_s &&
	       (p->number == 1 || span_ms >= spans[period].min_ms);
}

uint32_t period_day_number(int64_t t)
{
	time_t tt = (time_t)t;
	struct tm tm;

	if (!localtime_r(&tt, &tm))
		return 0;
	return (uint32_t)((tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 +
			  tm.tm_mday);
}
