/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/pages/number_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "portal/util/strbuf.h"

#define MINUTE 60
#define HOUR   3600
#define DAY    86400
#define NBSP   "\xc2\xa0" /* a figure and its unit stay on one line */

static const char *text(const struct lang *l, const char *key)
{
	const char *t = lang_find(l, key);

	return t ? t : "";
}

/* --- numbers ------------------------------------------------------------ */

/* The length of the character at s. */
static size_t character_len(const char *s)
{
	size_t len = 1;

	while (((unsigned char)s[len] & 0xc0) == 0x80)
		len++;
	return len;
}

static void put_digit(struct strbuf *o, const char *digits, int digit)
{
	while (digit-- && *digits)
		digits += character_len(digits);
	if (*digits)
		strbuf_bytes(o, digits, character_len(digits));
}

static void put_number(struct strbuf *o, const char *number,
		       const struct lang *l)
{
	const char *digits = text(l, "digits");

	for (; *number; number++) {
		if (*number == '.')
			strbuf_text(o, text(l, "decimal_sign"));
		else if (*digits && *number >= '0' && *number <= '9')
			put_digit(o, digits, *number - '0');
		else
			strbuf_bytes(o, number, 1);
	}
}

/* What does not fit is left out; the buffers have room for all we write. */
static void start(struct strbuf *o, char buf[NUMBER_FORMAT_MAX])
{
	strbuf_init(o, buf, NUMBER_FORMAT_MAX - 1);
}

static const char *finish(struct strbuf *o)
{
	o->at[o->len] = '\0';
	return o->at;
}

const char *number_format_number(char buf[NUMBER_FORMAT_MAX],
				 const char *number, const struct lang *l)
{
	struct strbuf o;

	start(&o, buf);
	put_number(&o, number, l);
	return finish(&o);
}

/* --- durations ---------------------------------------------------------- */

struct span {
	uint64_t size;
	const char *noun; /* its keys begin so */
};

/* The phrase up to its placeholder; returns what follows. NULL: it has none. */
static const char *put_until(struct strbuf *o, const char *phrase,
			     const char *placeholder)
{
	const char *at = strstr(phrase, placeholder);

	strbuf_bytes(o, phrase, at ? (size_t)(at - phrase) : strlen(phrase));
	return at ? at + strlen(placeholder) : NULL;
}

static void put_span(struct strbuf *o, uint64_t n, const struct span *span,
		     const struct lang *l)
{
	char key[32], number[24];
	const char *phrase, *placeholder;

	snprintf(key, sizeof(key), "%s_%s", span->noun,
		 plural_form_to_string(plural_form(l->plural, n)));
	snprintf(number, sizeof(number), "%" PRIu64, n);
	phrase = text(l, key);
	placeholder = put_until(o, phrase, "{{n}}");
	if (!placeholder)
		return;
	put_number(o, number, l);
	if (*placeholder == ' ') {
		strbuf_text(o, NBSP);
		placeholder++;
	}
	strbuf_text(o, placeholder);
}

const char *number_format_duration(char buf[NUMBER_FORMAT_MAX],
				   uint64_t seconds, const struct lang *l)
{
	static const struct span spans[] = {
		{ DAY, "days" },
		{ HOUR, "hours" },
		{ MINUTE, "minutes" },
	};
	uint64_t rounded = (seconds + MINUTE - 1) / MINUTE * MINUTE;
	/* days only where they say more than hours */
	size_t i = rounded >= 2 * DAY ? 0 : rounded >= HOUR ? 1 : 2;
	const char *phrase;
	uint64_t first, rest;
	struct strbuf o;

	if (!rounded)
		rounded = MINUTE;
	first = rounded / spans[i].size;
	rest = i < 2 ? rounded % spans[i].size / spans[i + 1].size : 0;
	start(&o, buf);
	if (!rest) {
		put_span(&o, first, &spans[i], l);
		return finish(&o);
	}
	phrase = put_until(&o, text(l, "duration_two"), "{{first}}");
	if (!phrase)
		return finish(&o);
	put_span(&o, first, &spans[i], l);
	phrase = put_until(&o, phrase, "{{second}}");
	put_span(&o, rest, &spans[i + 1], l);
	if (phrase)
		strbuf_text(&o, phrase);
	return finish(&o);
}

const char *number_format_age(char buf[2 * NUMBER_FORMAT_MAX], uint64_t seconds,
			      const char *phrase, const struct lang *l)
{
	char duration[NUMBER_FORMAT_MAX];
	struct strbuf o;

	strbuf_init(&o, buf, 2 * NUMBER_FORMAT_MAX - 1);
	phrase = put_until(&o, phrase, "{{age}}");
	if (!phrase)
		return finish(&o);
	strbuf_text(&o, number_format_duration(duration, seconds, l));
	strbuf_text(&o, phrase);
	return finish(&o);
}

/* --- times of the clock ------------------------------------------------- */

/* The language's phrase, its {{day}}, {{d}}, {{m}} and {{y}} filled in. */
static void put_date(struct strbuf *o, const struct tm *tm, const char *day,
		     const struct lang *l)
{
	const char *phrase = text(l, "date");
	char number[8];

	for (const char *at; (at = strstr(phrase, "{{"));
	     phrase = at + strcspn(at, "}") + strlen("}}")) {
		strbuf_bytes(o, phrase, (size_t)(at - phrase));
		at += strlen("{{");
		if (!strncmp(at, "day", 3)) {
			strbuf_text(o, day);
			continue;
		}
		snprintf(number, sizeof(number), "%02d",
			 *at == 'd'   ? tm->tm_mday
			 : *at == 'm' ? tm->tm_mon + 1
				      : tm->tm_year + 1900);
		put_number(o, number, l);
	}
	strbuf_text(o, phrase);
}

const char *number_format_moment(char buf[NUMBER_FORMAT_MAX], int64_t time_s,
				 uint64_t ahead_s, const struct lang *l)
{
	static const char *const days[] = { "sunday",	 "monday",   "tuesday",
					    "wednesday", "thursday", "friday",
					    "saturday" };
	time_t t = (time_t)time_s;
	char clock[16] = "";
	const char *phrase, *day;
	struct strbuf o;
	struct tm tm = { 0 };

	localtime_r(&t, &tm);
	strftime(clock, sizeof(clock), "%H:%M", &tm);
	day = text(l, days[tm.tm_wday]);
	start(&o, buf);
	phrase = put_until(&o, text(l, "moment"), "{{day}}");
	if (!phrase)
		return finish(&o);
	if (ahead_s >= 6 * DAY)
		put_date(&o, &tm, day, l);
	else
		strbuf_text(&o, day);
	phrase = put_until(&o, phrase, "{{time}}");
	put_number(&o, clock, l);
	if (phrase)
		strbuf_text(&o, phrase);
	return finish(&o);
}

/* --- amounts ------------------------------------------------------------ */

struct unit {
	uint64_t size;
	const char *name; /* key of its text */
};

/* One decimal below ten, where it says something. */
static const char *scaled(char *buf, uint64_t value, const struct unit *u,
			  const struct lang *l)
{
	char number[32];
	uint64_t tenths;
	struct strbuf o;

	while (u->size > 1 && value < u->size)
		u++;
	tenths = value / u->size * 10 + value % u->size * 10 / u->size;
	if (tenths < 100 && tenths % 10)
		snprintf(number, sizeof(number), "%" PRIu64 ".%" PRIu64,
			 tenths / 10, tenths % 10);
	else
		snprintf(number, sizeof(number), "%" PRIu64, tenths / 10);
	start(&o, buf);
	put_number(&o, number, l);
	strbuf_text(&o, NBSP);
	strbuf_text(&o, text(l, u->name));
	return finish(&o);
}

const char *number_format_bytes(char buf[NUMBER_FORMAT_MAX], uint64_t bytes,
				const struct lang *l)
{
	static const struct unit units[] = {
		{ 1000000000000, "unit_tb" },
		{ 1000000000, "unit_gb" },
		{ 1000000, "unit_mb" },
		{ 1000, "unit_kb" },
		{ 1, "unit_b" },
	};

	return scaled(buf, bytes, units, l);
}

const char *number_format_rate(char buf[NUMBER_FORMAT_MAX], uint64_t bps,
			       const struct lang *l)
{
	static const struct unit units[] = {
		{ 1000000000, "unit_gbps" },
		{ 1000000, "unit_mbps" },
		{ 1000, "unit_kbps" },
		{ 1, "unit_bps" },
	};

	return scaled(buf, bps, units, l);
}
