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

static void apply_hour(struct store *st, int64_t start_s, uint64_t visitors,
		       uint64_t bytes)
{
	struct usage_batch b = { .stream = 1, .rows = 1 };

	b.seq = ++seq;
	b.row[0].part.start_s = start_s;
	b.row[0].step = USAGE_HOUR;
	strcpy(b.row[0].zone, "guest");
	b.row[0].value[USAGE_VISITORS] = visitors;
	b.row[0].value[USAGE_BYTES_UP] = bytes;
	assert_int_equal(store_apply(st, &b), 0);
}

static const char *report(struct store *st, const struct store_query *q,
			  enum usage_report_format format)
{
	size_t len;
	FILE *f;

	free(text);
	f = open_memstream(&text, &len);
	assert_non_null(f);
	assert_int_equal(usage_report_usage(st, q, format, f), 0);
	fclose(f);
	return text;
}

static const char *labels(struct store *st, store_day from,
			  enum usage_report_format format)
{
	struct store_label_query q = { USAGE_LANGUAGE, from, 0 };
	size_t len;
	FILE *f;

	free(text);
	f = open_memstream(&text, &len);
	assert_non_null(f);
	assert_int_equal(usage_report_labels(st, &q, format, f), 0);
	fclose(f);
	return text;
}

/* The hour from two to three comes twice. */
static void test_hours(void **state)
{
	struct store *st = berlin();
	struct store_query q = {
		.step = USAGE_HOUR,
		.metrics = 1U << USAGE_VISITORS | 1U << USAGE_BYTES_UP,
	};

	(void)state;
	apply_hour(st, 0, 5, 0);
	for (int64_t h = 1; h < 4; h++)
		apply_hour(st, OCTOBER_25 + h * 3600, (uint64_t)h,
			   INT64_MAX / 2);
	assert_string_equal(
		report(st, &q, USAGE_REPORT_JSON),
		"{\"step\":\"hour\",\"from\":null,\"to\":null,\"zone\":null,"
		"\"start\":[0,1792882800,1792886400,1792890000],"
		"\"time\":[null,\"2026-10-25T01:00+02:00\","
		"\"2026-10-25T02:00+02:00\",\"2026-10-25T02:00+01:00\"],"
		"\"values\":{\"visitors\":[5,1,2,3],"
		"\"bytes_up\":[0,4611686018427387903,4611686018427387903,"
		"4611686018427387903]}}\n");
	q.from = 20261025;
	q.to = 20261025;
	q.zone = "guest";
	assert_string_equal(report(st, &q, USAGE_REPORT_CSV),
			    "time,visitors,bytes_up\r\n"
			    "2026-10-25T01:00+02:00,1,4611686018427387903\r\n"
			    "2026-10-25T02:00+02:00,2,4611686018427387903\r\n"
			    "2026-10-25T02:00+01:00,3,4611686018427387903\r\n");
	store_free(st);
}

static void test_days_and_months(void **state)
{
	struct store *st = berlin();
	struct store_query q = {
		.step = USAGE_DAY,
		.from = 20261024,
		.to = 20261102,
		.zone = "guest",
		.metrics = 1U << USAGE_VISITORS,
	};

	(void)state;
	apply_hour(st, OCTOBER_25 - 3600, 7, 0);
	apply_hour(st, OCTOBER_25, 8, 0);
	apply_hour(st, OCTOBER_25 + 8 * 86400, 9, 0);
	assert_string_equal(
		report(st, &q, USAGE_REPORT_JSON),
		"{\"step\":\"day\",\"from\":\"2026-10-24\","
		"\"to\":\"2026-11-02\",\"zone\":\"guest\","
		"\"start\":[1792792800,1792879200,1793487600],"
		"\"time\":[\"2026-10-24\",\"2026-10-25\",\"2026-11-01\"],"
		"\"values\":{\"visitors\":[7,8,9]}}\n");
	q.step = USAGE_MONTH;
	assert_string_equal(report(st, &q, USAGE_REPORT_CSV),
			    "time,visitors\r\n2026-10,15\r\n2026-11,9\r\n");
	store_free(st);
}

/* A zone that is asked for is text of somebody's. */
static void test_strange_zone(void **state)
{
	struct store *st = berlin();
	struct store_query q = {
		.step = USAGE_DAY,
		.zone = "a\"b\\c\n\x7f\xff",
		.metrics = 1,
	};

	(void)state;
	assert_string_equal(
		report(st, &q, USAGE_REPORT_JSON),
		"{\"step\":\"day\",\"from\":null,\"to\":null,"
		"\"zone\":\"a\\\"b\\\\c\\u000a\\u007f\\u00ff\",\"start\":[],"
		"\"time\":[],\"values\":{\"visitors\":[]}}\n");
	store_free(st);
}

/* Longer than any buffer, and a parser of others reads it. */
static void test_all_metrics(void **state)
{
	struct store *st = berlin();
	struct store_query q = { .step = USAGE_HOUR };
	struct json_object *o, *values, *column;

	(void)state;
	for (int64_t h = 0; h < 3000; h++)
		apply_hour(st, OCTOBER_25 + h * 3600, (uint64_t)h,
			   (uint64_t)h << 20);
	o = json_tokener_parse(report(st, &q, USAGE_REPORT_JSON));
	assert_non_null(o);
	assert_true(json_object_object_get_ex(o, "values", &values));
	assert_int_equal(json_object_object_length(values), USAGE_METRICS);
	for (int i = 0; i < USAGE_METRICS; i++) {
		const char *name =
			usage_metric_info((enum usage_metric)i)->name;

		assert_true(json_object_object_get_ex(values, name, &column));
		assert_int_equal(json_object_array_length(column), 3000);
	}
	json_object_object_get_ex(values, "bytes_up", &column);
	assert_int_equal(
		json_object_get_int64(json_object_array_get_idx(column, 2999)),
		2999LL << 20);
	json_object_put(o);
	store_free(st);
}

static void test_labels(void **state)
{
	struct usage_batch b = { .stream = 1, .seq = 1, .labels = 2 };
	struct store *st = berlin();

	(void)state;
	b.label[0].part.start_s = OCTOBER_25;
	strcpy(b.label[0].label, "de");
	b.label[0].value = 5;
	b.label[1] = b.label[0];
	strcpy(b.label[1].label, "en-gb");
	b.label[1].value = 120;
	assert_int_equal(store_apply(st, &b), 0);
	assert_string_equal(labels(st, 0, USAGE_REPORT_JSON),
			    "{\"kind\":\"language\",\"from\":null,\"to\":null,"
			    "\"values\":{\"en-gb\":120,\"de\":5}}\n");
	assert_string_equal(labels(st, 20261026, USAGE_REPORT_JSON),
			    "{\"kind\":\"language\",\"from\":\"2026-10-26\","
			    "\"to\":null,\"values\":{}}\n");
	assert_string_equal(labels(st, 0, USAGE_REPORT_CSV),
			    "language,value\r\nen-gb,120\r\nde,5\r\n");
	store_free(st);
}

static void test_nowhere_to_write(void **state)
{
	struct store *st = berlin();
	struct store_query q = { .step = USAGE_HOUR };
	FILE *f = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(f);
	setvbuf(f, NULL, _IONBF, 0);
	assert_int_equal(usage_report_usage(st, &q, USAGE_REPORT_JSON, f),
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
		"-7dd",	       "1969-12-31", "9999-01-01", "TODAY",
		"-36500d1s",   "-36501d",    "-1.5d",	   "-7d ",
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
	uint32_t bits;

	(void)state;
	assert_true(usage_report_parse_metrics("visitors", &bits));
	assert_int_equal(bits, 1U << USAGE_VISITORS);
	assert_true(usage_report_parse_metrics("peak,bytes_up,peak", &bits));
	assert_int_equal(bits, 1U << USAGE_PEAK | 1U << USAGE_BYTES_UP);
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
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_nowhere_to_write),
		cmocka_unit_test(test_parse_day),
		cmocka_unit_test(test_parse_metrics),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(text);
	return failed;
}
