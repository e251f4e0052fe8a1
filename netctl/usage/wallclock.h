/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The time of day, as far as it can be trusted. An access point without a
 * clock of its own boots in 1970; a wrong time server may send it anywhere.
 * Pure arithmetic: the caller reads the clocks.
 */
#ifndef STADTTOR_NETCTL_USAGE_WALLCLOCK_H
#define STADTTOR_NETCTL_USAGE_WALLCLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define WALLCLOCK_EARLIEST_S 1767225600 /* 2026-01-01: older than we are */
#define WALLCLOCK_LATEST_S   4102444800 /* 2100-01-01 */

/* A larger step is followed only once it has lasted for so long. */
#define WALLCLOCK_STEP_MS 3600000
#define WALLCLOCK_HOLD_MS 60000

struct wallclock {
	bool is_known;
	int64_t offset_ms;   /* wall clock minus CLOCK_BOOTTIME, in force */
	int64_t claim_ms;    /* an offset that waits to be believed */
	uint64_t claimed_ms; /* since when; 0: none waits */
};

/* Takes in what both clocks say now; zeroed before its first use. */
void wallclock_see(struct wallclock *w, uint64_t boot_ms, int64_t wall_ms);

/* Seconds since 1970 at that CLOCK_BOOTTIME; only where is_known. */
int64_t wallclock_at(const struct wallclock *w, uint64_t boot_ms);

/* The start of the local hour, and of the local day, that holds t. */
int64_t wallclock_hour(int64_t t);
int64_t wallclock_midnight(int64_t t);

#endif
