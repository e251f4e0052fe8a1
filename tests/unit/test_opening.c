/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening hours: which texts they are, and when they open and close. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/array.h"
#include "common/config/opening.h"

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

static void test_texts_of_hours(void **state)
{
	static const char *const good[] = {
		"mo-fr 07:00-22:00",	"mo 00:00-24:00",
		"sa,su 09:00-18:00",	"fr-mo 22:00-02:00",
		"mo,we-fr 08:30-09:00", "07:00-22:00",
		"su 23:59-00:00",
	};
	static const char *const bad[] = {
		"",
		"mo",
		"mo-fr",
		"mo-fr 7:00-22:00",
		"mo-fr 07:00-24:01",
		"mo-fr 24:00-07:00",
		"mo-fr 07:00-07:00",
		"mo-fr 07:60-08:00",
		"mo--fr 07:00-22:00",
		"mo-fr 07:00-22:00 ",
		"Mo-Fr 07:00-22:00",
		"mo fr 07:00-22:00",
		"mo-fr  07:00-22:00",
		"mo, 07:00-22:00",
		"07:00",
		"mo-fr closed",
		"mon 07:00-22:00",
		"07:00-22:00,23:00",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!opening_hours_are_valid(good[i]))
			fail_msg("'%s'", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (opening_hours_are_valid(bad[i]))
			fail_msg("'%s'", bad[i]);
}

static void test_texts_of_dates(void **state)
{
	static const char *const good[] = {
		"12-25 closed",	     "2026-12-24 07:00-12:00",
		"02-29 closed",	     "12-24/01-02 closed",
		"2028-02-29 closed", "2026-12-24/2027-01-02 10:00-14:00",
		"12-31 20:00-04:00",
	};
	static const char *const bad[] = {
		"",
		"12-25",
		"12-25 ",
		"12-25  closed",
		"12-25 Closed",
		"13-01 closed",
		"00-10 closed",
		"04-31 closed",
		"2027-02-29 closed",
		"1999-01-01 closed",
		"2026-12-24/12-26 closed",
		"2027-01-02/2026-12-24 closed",
		"12-25 closed ",
		"12-25 07:00-12:00,13:00",
		"12-25/ closed",
		"2026-1-1 closed",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!opening_date_is_valid(good[i]))
			fail_msg("'%s'", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (opening_date_is_valid(bad[i]))
			fail_msg("'%s'", bad[i]);
}

/* "2026-11-30T22:00+0100" as seconds since 1970; "never". */
static int64_t at(const char *text)
{
	int hours, minutes;
	struct tm tm = { 0 };
	char sign;

	if (!strcmp(text, "never"))
		return OPENING_NEVER;
	assert_int_equal(sscanf(text, "%d-%d-%dT%d:%d%c%2d%2d", &tm.tm_year,
				&tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
				&tm.tm_min, &sign, &hours, &minutes),
			 8);
	tm.tm_year -= 1900;
	tm.tm_mon--;
	minutes += hours * 60;
	return timegm(&tm) - (sign == '-' ? -1 : 1) * minutes * 60LL;
}

struct when {
	const char *tz;
	const char *hours[4], *dates[4];
	const char *now;
	bool is_open;
	const char *change;
};

static struct conf_list list_of(const char *const *texts)
{
	struct conf_list l = { (char **)(uintptr_t)texts, 0 };

	while (l.count < 4 && texts[l.count])
		l.count++;
	return l;
}

static void check(const struct when *w)
{
	struct conf_list hours = list_of(w->hours), dates = list_of(w->dates);
	struct opening o;

	setenv("TZ", w->tz, 1);
	tzset();
	o = opening_at(&hours, &dates, at(w->now));
	if (o.is_open != w->is_open || o.change_s != at(w->change))
		fail_msg("%s at %s: %s until %lld, not %s", w->hours[0], w->now,
			 o.is_open ? "open" : "closed", (long long)o.change_s,
			 w->change);
}

static void check_all(const struct when *w, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(&w[i]);
}

#define CHECK(...)                                                             \
	check_all((const struct when[]){ __VA_ARGS__ },                        \
		  ARRAY_SIZE(((const struct when[]){ __VA_ARGS__ })))
#define WEEK                                                                   \
	{                                                                      \
		"mo-fr 07:00-22:00", "sa 09:00-18:00"                          \
	}

/* 2026-11-30 is a Monday. */
static void test_weeks(void **state)
{
	(void)state;
	CHECK({ BERLIN,
		WEEK,
		{ 0 },
		"2026-11-30T06:59+0100",
		false,
		"2026-11-30T07:00+0100" },
	      { BERLIN,
		WEEK,
		{ 0 },
		"2026-11-30T07:00+0100",
		true,
		"2026-11-30T22:00+0100" },
	      { BERLIN,
		WEEK,
		{ 0 },
		"2026-11-30T21:59+0100",
		true,
		"2026-11-30T22:00+0100" },
	      { BERLIN,
		WEEK,
		{ 0 },
		"2026-11-30T22:00+0100",
		false,
		"2026-12-01T07:00+0100" },
	      { BERLIN,
		WEEK,
		{ 0 },
		"2026-12-05T18:00+0100",
		false,
		"2026-12-07T07:00+0100" },
	      { "UTC0",
		WEEK,
		{ 0 },
		"2026-11-30T21:30+0000",
		true,
		"2026-11-30T22:00+0000" },
	      /* half past, and far west */
	      { "IST-5:30",
		WEEK,
		{ 0 },
		"2026-11-30T21:30+0530",
		true,
		"2026-11-30T22:00+0530" },
	      { "HST10",
		WEEK,
		{ 0 },
		"2026-11-30T21:30-1000",
		true,
		"2026-11-30T22:00-1000" });
}

static void test_always(void **state)
{
	(void)state;
	CHECK({ BERLIN, { 0 }, { 0 }, "2026-11-30T06:59+0100", true, "never" },
	      { BERLIN,
		{ "00:00-24:00" },
		{ 0 },
		"2026-11-30T06:59+0100",
		true,
		"never" },
	      { BERLIN,
		{ "00:00-12:00", "12:00-24:00" },
		{ 0 },
		"2026-11-30T06:59+0100",
		true,
		"never" },
	      /* but for one day */
	      { BERLIN,
		{ "00:00-24:00" },
		{ "12-25 closed" },
		"2026-11-30T06:59+0100",
		true,
		"2026-12-25T00:00+0100" },
	      { BERLIN,
		{ "00:00-24:00" },
		{ "12-25 closed" },
		"2026-12-25T00:00+0100",
		false,
		"2026-12-26T00:00+0100" },
	      /* never */
	      { BERLIN,
		{ "00:00-24:00" },
		{ "01-01/12-31 closed" },
		"2026-11-30T06:59+0100",
		false,
		"never" });
}

static void test_over_midnight(void **state)
{
	(void)state;
	CHECK({ BERLIN,
		{ "fr,sa 18:00-02:00" },
		{ 0 },
		"2026-12-04T23:00+0100",
		true,
		"2026-12-05T02:00+0100" },
	      { BERLIN,
		{ "fr,sa 18:00-02:00" },
		{ 0 },
		"2026-12-06T01:59+0100",
		true,
		"2026-12-06T02:00+0100" },
	      { BERLIN,
		{ "fr,sa 18:00-02:00" },
		{ 0 },
		"2026-12-04T01:00+0100",
		false,
		"2026-12-04T18:00+0100" },
	      { BERLIN,
		{ "fr,sa 18:00-02:00" },
		{ 0 },
		"2026-12-06T02:00+0100",
		false,
		"2026-12-11T18:00+0100" },
	      /* what meets or overlaps is one */
	      { BERLIN,
		{ "18:00-02:00", "mo 01:00-03:00" },
		{ 0 },
		"2026-11-29T23:00+0100",
		true,
		"2026-11-30T03:00+0100" },
	      { BERLIN,
		{ "18:00-00:00", "00:00-01:00" },
		{ 0 },
		"2026-11-30T23:00+0100",
		true,
		"2026-12-01T01:00+0100" });
}

static void test_dates(void **state)
{
	(void)state;
	CHECK({ BERLIN,
		WEEK,
		{ "2026-12-24 07:00-12:00" },
		"2026-12-24T08:00+0100",
		true,
		"2026-12-24T12:00+0100" },
	      { BERLIN,
		WEEK,
		{ "2026-12-24 07:00-12:00" },
		"2027-12-24T13:00+0100",
		true,
		"2027-12-24T22:00+0100" },
	      { BERLIN,
		WEEK,
		{ "12-24 07:00-12:00" },
		"2027-12-24T13:00+0100",
		false,
		"2027-12-25T09:00+0100" },
	      /* two spans of one date; one beats the week's closed Sunday */
	      { BERLIN,
		WEEK,
		{ "12-24 07:00-12:00", "12-24 15:00-16:00" },
		"2026-12-24T12:00+0100",
		false,
		"2026-12-24T15:00+0100" },
	      { BERLIN,
		WEEK,
		{ "2026-12-06 10:00-12:00" },
		"2026-12-06T10:00+0100",
		true,
		"2026-12-06T12:00+0100" },
	      /* a range, and one over the end of the year */
	      { BERLIN,
		WEEK,
		{ "2026-12-24/2027-01-03 closed" },
		"2026-12-23T22:00+0100",
		false,
		"2027-01-04T07:00+0100" },
	      { BERLIN,
		WEEK,
		{ "12-24/01-02 closed" },
		"2026-12-28T12:00+0100",
		false,
		"2027-01-04T07:00+0100" },
	      /* the night before goes on, the date's own does not begin */
	      { BERLIN,
		{ "18:00-02:00" },
		{ "12-25 closed" },
		"2026-12-25T01:00+0100",
		true,
		"2026-12-25T02:00+0100" },
	      { BERLIN,
		{ "18:00-02:00" },
		{ "12-25 closed" },
		"2026-12-25T02:00+0100",
		false,
		"2026-12-26T18:00+0100" },
	      { BERLIN,
		{ "00:00-24:00" },
		{ "02-29 closed" },
		"2027-12-31T12:00+0100",
		true,
		"2028-02-29T00:00+0100" });
}

/* 2026-03-29 02:00 is 03:00, 2026-10-25 03:00 is 02:00. */
static void test_summer_time(void **state)
{
	(void)state;
	/* the day is an hour shorter, or longer */
	CHECK({ BERLIN,
		{ "07:00-22:00" },
		{ 0 },
		"2026-03-28T23:00+0100",
		false,
		"2026-03-29T07:00+0200" },
	      { BERLIN,
		{ "20:00-06:00" },
		{ 0 },
		"2026-03-29T01:00+0100",
		true,
		"2026-03-29T06:00+0200" },
	      { BERLIN,
		{ "20:00-06:00" },
		{ 0 },
		"2026-10-25T01:00+0200",
		true,
		"2026-10-25T06:00+0100" },
	      /* what the clock leaves out is the moment it does so */
	      { BERLIN,
		{ "20:00-02:30" },
		{ 0 },
		"2026-03-29T01:59+0100",
		true,
		"2026-03-29T03:00+0200" },
	      { BERLIN,
		{ "20:00-02:30" },
		{ 0 },
		"2026-03-29T03:00+0200",
		false,
		"2026-03-29T20:00+0200" },
	      { BERLIN,
		{ "02:30-04:00" },
		{ 0 },
		"2026-03-29T01:00+0100",
		false,
		"2026-03-29T03:00+0200" },
	      { BERLIN,
		{ "02:10-02:50" },
		{ 0 },
		"2026-03-29T03:00+0200",
		false,
		"2026-03-30T02:10+0200" },
	      /* what it shows twice is the first of the two */
	      { BERLIN,
		{ "20:00-02:30" },
		{ 0 },
		"2026-10-25T02:29+0200",
		true,
		"2026-10-25T02:30+0200" },
	      { BERLIN,
		{ "20:00-02:30" },
		{ 0 },
		"2026-10-25T02:30+0200",
		false,
		"2026-10-25T20:00+0100" },
	      { BERLIN,
		{ "20:00-02:30" },
		{ 0 },
		"2026-10-25T02:10+0100",
		false,
		"2026-10-25T20:00+0100" },
	      { BERLIN,
		{ "02:30-03:30" },
		{ 0 },
		"2026-10-25T02:45+0200",
		true,
		"2026-10-25T03:30+0100" },
	      { BERLIN,
		{ "02:30-03:30" },
		{ 0 },
		"2026-10-25T02:10+0100",
		true,
		"2026-10-25T03:30+0100" },
	      { BERLIN,
		{ "03:00-03:30" },
		{ 0 },
		"2026-10-25T02:59+0100",
		false,
		"2026-10-25T03:00+0100" },
	      { BERLIN,
		{ "20:00-03:00" },
		{ 0 },
		"2026-10-25T02:59+0100",
		true,
		"2026-10-25T03:00+0100" });
}

/* From minute to minute of a year: each change comes when it was told. */
static void test_minutes_of_a_year(void **state)
{
	const char *const hours[4] = { "mo-fr 07:00-22:00", "fr,sa 18:00-02:30",
				       "su 00:00-24:00" };
	const char *const dates[4] = { "12-24/01-02 closed",
				       "10-24 12:00-02:15" };
	struct conf_list h = list_of(hours), d = list_of(dates);
	int64_t t = at("2026-01-01T00:00+0000"), end = t + 366 * 86400LL;
	struct opening before;
	unsigned int changes = 0;

	(void)state;
	setenv("TZ", BERLIN, 1);
	tzset();
	before = opening_at(&h, &d, t);
	for (t += 1800; t < end; t += 900) {
		struct opening now = opening_at(&h, &d, t);
		bool is_due = before.change_s <= t;

		assert_true(now.change_s > t);
		assert_int_equal(now.is_open, before.is_open != is_due);
		assert_true(is_due || now.change_s == before.change_s);
		changes += is_due;
		before = now;
	}
	assert_true(changes > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_of_hours),
		cmocka_unit_test(test_texts_of_dates),
		cmocka_unit_test(test_weeks),
		cmocka_unit_test(test_always),
		cmocka_unit_test(test_over_midnight),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_summer_time),
		cmocka_unit_test(test_minutes_of_a_year),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
