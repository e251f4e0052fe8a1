/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "netctl/server/code_attempts.h"

static struct code_attempts *attempts;
static uint64_t now_ms;

static int set_up(void **state)
{
	(void)state;
	attempts = code_attempts_new();
	now_ms = 5000;
	return attempts ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	code_attempts_free(attempts);
	return 0;
}

static struct mac device(uint32_t n)
{
	struct mac m = { { 2, 0, (uint8_t)(n >> 24), (uint8_t)(n >> 16),
			   (uint8_t)(n >> 8), (uint8_t)n } };

	return m;
}

static bool take(uint32_t n)
{
	struct mac m = device(n);

	return code_attempts_take(attempts, &m, now_ms);
}

/* How many of that many tries, one each so many milliseconds, are let by. */
static unsigned int count(uint32_t n, unsigned int tries, uint64_t every_ms)
{
	unsigned int taken = 0;

	for (unsigned int i = 0; i < tries; i++) {
		taken += take(n);
		now_ms += every_ms;
	}
	return taken;
}

static void test_a_few_in_a_row(void **state)
{
	(void)state;
	assert_int_equal(count(1, 100, 0), CODE_ATTEMPTS_FREE);
	assert_true(take(2)); /* a neighbour is not in the way */
}

static void test_then_one_each_minute(void **state)
{
	(void)state;
	assert_int_equal(count(1, CODE_ATTEMPTS_FREE, 0), CODE_ATTEMPTS_FREE);
	now_ms += CODE_ATTEMPTS_EACH_MS - 1;
	assert_false(take(1));
	now_ms += 1;
	assert_true(take(1));
	assert_false(take(1));
	/* trying on and on gains nothing and costs nothing */
	assert_int_equal(count(1, 601, 1000), 10);
}

static void test_forgotten(void **state)
{
	(void)state;
	assert_int_equal(count(1, 100, 0), CODE_ATTEMPTS_FREE);
	now_ms += CODE_ATTEMPTS_FREE * CODE_ATTEMPTS_EACH_MS;
	assert_int_equal(count(1, 100, 0), CODE_ATTEMPTS_FREE);
}

/* Thousands of forged devices push out each other, not who guesses most. */
static void test_a_crowd(void **state)
{
	(void)state;
	assert_int_equal(count(1, 100, 0), CODE_ATTEMPTS_FREE);
	for (uint32_t n = 2; n < 20 * CODE_ATTEMPTS_SLOTS; n++)
		assert_true(take(n));
	assert_false(take(1));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_a_few_in_a_row),
		TEST(test_then_one_each_minute),
		TEST(test_forgotten),
		TEST(test_a_crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
