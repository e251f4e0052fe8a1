/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store makes of batches. */
#include "tests/unit/storetest.h"

#include <errno.h>

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
	assert_int_equal(total(st, USAGE_HOUR, "guest", USAGE_VISITORS), 15);
	assert_int_equal(total(st, USAGE_DAY, NULL, USAGE_VISITORS), 15);
	/* another stream counts from where it likes */
	begin(7, 1);
	add_row(USAGE_HOUR, "guest", NOON)->value[USAGE_VISITORS] = 1;
	assert_int_equal(store_apply(st, &batch), 0);
	assert_int_equal(store_position(st).stream, 7);
	assert_int_equal(store_position(st).committed, 1);
	assert_int_equal(total(st, USAGE_HOUR, NULL, USAGE_VISITORS), 16);
	store_free(st);
}

static void add_busy_hour(const char *zone, uint64_t sessions, uint64_t peak)
{
	struct ipc_usage_row *r = add_row(USAGE_HOUR, zone, NOON);

	r->value[USAGE_SESSIONS] = sessions;
	r->value[USAGE_PEAK] = peak;
	r->value[USAGE_DAY_VISITORS] = 99; /* does not belong here */
}

static void test_increments(void **state)
{
	struct store *st = opened();
	const struct found *f;

	(void)state;
	begin(STREAM, 1);
	add_busy_hour("guest", 10, 20);
	add_busy_hour("staff", 7, 5);
	assert_int_equal(store_apply(st, &batch), 0);
	begin(STREAM, 2);
	add_busy_hour("guest", 4, 10);
	add_busy_hour("staff", 1, 10);
	assert_int_equal(store_apply(st, &batch), 0);

	f = find(st, USAGE_HOUR, "guest", 0, 0);
	assert_int_equal(f->rows, 1);
	assert_int_equal(f->row[0].start_s, NOON);
	assert_int_equal(f->row[0].day, 20260101);
	assert_int_equal(f->row[0].value[USAGE_SESSIONS], 14);
	assert_int_equal(f->row[0].value[USAGE_PEAK], 20);
	f = find(st, USAGE_HOUR, NULL, 0, 0);
	assert_int_equal(f->row[0].value[USAGE_SESSIONS], 22);
	assert_int_equal(f->row[0].value[USAGE_PEAK], 25);
	f = find(st, USAGE_DAY, NULL, 20260101, 20260101);
	assert_int_equal(f->rows, 1);
	assert_int_equal(f->row[0].start_s, NOON - 12 * 3600);
	assert_int_equal(f->row[0].value[USAGE_SESSIONS], 22);
	assert_int_equal(f->row[0].value[USAGE_PEAK], 25);
	assert_int_equal(f->row[0].value[USAGE_DAY_VISITORS], 0);
	assert_int_equal(find(st, USAGE_DAY, "none", 0, 0)->rows, 0);
	store_free(st);
}

static void test_days(void **state)
{
	static const char *const zones[] = { "guest", "staff", "" };
	int64_t midnight = NOON - 12 * 3600;
	struct store *st = opened();

	(void)state;
	begin(STREAM, 1);
	for (unsigned int i = 0; i < 3; i++)
		add_row(USAGE_DAY, zones[i], midnight)
			->value[USAGE_DAY_VISITORS] = 30 + i;
	batch.row[2].value[USAGE_SESSIONS] = 4;
	assert_int_equal(store_apply(st, &batch), 0);
	assert_int_equal(total(st, USAGE_DAY, "guest", USAGE_DAY_VISITORS), 30);
	assert_int_equal(total(st, USAGE_DAY, "staff", USAGE_DAY_VISITORS), 31);
	assert_int_equal(total(st, USAGE_DAY, "", USAGE_DAY_VISITORS), 32);
	assert_int_equal(total(st, USAGE_DAY, NULL, USAGE_DAY_VISITORS), 32);
	assert_int_equal(total(st, USAGE_DAY, "", USAGE_SESSIONS), 4);
	assert_int_equal(total(st, USAGE_DAY, NULL, USAGE_SESSIONS), 4);
	assert_int_equal(find(st, USAGE_HOUR, NULL, 0, 0)->rows, 0);
	store_free(st);
}

static void test_metrics_wanted(void **state)
{
	struct store *st = opened();
	struct store_query q = { .step = USAGE_HOUR,
				 .metrics = 1U << USAGE_BYTES_UP };
	struct found f = { 0 };

	(void)state;
	begin(STREAM, 1);
	for (int i = 0; i < USAGE_METRICS; i++)
		add_row(USAGE_HOUR, "guest", NOON)->value[i] = 3;
	assert_int_equal(store_apply(st, &batch), 0);
	assert_int_equal(store_read(st, &q, on_row, &f), 0);
	for (int i = 0; i < USAGE_METRICS; i++)
		assert_int_equal(f.row[0].value[i],
				 i == USAGE_BYTES_UP ? 3 : 0);
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

		f = find(st, USAGE_DAY, NULL, day, day);
		assert_int_equal(f->rows, 1);
		assert_int_equal(f->row[0].start_s, cases[i].start_s);
		assert_int_equal(f->row[0].value[USAGE_VISITORS],
				 cases[i].hours);
		f = find(st, USAGE_HOUR, "guest", day, day);
		assert_int_equal(f->rows, cases[i].hours);
		assert_int_equal(f->row[0].start_s, cases[i].start_s);
		assert_int_equal(f->row[f->rows - 1].day, day);
	}
	f = find(st, USAGE_MONTH, NULL, 20260329, 0);
	assert_int_equal(f->rows, 2);
	assert_int_equal(f->row[0].day, 20260301);
	assert_int_equal(f->row[0].value[USAGE_VISITORS], 47);
	assert_int_equal(f->row[1].day, 20261001);
	assert_int_equal(f->row[1].start_s, 1790805600);
	assert_int_equal(f->row[1].value[USAGE_VISITORS], 73);
	store_free(st);
}

static void test_time_unknown(void **state)
{
	struct store *st = opened();
	const struct found *f;

	(void)state;
	assert_int_equal(apply_hour(st, 1, 0, 8), 0);
	assert_int_equal(apply_hour(st, 2, 0, 8), 0);
	assert_int_equal(apply_hour(st, 3, NOON, 1), 0);
	f = find(st, USAGE_HOUR, NULL, 0, 0);
	assert_int_equal(f->rows, 2);
	assert_int_equal(f->row[0].day, 0);
	assert_int_equal(f->row[0].start_s, 0);
	assert_int_equal(f->row[0].value[USAGE_VISITORS], 16);
	assert_int_equal(find(st, USAGE_MONTH, NULL, 0, 0)->rows, 2);
	f = find(st, USAGE_DAY, "guest", 0, 20251231);
	assert_int_equal(f->rows, 1);
	assert_int_equal(f->row[0].day, 0);
	assert_int_equal(find(st, USAGE_DAY, NULL, 20200101, 0)->rows, 1);
	store_free(st);
}

static void test_retention(void **state)
{
	struct store *st = store_open(path, 2 * DAY);
	uint64_t seq = 0;
	int64_t midnight = NOON - 12 * 3600;

	(void)state;
	assert_non_null(st);
	assert_int_equal(apply_hour(st, ++seq, 0, 1), 0);
	for (int64_t h = 0; h < 96; h++)
		assert_int_equal(apply_hour(st, ++seq, midnight + h * 3600, 1),
				 0);
	assert_int_equal(find(st, USAGE_HOUR, NULL, 0, 0)->rows, 97);
	begin(STREAM, ++seq);
	add_row(USAGE_DAY, "", midnight + 3 * DAY);
	assert_int_equal(store_apply(st, &batch), 0);
	/* two days are left, and what has no time */
	assert_int_equal(find(st, USAGE_HOUR, NULL, 0, 0)->rows, 49);
	assert_int_equal(find(st, USAGE_HOUR, "guest", 0, 0)->rows, 49);
	assert_int_equal(total(st, USAGE_DAY, NULL, USAGE_VISITORS), 97);
	store_set_keep(st, DAY);
	begin(STREAM, ++seq);
	add_row(USAGE_DAY, "", midnight + 3 * DAY);
	assert_int_equal(store_apply(st, &batch), 0);
	assert_int_equal(find(st, USAGE_HOUR, NULL, 0, 0)->rows, 25);
	store_free(st);
}

static void test_labels(void **state)
{
	struct store *st = opened();

	(void)state;
	begin(STREAM, 1);
	add_label(USAGE_LANGUAGE, "de", 5, NOON);
	add_label(USAGE_LANGUAGE, "en", 6, NOON);
	add_label(USAGE_LANGUAGE, "ar", 5, NOON);
	add_label(USAGE_PLATFORM, "apple", 9, NOON);
	assert_int_equal(store_apply(st, &batch), 0);
	begin(STREAM, 2);
	add_label(USAGE_LANGUAGE, "de", 50, NOON + DAY);
	add_label(USAGE_LANGUAGE, "de", 1, NOON);
	assert_int_equal(store_apply(st, &batch), 0);
	assert_labels(st, USAGE_LANGUAGE, 0, 0, "de=56 en=6 ar=5 ");
	assert_labels(st, USAGE_LANGUAGE, 20260101, 20260101,
		      "de=6 en=6 ar=5 ");
	assert_labels(st, USAGE_LANGUAGE, 20260102, 0, "de=50 ");
	assert_labels(st, USAGE_PLATFORM, 0, 20260101, "apple=9 ");
	store_free(st);
}

static void test_totals(void **state)
{
	struct store *st = opened();

	(void)state;
	assert_totals(st, "");
	assert_int_equal(apply_hour(st, 1, NOON, 5), 0);
	assert_totals(st, "guest=5 peak=0 ");
	begin(STREAM, 2);
	add_row(USAGE_DAY, "", NOON)->value[USAGE_VISITORS] = 3;
	add_row(USAGE_HOUR, "guest", NOON + DAY)->value[USAGE_VISITORS] = 6;
	batch.row[1].value[USAGE_PEAK] = 10;
	assert_int_equal(store_apply(st, &batch), 0);
	assert_totals(st, "box=3 peak=0 guest=11 peak=10 ");
	store_free(st);
}

/* Sums stop below what a signed 64-bit number holds, and stay there. */
static void test_large_values(void **state)
{
	struct store *st = opened();

	(void)state;
	for (uint64_t seq = 1; seq <= 4; seq++) {
		begin(STREAM, seq);
		for (int zone = 0; zone < 3; zone++)
			add_row(USAGE_HOUR, zone ? "a" : "b", NOON)
				->value[USAGE_BYTES_DOWN] = UINT64_MAX;
		add_label(USAGE_LANGUAGE, "de", UINT64_MAX, NOON);
		assert_int_equal(store_apply(st, &batch), 0);
	}
	assert_true(total(st, USAGE_DAY, NULL, USAGE_BYTES_DOWN) ==
		    STORE_VALUE_MAX);
	assert_true(total(st, USAGE_MONTH, "a", USAGE_BYTES_DOWN) ==
		    STORE_VALUE_MAX);
	assert_labels(st, USAGE_LANGUAGE, 0, 0, "de=4611686018427387903 ");
	store_free(st);
}

static void test_refused(void **state)
{
	struct store *st = opened();

	(void)state;
	assert_int_equal(apply_hour(st, 0, NOON, 1), -EINVAL);
	assert_int_equal(apply_hour(st, 1, -1, 1), -EINVAL);
	assert_int_equal(apply_hour(st, 1, INT64_MAX, 1), -EINVAL);
	begin(0, 1);
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	begin(STREAM, 1);
	add_row(USAGE_MONTH, "guest", NOON);
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	begin(STREAM, 1);
	add_row(USAGE_HOUR, "'; DROP", NOON);
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	begin(STREAM, 1);
	memset(add_row(USAGE_HOUR, "", NOON)->zone, 'a', IPC_ZONE_NAME_MAX);
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	begin(STREAM, 1);
	add_label(USAGE_KINDS, "de", 1, NOON);
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	begin(STREAM, 1);
	add_label(USAGE_LANGUAGE, "DE", 1, NOON);
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	begin(STREAM, 1);
	batch.rows = STORE_ROWS_MAX + 1;
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	begin(STREAM, 1);
	batch.labels = STORE_LABELS_MAX + 1;
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	assert_int_equal(store_position(st).stream, 0);
	assert_int_equal(find(st, USAGE_HOUR, NULL, 0, 0)->rows, 0);
	store_free(st);
}

/* Every row of the largest batch is of another hour. */
static void test_largest_batch(void **state)
{
	struct store *st = opened();
	char label[USAGE_LABEL_MAX];

	(void)state;
	begin(STREAM, 1);
	for (int i = 0; i < STORE_ROWS_MAX; i++)
		add_row(i % 2 ? USAGE_HOUR : USAGE_DAY, i % 3 ? "a" : "",
			NOON + i * 30LL * DAY)
			->value[USAGE_SESSIONS] = 1;
	for (unsigned int i = 0; i < STORE_LABELS_MAX; i++) {
		snprintf(label, sizeof(label), "l-%u", i);
		add_label(USAGE_LANGUAGE, label, 1, NOON);
	}
	assert_int_equal(store_apply(st, &batch), 0);
	assert_int_equal(total(st, USAGE_DAY, NULL, USAGE_SESSIONS),
			 STORE_ROWS_MAX);
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
		TEST(test_increments),
		TEST(test_days),
		TEST(test_metrics_wanted),
		TEST(test_long_and_short_days),
		TEST(test_time_unknown),
		TEST(test_retention),
		TEST(test_labels),
		TEST(test_totals),
		TEST(test_large_values),
		TEST(test_refused),
		TEST(test_largest_batch),
		TEST(test_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
