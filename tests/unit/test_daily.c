/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What devices have had of their day, in the ledger. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "netctl/usage/daily.h"

#define ANY UINT64_MAX

static const char *path_in_ram(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "/dev/shm/stadttor-daily-%d",
		 (int)getpid());
	return path;
}

static struct ledger *opened(const char *path)
{
	struct ledger *l = ledger_open(path, geteuid(), getegid());

	assert_non_null(l);
	return l;
}

static void open_day(struct ledger *l, uint64_t key)
{
	const struct ledger_image *image = ledger_image(l);

	ledger_set(l, &image->key[0], key);
	ledger_set(l, &image->period[USAGE_DAY].is_open, 1);
	ledger_commit(l);
}

static struct daily_device device(unsigned int n, uint64_t ms, uint64_t bytes)
{
	return (struct daily_device){
		.zone = "square",
		.mac = { { 2, 0, 0, (uint8_t)(n >> 16), (uint8_t)(n >> 8),
			   (uint8_t)n } },
		.limit = { ms, bytes },
	};
}

/* false: no place for it. */
static bool take(struct ledger *l, const struct daily_device *d, uint64_t ms,
		 uint64_t bytes)
{
	const struct daily_amount more = { ms, bytes };
	struct daily_amount left;
	uint32_t at = 0;

	return daily_take(l, d, &more, &at, &left);
}

static void assert_left(struct ledger *l, const struct daily_device *d,
			uint64_t ms, uint64_t bytes)
{
	struct daily_amount left = daily_left(l, d);

	assert_int_equal(left.ms, ms);
	assert_int_equal(left.bytes, bytes);
}

static void test_adds_up(void **state)
{
	struct ledger *l = opened("");
	struct daily_device a = device(1, 1000, 500), b = device(2, 1000, ANY);

	(void)state;
	open_day(l, 1);
	assert_false(daily_is_known(l, &a));
	assert_true(take(l, &a, 300, 100) && take(l, &a, 300, 100));
	assert_true(take(l, &b, 900, 7000));
	assert_true(daily_is_known(l, &a));
	assert_left(l, &a, 400, 300);
	assert_left(l, &b, 100, ANY);
	assert_true(take(l, &a, 600, 0));
	assert_left(l, &a, 0, 300);
	a.zone = "library"; /* where it has another day */
	assert_left(l, &a, 1000, 500);
	ledger_close(l);
}

/* Nobody knows the time: nothing is counted, and nobody shut out. */
static void test_no_day(void **state)
{
	struct ledger *l = opened("");
	struct daily_device a = device(1, 1000, ANY);

	(void)state;
	assert_false(take(l, &a, 2000, 0));
	assert_left(l, &a, 1000, ANY);
	ledger_close(l);
}

static void test_outlives_the_process_and_not_the_day(void **state)
{
	struct ledger *l = opened(path_in_ram());
	struct daily_device a = device(1, 1000, ANY);

	(void)state;
	open_day(l, 1);
	assert_true(take(l, &a, 600, 0));
	ledger_close(l);
	l = opened(path_in_ram());
	assert_left(l, &a, 400, ANY);
	ledger_destroy_day(l);
	for (size_t i = 0; i < sizeof(ledger_image(l)->daily); i++)
		assert_int_equal(((const char *)ledger_image(l)->daily)[i], 0);
	open_day(l, 2);
	assert_left(l, &a, 1000, ANY);
	assert_true(take(l, &a, 1, 0)); /* it has memory again */
	ledger_close(l);
	unlink(path_in_ram());
}

/* The same device has no mark that two days share. */
static void test_key_of_the_day(void **state)
{
	struct ledger *l = opened("");
	struct daily_device a = device(1, 1000, ANY);
	uint64_t before;

	(void)state;
	open_day(l, 1);
	assert_true(take(l, &a, 1, 0));
	before = ledger_image(l)->daily[0].id;
	ledger_destroy_day(l);
	open_day(l, 2);
	assert_true(take(l, &a, 1, 0));
	assert_int_not_equal(ledger_image(l)->daily[0].id, before);
	ledger_close(l);
}

/* Made-up addresses, which have had nothing, make room for one another. */
static void test_a_flood_gives_nobody_a_day(void **state)
{
	struct ledger *l = opened("");
	struct daily_device a = device(0, 1000, ANY), b = device(1, ANY, 1000);

	(void)state;
	open_day(l, 1);
	assert_true(take(l, &a, 1000, 0) && take(l, &b, 0, 1000));
	for (unsigned int i = 2; i < LEDGER_DAILIES + 300; i++) {
		struct daily_device d = device(i, 1000, 1000);

		assert_true(take(l, &d, 0, 0));
	}
	assert_int_equal(ledger_image(l)->dailies, LEDGER_DAILIES);
	assert_left(l, &a, 0, ANY);
	assert_left(l, &b, ANY, 0);
	ledger_close(l);
}

static void test_full_of_those_who_had_theirs(void **state)
{
	struct ledger *l = opened("");
	struct daily_device next = device(LEDGER_DAILIES, 1000, ANY);
	struct daily_device first = device(0, 1000, ANY);

	(void)state;
	open_day(l, 1);
	for (unsigned int i = 0; i < LEDGER_DAILIES; i++) {
		struct daily_device d = device(i, 1000, ANY);

		ledger_reserve_dailies(l, i + 1);
		assert_true(take(l, &d, i ? 1000 : 999, 0));
	}
	assert_left(l, &next, 1000, ANY); /* in the place of one */
	assert_true(take(l, &first, 1, 0));
	assert_left(l, &next, 0, 0);
	assert_false(take(l, &next, 1, 0));
	assert_left(l, &first, 0, ANY);
	ledger_close(l);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adds_up),
		cmocka_unit_test(test_no_day),
		cmocka_unit_test(test_outlives_the_process_and_not_the_day),
		cmocka_unit_test(test_key_of_the_day),
		cmocka_unit_test(test_a_flood_gives_nobody_a_day),
		cmocka_unit_test(test_full_of_those_who_had_theirs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
