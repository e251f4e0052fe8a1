/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/quantity.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit seconds_units[] = {
	{ "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 }, { NULL, 0 },
};

static const struct unit rate_units[] = {
	{ "bit", 1 },		{ "kbit", 1000 }, { "mbit", 1000000 },
	{ "gbit", 1000000000 }, { NULL, 0 },
};

static const struct unit bytes_units[] = {
	{ "B", 1 },
	{ "kB", 1000 },
	{ "MB", 1000000 },
	{ "GB", 1000000000 },
	{ "TB", 1000000000000 },
	{ "KiB", 1ULL << 10 },
	{ "MiB", 1ULL << 20 },
	{ "GiB", 1ULL << 30 },
	{ "TiB", 1ULL << 40 },
	{ NULL, 0 },
};

/* Digits at *text, which it passes. */
static bool parse_digits(const char **text, uint64_t *out)
{
	uint64_t v = 0;
	const char *s = *text;

	for (; *s >= '0' && *s <= '9'; s++) {
		if (v > (UINT64_MAX - 9) / 10)
			return false;
		v = v * 10 + (uint64_t)(*s - '0');
	}
	if (s == *text)
		return false;
	*text = s;
	*out = v;
	return true;
}

bool quantity_parse_number(const char *text, uint64_t *out)
{
	uint64_t v;

	if (!parse_digits(&text, &v) || *text)
		return false;
	*out = v;
	return true;
}

static const struct unit *find_unit(const struct unit *u, const char *name,
				    size_t len)
{
	for (; u->name; u++)
		if (strlen(u->name) == len && !strncasecmp(u->name, name, len))
			return u;
	return NULL;
}

/* One "NUMBER[.FRACTION]UNIT" at *text; no unit: times 1. */
static bool parse_term(const char **text, const struct unit *units,
		       uint64_t *out)
{
	const struct unit *u;
	uint64_t whole, tenths = 0, scale = 1;
	size_t len;

	if (!parse_digits(text, &whole))
		return false;
	if (**text == '.') {
		const char *from = ++*text;

		if (!parse_digits(text, &tenths) || *text - from > 3)
			return false;
		for (; from < *text; from++)
			scale *= 10;
	}
	len = strcspn(*text, "0123456789. ");
	u = len ? find_unit(units, *text, len) : NULL;
	if (len && !u)
		return false;
	*text += len;
	if (!u) {
		*out = whole;
		return scale == 1;
	}
	if (whole > UINT64_MAX / u->factor / 2)
		return false;
	*out = whole * u->factor + tenths * u->factor / scale;
	return tenths * u->factor % scale == 0;
}

static bool parse_with_unit(const char *text, const struct unit *units,
			    uint64_t *out)
{
	uint64_t v;

	if (!parse_term(&text, units, &v) || *text)
		return false;
	*out = v;
	return true;
}

bool quantity_parse_rate(const char *text, uint64_t *out)
{
	return parse_with_unit(text, rate_units, out);
}

bool quantity_parse_bytes(const char *text, uint64_t *out)
{
	return parse_with_unit(text, bytes_units, out);
}

bool quantity_parse_seconds(const char *text, uint64_t *out)
{
	uint64_t sum = 0, v;

	if (quantity_parse_number(text, &v)) {
		*out = v;
		return v <= UINT64_MAX / 2;
	}
	do {
		if (!parse_term(&text, seconds_units, &v) ||
		    (text[-1] >= '0' && text[-1] <= '9') ||
		    v > UINT64_MAX / 2 - sum)
			return false;
		sum += v;
	} while (*text);
	*out = sum;
	return true;
}

/* --- writing ----------------------------------------------------------- */

/* In the largest unit that leaves a whole number. */
static void print_with_unit(uint64_t v, const struct unit *units, FILE *out)
{
	const struct unit *best = NULL;

	for (const struct unit *u = units; v && u->name; u++)
		if (v % u->factor == 0 && (!best || u->factor > best->factor))
			best = u;
	if (best)
		fprintf(out, "%" PRIu64 "%s", v / best->factor, best->name);
	else
		quantity_print_number(v, out);
}

void quantity_print_number(uint64_t v, FILE *out)
{
	fprintf(out, "%" PRIu64, v);
}

void quantity_print_seconds(uint64_t v, FILE *out)
{
	print_with_unit(v, seconds_units, out);
}

void quantity_print_rate(uint64_t v, FILE *out)
{
	print_with_unit(v, rate_units, out);
}

void quantity_print_bytes(uint64_t v, FILE *out)
{
	print_with_unit(v, bytes_units, out);
}
