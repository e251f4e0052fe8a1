/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/usage/wallclock.h"

#include <stdlib.h>
#include <time.h>

#define STEADY_MS 2000

static bool is_plausible(int64_t wall_ms)
{
	return wall_ms >= WALLCLOCK_EARLIEST_S * 1000LL &&
	       wall_ms < WALLCLOCK_LATEST_S * 1000LL;
}

static void take(struct wallclock *w, int64_t offset_ms)
{
	w->is_known = true;
	w->offset_ms = offset_ms;
	w->claimed_ms = 0;
}

void wallclock_see(struct wallclock *w, uint64_t boot_ms, int64_t wall_ms)
{
	int64_t offset_ms = wall_ms - (int64_t)boot_ms;

	if (!is_plausible(wall_ms)) {
		w->claimed_ms = 0;
		return;
	}
	if (!w->is_known ||
	    llabs(offset_ms - w->offset_ms) <= WALLCLOCK_STEP_MS) {
		take(w, offset_ms);
		return;
	}
	if (!w->claimed_ms || llabs(offset_ms - w->claim_ms) > STEADY_MS) {
		w->claim_ms = offset_ms;
		w->claimed_ms = boot_ms ? boot_ms : 1;
		return;
	}
	if (boot_ms - w->claimed_ms >= WALLCLOCK_HOLD_MS)
		take(w, offset_ms);
}

int64_t wallclock_at(const struct wallclock *w, uint64_t boot_ms)
{
	return ((int64_t)boot_ms + w->offset_ms) / 1000;
}

int64_t wallclock_hour(int64_t t)
{
	time_t tt = (time_t)t;
	struct tm tm;

	if (!localtime_r(&tt, &tm))
		return t - t % 3600;
	return t - tm.tm_min * 60 - tm.tm_sec;
}

int64_t wallclock_midnight(int64_t t)
{
	time_t tt = (time_t)t;
	struct tm tm;

	if (!localtime_r(&tt, &tm))
		return t - t % 86400;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm);
}
