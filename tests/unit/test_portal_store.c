/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store makes of batches. */
#include "tests/unit/storetest.h"

#include <errno.h>
#include <time.h>

#include "portal/store/day.h"
#include "portal/store/store_schema.h"

static void test_once(void **state)
{
	struct store *st = opened();

	(void)state;
	assert_int_equal(store_position(st).stream, 0);
	assert_int_equal(store_health(st), STORE_ON_DISK);
	assert_int_equal(apply_hour(st, 1, NOON, 10), 0);
	assert_int_equal(apply_hour(st, 1, NOON, 10), 0);
	assert_int_equal(apply_hour(st, 2, NOON + 3600, 5), 0);
	assert_int_equal(apply_hour(st, 1, NOON, 10), 0);
	assert_position(st, 2, 2);
	store_free(st);
	st = opened();
	assert_position(st, 2, 2);
	assert_int_equal(apply_hour(st, 2, NOON + 3600, 5), 0);
	assert_int_equal(hours_total(st), 15);
	/* another stream counts from where it likes */
	begin(7, 1);
	add_cell(USAGE_DEVICES_ONLINE, "guest", NOON, 1);
	assert_int_equal(store_apply(st, &batch), 0);
	assert_int_equal(store_position(st).stream, 7);
	assert_int_equal(store_position(st).committed, 1);
	assert_int_equal(hours_total(st), 16);
	store_free(st);
}

/* Zones add up, and cells that are of the same time. */
static void test_sums(void **state)
{
	struct store *st = opened();
	const struct found *f;

	(void)state;
	begin(STREAM, 1);
	add_cell(USAGE_VISITORS, "guest", NOON, 10);
	add_cell(USAGE_VISITORS, "staff", NOON, -3);
	assert_int_equal(store_apply(st, &batch), 0);
	begin(STREAM, 2);
	add_cell(USAGE_VISITORS, "guest", NOON, 4)->scale_d = 2;
	add_cell(USAGE_ONLOOKERS, "guest", NOON, 0);
	assert_int_equal(store_apply(st, &batch), 0);
	f = find(st, STORE_DAY, "guest", 20260101, 20260101);
	assert_int_equal(f->rows, 1);
	assert_int_equal(f->row[0].start_s, NOON - 12 * 3600);
	assert_int_equal(f->row[0].sum[USAGE_VISITORS].value, 14);
	assert_int_equal(f->row[0].sum[USAGE_VISITORS].cells, 2);
	assert_true(f->row[0].sum[USAGE_VISITORS].variance ==
		    2 * 25 + 2 * 6.25);
	assert_int_equal(f->row[0].sum[USAGE_ONLOOKERS].cells, 1);
	assert_int_equal(f->row[0].sum[USAGE_DWELL_5].cells, 0);
	f = find(st, STORE_DAY, NULL, 0, 0);
	assert_int_equal(f->row[0].sum[USAGE_VISITORS].value, 11);
	assert_int_equal(find(st, STORE_DAY, "none", 0, 0)->rows, 0);
	assert_int_equal(find(st, STORE_HOUR, NULL, 0, 0)->rows, 0);
	store_free(st);
}

/* 3 t of one cell, twice the deviation of more. */
static void test_bands(void **state)
{
	struct store_sum one = { .variance = 2 * 25, .cells = 1 }, sum = one;

	(void)state;
	assert_true(store_band(&one) == 15);
	for (int i = 1; i < 8; i++)
		store_sum_add(&sum, &one);
	assert_true(store_band(&sum) == 40); /* 2 sqrt(8 * 2 * 25) */
	sum.value = INT64_MAX;
	one.value = 1;
	store_sum_add(&sum, &one);
	assert_true(sum.value == INT64_MAX);
}

static void test_steps(void **state)
{
	static const int64_t monday = 1767571200; /* 2026-01-05T00:00Z */
	struct store *st = opened();
	const struct found *f;

	(void)state;
	begin(STREAM, 1);
	add_cell(USAGE_VISITORS, "guest", monday - DAY, 1);
	add_cell(USAGE_VISITORS, "guest", monday, 2);
	add_cell(USAGE_VISITORS, "guest", monday + 6 * DAY, 3);
	add_cell(USAGE_VISITORS, "guest", monday + 28 * DAY, 4); /* 2 Feb. */
	add_cell(USAGE_BYTES_UP, "guest", monday, 50)->hours = 160;
	add_cell(USAGE_BYTES_UP, "guest", monday + 7 * DAY, 70);
	add_cell(USAGE_MOST, "guest", monday, 9);
	assert_int_equal(store_apply(st, &batch), 0);
	assert_int_equal(find(st, STORE_DAY, NULL, 0, 0)->rows, 4);
	f = find(st, STORE_WEEK, NULL, 0, 0);
	assert_int_equal(f->rows, 4);
	assert_int_equal(f->row[0].day, 20260101); /* begins with the month */
	assert_int_equal(f->row[1].day, 20260105);
	assert_int_equal(f->row[1].sum[USAGE_VISITORS].value, 5);
	assert_int_equal(f->row[1].sum[USAGE_BYTES_UP].value, 50);
	assert_int_equal(f->row[1].sum[USAGE_BYTES_UP].hours, 160);
	assert_int_equal(f->row[1].sum[USAGE_MOST].value, 9);
	assert_int_equal(f->row[3].day, 20260202);
	f = find(st, STORE_MONTH, NULL, 0, 0);
	assert_int_equal(f->rows, 2);
	assert_int_equal(f->row[0].sum[USAGE_VISITORS].value, 6);
	assert_int_equal(f->row[0].sum[USAGE_BYTES_UP].value, 120);
	assert_int_equal(f->row[0].sum[USAGE_MOST].cells, 0);
	f = find(st, STORE_YEAR, NULL, 20260101, 20261231);
	assert_int_equal(f->rows, 1);
	assert_int_equal(f->row[0].day, 20260101);
	assert_int_equal(f->row[0].sum[USAGE_VISITORS].value, 10);
	store_free(st);
}

/* Summer time begins on 29 March and ends on 25 October. */
static void test_long_and_short_days(void **state)
{
	static const struct {
		store_day day;
		int64_t start_s;
		size_t hours;
	} cases[] = {
		{ 20260328, 1774652400, 24 }, { 20260329, 1774738800, 23 },
		{ 20260330, 1774821600, 24 }, { 20261024, 1792792800, 24 },
		{ 20261025, 1792879200, 25 }, { 20261026, 1792969200, 24 },
	};
	const struct found *f;
	uint64_t seq = 0;
	struct store *st;

	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	st = opened();
	for (size_t i = 0; i < 6; i++)
		for (size_t h = 0; h < cases[i].hours; h++)
			assert_int_equal(
				apply_hour(st, ++seq,
					   cases[i].start_s + (int64_t)h * 3600,
					   1),
				0);
	for (size_t i = 0; i < 6; i++) {
		store_day day = cases[i].day;

		f = find(st, STORE_HOUR, "guest", day, day);
		assert_int_equal(f->rows, cases[i].hours);
		assert_int_equal(f->row[0].start_s, cases[i].start_s);
		assert_int_equal(f->row[f->rows - 1].day, day);
	}
	store_free(st);
}

static void test_retention(void **state)
{
	struct store *st = store_open(path, 2 * DAY);
	uint64_t seq = 0;
	int64_t midnight = NOON - 12 * 3600;

	(void)state;
	assert_non_null(st);
	for (int64_t h = 0; h < 96; h++)
		assert_int_equal(apply_hour(st, ++seq, midnight + h * 3600, 1),
				 0);
	assert_int_equal(find(st, STORE_HOUR, NULL, 0, 0)->rows, 96);
	begin(STREAM, ++seq);
	add_cell(USAGE_VISITORS, "guest", midnight + 3 * DAY, 5);
	assert_int_equal(store_apply(st, &batch), 0);
	assert_int_equal(find(st, STORE_HOUR, NULL, 0, 0)->rows, 48);
	assert_int_equal(total(st, STORE_DAY, NULL, USAGE_VISITORS), 5);
	store_set_keep(st, DAY);
	begin(STREAM, ++seq);
	add_cell(USAGE_VISITORS, "guest", midnight + 3 * DAY, 5);
	assert_int_equal(store_apply(st, &batch), 0);
	assert_int_equal(find(st, STORE_HOUR, NULL, 0, 0)->rows, 24);
	store_free(st);
}

static void on_last(const char *zone, enum usage_metric metric,
		    const struct store_sum *s, void *arg)
{
	char *said = arg;
	size_t len = strlen(said);

	snprintf(said + len, 200 - len, "%s %s %lld, ", zone,
		 usage_metric_info(metric)->name, (long long)s->value);
}

static void test_last(void **state)
{
	int64_t today = (int64_t)time(NULL) - DAY;
	struct store *st = opened();
	char said[200] = "";

	(void)state;
	begin(STREAM, 1);
	add_cell(USAGE_DEVICES_ONLINE, "guest", today - 3600, 1);
	add_cell(USAGE_DEVICES_ONLINE, "guest", today, 2);
	add_cell(USAGE_VISITORS, "guest", today - DAY, 3);
	add_cell(USAGE_VISITORS, "guest", today - 100 * DAY, 4);
	add_cell(USAGE_LANGUAGE_OTHER, "", today - DAY, -5);
	assert_int_equal(store_apply(st, &batch), 0);
	assert_int_equal(store_read_last(st, on_last, said), 0);
	assert_non_null(strstr(said, "guest online 2, "));
	assert_non_null(strstr(said, "guest visitors 3, "));
	assert_non_null(strstr(said, " language_other -5, "));
	store_free(st);
}

/* Sums stop before what a signed 64-bit number holds, and stay there. */
static void test_large_values(void **state)
{
	struct store *st = opened();

	(void)state;
	for (uint64_t seq = 1; seq <= 4; seq++) {
		begin(STREAM, seq);
		add_cell(USAGE_BYTES_UP, "a", NOON, INT64_MAX);
		add_cell(USAGE_BYTES_UP, "b", NOON, INT64_MIN);
		assert_int_equal(store_apply(st, &batch), 0);
	}
	assert_true(total(st, STORE_WEEK, "a", USAGE_BYTES_UP) ==
		    STORE_VALUE_MAX);
	assert_true(total(st, STORE_WEEK, "b", USAGE_BYTES_UP) ==
		    -STORE_VALUE_MAX);
	store_free(st);
}

static void test_refused(void **state)
{
	struct store *st = opened();

	(void)state;
	assert_int_equal(apply_hour(st, 0, NOON, 1), -EINVAL);
	assert_int_equal(apply_hour(st, 1, 0, 1), -EINVAL);
	assert_int_equal(apply_hour(st, 1, -1, 1), -EINVAL);
	assert_int_equal(apply_hour(st, 1, INT64_MAX, 1), -EINVAL);
	begin(0, 1);
	add_cell(USAGE_VISITORS, "", NOON, 1);
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	begin(STREAM, 1);
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	add_cell(USAGE_METRICS, "guest", NOON, 1);
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	begin(STREAM, 1);
	add_cell(USAGE_VISITORS, "'; DROP", NOON, 1);
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	begin(STREAM, 1);
	memset(add_cell(USAGE_VISITORS, "", NOON, 1)->zone, 'a',
	       IPC_ZONE_NAME_MAX);
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	begin(STREAM, 1);
	add_cell(USAGE_VISITORS, "", NOON, 1)->scale_d = 0;
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	begin(STREAM, 1);
	add_cell(USAGE_VISITORS, "", NOON, 1)->scale_n = UINT64_MAX;
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	begin(STREAM, 1);
	batch.cells = IPC_USAGE_CELLS + 1;
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	assert_int_equal(store_position(st).stream, 0);
	assert_int_equal(find(st, STORE_HOUR, NULL, 0, 0)->rows, 0);
	store_free(st);
}

static void test_day(void **state)
{
	(void)state;
	assert_true(day_is_valid(20240229));
	assert_false(day_is_valid(20260229));
	assert_false(day_is_valid(20261301));
	assert_false(day_is_valid(20260100));
	assert_false(day_is_valid(0));
	assert_false(day_is_valid(UINT32_MAX));
	assert_int_equal(day_shift(20260301, -1), 20260228);
	assert_int_equal(day_shift(20261231, 1), 20270101);
	assert_int_equal(day_shift(20260101, 365), 20270101);
	assert_int_equal(day_of(0), 0);
	assert_int_equal(day_of(NOON), 20260101);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_once),
		TEST(test_sums),
		TEST(test_bands),
		TEST(test_steps),
		TEST(test_long_and_short_days),
		TEST(test_retention),
		TEST(test_last),
		TEST(test_large_values),
		TEST(test_refused),
		TEST(test_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
