/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "common/array.h"
#include "portal/store/day.h"
#include "portal/store/usage_report.h"

#define OCTOBER_25 1792879200 /* 2026-10-25T00:00+02:00 */

static uint64_t seq;
static char *text; /* of the last report */

static struct store *berlin(void)
{
	struct store *st;

	setenv("TZ", "Europe/Berlin", 1);
	st = store_open("", 86400);
	assert_non_null(st);
	seq = 0;
	return st;
}

static void apply(struct store *st, enum usage_metric metric, int64_t start_s,
		  int64_t value)
{
	struct usage_batch b = { .stream = 1, .cells = 1 };

	b.seq = ++seq;
	b.cell[0] = (struct ipc_usage_cell){
		.stream = 1,
		.seq = seq,
		.start_s = start_s,
		.value = value,
		.scale_n = 10,
		.scale_d = 3,
		.metric = metric,
		.hours = 7,
		.zone = "guest",
	};
	assert_int_equal(store_apply(st, &b), 0);
}

static const char *report(struct store *st, const struct store_query *q,
			  uint64_t metrics, enum usage_report_format format)
{
	size_t len;
	FILE *f;

	free(text);
	f = open_memstream(&text, &len);
	assert_non_null(f);
	assert_int_equal(usage_report_usage(st, q, metrics, format, f), 0);
	fclose(f);
	return text;
}

/* The hour from two to three comes twice. */
static void test_hours(void **state)
{
	struct store *st = berlin();
	struct store_query q = { .step = STORE_HOUR };

	(void)state;
	for (int64_t h = 1; h < 4; h++)
		apply(st, USAGE_DEVICES_ONLINE, OCTOBER_25 + h * 3600, h - 2);
	assert_string_equal(
		report(st, &q, 0, USAGE_REPORT_JSON),
		"{\"step\":\"hour\",\"from\":null,\"to\":null,\"zone\":null,"
		"\"start\":[1792882800,1792886400,1792890000],"
		"\"time\":[\"2026-10-25T01:00+02:00\","
		"\"2026-10-25T02:00+02:00\",\"2026-10-25T02:00+01:00\"],"
		"\"hours\":[7,7,7],"
		"\"values\":{\"online\":[-1,0,1]},"
		"\"bands\":{\"online\":[10.0,10.0,10.0]}}\n");
	q.from = 20261025;
	q.to = 20261025;
	q.zone = "guest";
	assert_string_equal(report(st, &q, 0, USAGE_REPORT_CSV),
			    "time,hours,online,online_band\r\n"
			    "2026-10-25T01:00+02:00,7,-1,10.0\r\n"
			    "2026-10-25T02:00+02:00,7,0,10.0\r\n"
			    "2026-10-25T02:00+01:00,7,1,10.0\r\n");
	store_free(st);
}

static void test_days_and_months(void **state)
{
	struct store *st = berlin();
	struct store_query q = {
		.step = STORE_DAY,
		.from = 20261024,
		.to = 20261102,
		.zone = "guest",
	};
	uint64_t both = 1ULL << USAGE_VISITORS | 1ULL << USAGE_ONLOOKERS;

	(void)state;
	apply(st, USAGE_VISITORS, OCTOBER_25 - 3600, 7);
	apply(st, USAGE_VISITORS, OCTOBER_25, 8);
	apply(st, USAGE_ONLOOKERS, OCTOBER_25 + 8 * 86400, 9);
	assert_string_equal(
		report(st, &q, both, USAGE_REPORT_JSON),
		"{\"step\":\"day\",\"from\":\"2026-10-24\","
		"\"to\":\"2026-11-02\",\"zone\":\"guest\","
		"\"start\":[1792792800,1792879200,1793487600],"
		"\"time\":[\"2026-10-24\",\"2026-10-25\",\"2026-11-01\"],"
		"\"hours\":[7,7,7],"
		"\"values\":{\"visitors\":[7,8,null],"
		"\"onlookers\":[null,null,9]},"
		"\"bands\":{\"visitors\":[10.0,10.0,null],"
		"\"onlookers\":[null,null,10.0]}}\n");
	q.step = STORE_MONTH;
	assert_string_equal(report(st, &q, both, USAGE_REPORT_CSV),
			    "time,hours,visitors,visitors_band,onlookers,"
			    "onlookers_band\r\n2026-10,7,15,13.3,,\r\n"
			    "2026-11,7,,,9,10.0\r\n");
	q.step = STORE_YEAR;
	assert_non_null(strstr(report(st, &q, 0, USAGE_REPORT_CSV),
			       "\r\n2026,7,15,13.3,9,10.0,,"));
	store_free(st);
}

/* A zone that is asked for is text of somebody's. */
static void test_strange_zone(void **state)
{
	struct store *st = berlin();
	struct store_query q = {
		.step = STORE_DAY,
		.zone = "a\"b\\c\n\x7f\xff",
	};

	(void)state;
	assert_string_equal(
		report(st, &q, 1ULL << USAGE_VISITORS, USAGE_REPORT_JSON),
		"{\"step\":\"day\",\"from\":null,\"to\":null,"
		"\"zone\":\"a\\\"b\\\\c\\u000a\\u007f\\u00ff\",\"start\":[],"
		"\"time\":[],\"hours\":[],\"values\":{\"visitors\":[]},"
		"\"bands\":{\"visitors\":[]}}\n");
	store_free(st);
}

/* Longer than any buffer, and a parser of others reads it. */
static void test_all_metrics(void **state)
{
	struct store *st = berlin();
	struct store_query q = { .step = STORE_WEEK };
	struct json_object *o, *values, *column;

	(void)state;
	for (int64_t d = 0; d < 3000; d++)
		apply(st, USAGE_BYTES_UP, OCTOBER_25 + d * 7 * 86400,
		      -d * (1 << 20));
	o = json_tokener_parse(report(st, &q, 0, USAGE_REPORT_JSON));
	assert_non_null(o);
	assert_true(json_object_object_get_ex(o, "values", &values));
	assert_int_equal(json_object_object_length(values), USAGE_METRICS - 1);
	for (int i = 1; i < USAGE_METRICS; i++) {
		const char *name =
			usage_metric_info((enum usage_metric)i)->name;

		assert_true(json_object_object_get_ex(values, name, &column));
		assert_int_equal(json_object_array_length(column), 3000);
	}
	json_object_object_get_ex(values, "bytes_up", &column);
	assert_int_equal(
		json_object_get_int64(json_object_array_get_idx(column, 2999)),
		-2999LL * (1 << 20));
	json_object_put(o);
	store_free(st);
}

static void test_nowhere_to_write(void **state)
{
	struct store *st = berlin();
	struct store_query q = { .step = STORE_HOUR };
	FILE *f = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(f);
	setvbuf(f, NULL, _IONBF, 0);
	assert_int_equal(usage_report_usage(st, &q, 0, USAGE_REPORT_JSON, f),
			 -EIO);
	fclose(f);
	store_free(st);
}

static void test_parse_day(void **state)
{
	static const char *const bad[] = {
		"2026-13-01",  "2026-02-30", "2026-1-1",   "20261124",
		"2026-11-24 ", "tomorrow",   "-d",	   "7d",
		"-7",	       "--7d",	     "-99999999d", "- 7d",
		"-36500d1s",   "-36501d",    "-1.5d",	   "-7d ",
		"-7dd",	       "1969-12-31", "9999-01-01", "TODAY",
	};
	store_day day, today;

	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	assert_true(usage_report_parse_day("2026-11-24", &day));
	assert_int_equal(day, 20261124);
	assert_true(usage_report_parse_day("", &day));
	assert_int_equal(day, 0);
	assert_true(usage_report_parse_day("today", &today));
	assert_int_equal(today, day_of(time(NULL)));
	assert_true(usage_report_parse_day("yesterday", &day));
	assert_int_equal(day, day_shift(today, -1));
	assert_true(usage_report_parse_day("-400d", &day));
	assert_int_equal(day, day_shift(today, -400));
	assert_true(usage_report_parse_day("-48h", &day));
	assert_int_equal(day, day_shift(today, -2));
	assert_true(usage_report_parse_day("-0d", &day));
	assert_int_equal(day, today);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(usage_report_parse_day(bad[i], &day));
}

static void test_parse_metrics(void **state)
{
	static const char *const bad[] = {
		"",
		",",
		"visitors,",
		",visitors",
		"visitors,,peak",
		"visitors, peak",
		"bytes",
		"visitorsvisitorsvisitorsvisitorsvisitors",
	};
	uint64_t bits;

	(void)state;
	assert_true(usage_report_parse_metrics("visitors", &bits));
	assert_int_equal(bits, 1ULL << USAGE_VISITORS);
	assert_true(usage_report_parse_metrics("peak,bytes_up,peak", &bits));
	assert_int_equal(bits, 1ULL << USAGE_MOST | 1ULL << USAGE_BYTES_UP);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(usage_report_parse_metrics(bad[i], &bits));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hours),
		cmocka_unit_test(test_days_and_months),
		cmocka_unit_test(test_strange_zone),
		cmocka_unit_test(test_all_metrics),
		cmocka_unit_test(test_nowhere_to_write),
		cmocka_unit_test(test_parse_day),
		cmocka_unit_test(test_parse_metrics),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(text);
	return failed;
}
