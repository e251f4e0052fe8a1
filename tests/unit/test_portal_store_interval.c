/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store when it spares the flash: batches that wait for each other. */
#include "tests/unit/storetest.h"

#include <unistd.h>

#include "portal/store/store.h"

#define HOUR 3600

static struct store *opened_at_pace(unsigned int hours)
{
	struct store *st = opened();

	store_set_write_interval(st, hours * HOUR);
	return st;
}

/* What another program finds in the file. */
static void assert_file_holds(uint64_t visitors)
{
	char error[STORE_ERROR_MAX];
	struct store *st = store_open_readonly(path, "", error);

	assert_non_null(st);
	assert_int_equal(hours_total(st), visitors);
	store_free(st);
}

static void test_waits(void **state)
{
	struct store *st = opened_at_pace(4);

	(void)state;
	for (uint64_t seq = 1; seq <= 3; seq++) {
		assert_int_equal(
			apply_hour(st, seq, NOON + (int64_t)seq * HOUR, 10), 0);
		assert_position(st, seq, 0);
		assert_int_equal(hours_total(st), 10 * seq);
		assert_file_holds(0);
	}
	assert_int_equal(apply_hour(st, 3, NOON + 3 * HOUR, 10), 0);
	assert_int_equal(apply_hour(st, 4, NOON + 4 * HOUR, 5), 0);
	assert_position(st, 4, 4);
	assert_int_equal(store_health(st), STORE_ON_DISK);
	assert_int_equal(hours_total(st), 35);
	assert_file_holds(35);
	assert_int_equal(apply_hour(st, 5, NOON + 5 * HOUR, 1), 0);
	assert_position(st, 5, 4);
	assert_false(store_retry(st));
	store_free(st);
}

/* With its end a day goes to the disk, and old hours from there. */
static void test_day_ends(void **state)
{
	struct store *st = opened();

	(void)state;
	assert_int_equal(apply_hour(st, 1, NOON - 3 * DAY, 7), 0);
	assert_position(st, 1, 1);
	store_set_keep(st, DAY);
	store_set_write_interval(st, DAY);
	assert_int_equal(apply_hour(st, 2, NOON, 10), 0);
	assert_position(st, 2, 1);
	begin(STREAM, 3);
	add_cell(USAGE_VISITORS, "guest", NOON - 12 * HOUR, 19);
	assert_int_equal(store_apply(st, &batch), 0);
	assert_position(st, 3, 3);
	assert_int_equal(total(st, STORE_DAY, NULL, USAGE_VISITORS), 19);
	assert_file_holds(10);
	store_free(st);
}

static void test_end_of_the_portal(void **state)
{
	struct store *st = opened_at_pace(24);

	(void)state;
	assert_int_equal(apply_hour(st, 1, NOON, 10), 0);
	assert_int_equal(apply_hour(st, 2, NOON + HOUR, 1), 0);
	assert_position(st, 2, 0);
	store_free(st);
	st = opened();
	assert_position(st, 2, 2);
	assert_int_equal(hours_total(st), 11);
	store_free(st);
}

/* What is from before does not wait. */
static void test_clocks(void **state)
{
	struct store *st = opened_at_pace(24);

	(void)state;
	assert_int_equal(apply_hour(st, 2, NOON, 10), 0);
	assert_position(st, 2, 0);
	assert_int_equal(apply_hour(st, 3, NOON - HOUR, 10), 0);
	assert_position(st, 3, 3);
	assert_file_holds(20);
	store_free(st);
}

static void test_another_pace(void **state)
{
	struct store *st = opened_at_pace(24);

	(void)state;
	assert_int_equal(apply_hour(st, 1, NOON, 10), 0);
	store_set_write_interval(st, 0);
	assert_position(st, 1, 0);
	assert_int_equal(apply_hour(st, 2, NOON, 10), 0);
	assert_position(st, 2, 2);
	assert_file_holds(20);
	store_free(st);
}

/* netctl still has what was not acknowledged, and is asked for it again. */
static void test_file_is_gone(void **state)
{
	struct store *st = opened_at_pace(2);

	(void)state;
	assert_int_equal(apply_hour(st, 1, NOON, 10), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(apply_hour(st, 2, NOON + HOUR, 1), 0);
	assert_position(st, 2, 2);
	assert_int_equal(hours_total(st), 11);
	assert_file_holds(11);
	store_free(st);
}

/* Somebody else has gone on with the file: what waited is theirs already. */
static void test_file_went_on(void **state)
{
	struct store *st = opened_at_pace(2), *other = opened();

	(void)state;
	assert_int_equal(apply_hour(st, 1, NOON, 10), 0);
	assert_int_equal(apply_hour(other, 1, NOON, 10), 0);
	assert_int_equal(apply_hour(st, 2, NOON + HOUR, 1), 0);
	assert_position(st, 1, 1);
	assert_int_equal(apply_hour(st, 2, NOON + HOUR, 1), 0);
	store_free(other);
	store_free(st);
	assert_file_holds(11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_waits),
		TEST(test_day_ends),
		TEST(test_end_of_the_portal),
		TEST(test_clocks),
		TEST(test_another_pace),
		TEST(test_file_is_gone),
		TEST(test_file_went_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
