/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/figures.h"

#include <inttypes.h>
#include <stdio.h>

#define MINUTE 60
#define HOUR   3600
#define DAY    86400
#define NBSP   "\xc2\xa0" /* a figure and its unit stay on one line */

struct unit {
	uint64_t size;
	const char *name;
};

static const char *text(const struct lang *l, const char *key)
{
	const char *t = lang_find(l, key);

	return t ? t : "";
}

struct span {
	uint64_t size;
	const char *unit; /* key of its text */
};

const char *figures_duration(char buf[FIGURES_MAX], uint64_t seconds,
			     const struct lang *l)
{
	static const struct span spans[] = {
		{ DAY, "unit_days" },
		{ HOUR, "unit_hours" },
		{ MINUTE, "unit_minutes" },
	};
	uint64_t rounded = (seconds + MINUTE - 1) / MINUTE * MINUTE;
	/* days only where they say more than hours */
	size_t i = rounded >= 2 * DAY ? 0 : rounded >= HOUR ? 1 : 2;
	uint64_t first, rest;

	if (!rounded)
		rounded = MINUTE;
	first = rounded / spans[i].size;
	rest = i < 2 ? rounded % spans[i].size / spans[i + 1].size : 0;
	if (rest)
		snprintf(buf, FIGURES_MAX,
			 "%" PRIu64 NBSP "%.8s %" PRIu64 NBSP "%.8s", first,
			 text(l, spans[i].unit), rest,
			 text(l, spans[i + 1].unit));
	else
		snprintf(buf, FIGURES_MAX, "%" PRIu64 NBSP "%.8s", first,
			 text(l, spans[i].unit));
	return buf;
}

/* One decimal below ten, where it says something. */
static const char *scaled(char *buf, uint64_t value, const struct unit *u,
			  const struct lang *l)
{
	uint64_t tenths;

	while (u->size > 1 && value < u->size)
		u++;
	tenths = value / u->size * 10 + value % u->size * 10 / u->size;
	if (tenths < 100 && tenths % 10)
		snprintf(buf, FIGURES_MAX, "%" PRIu64 "%.4s%" PRIu64 NBSP "%s",
			 tenths / 10, text(l, "decimal_sign"), tenths % 10,
			 u->name);
	else
		snprintf(buf, FIGURES_MAX, "%" PRIu64 NBSP "%s", tenths / 10,
			 u->name);
	return buf;
}

const char *figures_bytes(char buf[FIGURES_MAX], uint64_t bytes,
			  const struct lang *l)
{
	static const struct unit units[] = {
		{ 1000000000000, "TB" },
		{ 1000000000, "GB" },
		{ 1000000, "MB" },
		{ 1000, "kB" },
		{ 1, "B" },
	};

	return scaled(buf, bytes, units, l);
}

const char *figures_rate(char buf[FIGURES_MAX], uint64_t bps,
			 const struct lang *l)
{
	static const struct unit units[] = {
		{ 1000000000, "Gbit/s" },
		{ 1000000, "Mbit/s" },
		{ 1000, "kbit/s" },
		{ 1, "bit/s" },
	};

	return scaled(buf, bps, units, l);
}
