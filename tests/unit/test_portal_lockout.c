/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/array.h"
#include "portal/admin/lockout.h"

#define START_MS 5000000

static struct addr address(const char *text)
{
	struct addr a;

	assert_true(addr_parse(&a, text));
	return a;
}

static struct addr number(uint32_t n)
{
	struct addr a = { .family = AF_INET };

	memcpy(a.byte, &n, sizeof(n));
	return a;
}

static void test_backoff(void **state)
{
	static const uint64_t wait_s[] = { 0,	0,   0,	  0,   1,   2,	 4,
					   8,	16,  32,  64,  128, 256, 512,
					   900, 900, 900, 900, 900, 900, 900,
					   900, 900, 900, 900, 900, 900, 900 };
	struct lockout *l = lockout_new();
	struct addr a = address("192.0.2.7");
	struct addr other = address("192.0.2.8");
	uint64_t now_ms = START_MS;

	(void)state;
	assert_int_equal(lockout_wait_ms(l, &a, now_ms), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wait_s); i++) {
		uint64_t wait_ms;

		lockout_fail(l, &a, now_ms);
		wait_ms = lockout_wait_ms(l, &a, now_ms);
		assert_int_equal(wait_ms, wait_s[i] * 1000);
		if (wait_ms)
			assert_int_equal(
				lockout_wait_ms(l, &a, now_ms + wait_ms - 1),
				1);
		now_ms += wait_ms;
		assert_int_equal(lockout_wait_ms(l, &a, now_ms), 0);
		assert_int_equal(lockout_wait_ms(l, &other, now_ms), 0);
	}
	lockout_free(l);
}

static void test_clear(void **state)
{
	struct lockout *l = lockout_new();
	struct addr a = address("192.0.2.7");

	(void)state;
	for (int i = 0; i < 20; i++)
		lockout_fail(l, &a, START_MS);
	assert_true(lockout_wait_ms(l, &a, START_MS) > 0);
	lockout_clear(l, &a);
	assert_int_equal(lockout_wait_ms(l, &a, START_MS), 0);
	for (int i = 1; i < LOCKOUT_FREE; i++)
		lockout_fail(l, &a, START_MS);
	assert_int_equal(lockout_wait_ms(l, &a, START_MS), 0);
	lockout_free(l);
}

static void test_forgets(void **state)
{
	struct lockout *l = lockout_new();
	struct addr a = address("192.0.2.7");
	uint64_t later_ms = START_MS + LOCKOUT_FORGET_MS + 1;

	(void)state;
	for (int i = 0; i < 20; i++)
		lockout_fail(l, &a, START_MS);
	lockout_fail(l, &a, later_ms);
	assert_int_equal(lockout_wait_ms(l, &a, later_ms), 0);
	lockout_free(l);
}

/* A site with a /64 is one source, whatever addresses it makes up. */
static void test_networks(void **state)
{
	struct lockout *l = lockout_new();
	struct addr a = address("2001:db8:1:2::7");
	struct addr same = address("2001:db8:1:2:ffff:1:2:3");
	struct addr next = address("2001:db8:1:3::7");

	(void)state;
	for (int i = 0; i < 5; i++)
		lockout_fail(l, i % 2 ? &a : &same, START_MS);
	assert_int_equal(lockout_wait_ms(l, &a, START_MS), 1000);
	assert_int_equal(lockout_wait_ms(l, &same, START_MS), 1000);
	assert_int_equal(lockout_wait_ms(l, &next, START_MS), 0);
	lockout_free(l);
}

/* The table is bounded; who failed longest ago is forgotten first. */
static void test_eviction(void **state)
{
	struct lockout *l = lockout_new();
	struct addr old = number(1), young = number(2), a;

	(void)state;
	for (int i = 0; i < 10; i++)
		lockout_fail(l, &old, START_MS);
	for (int i = 0; i < 10; i++)
		lockout_fail(l, &young, START_MS + 1000);
	for (uint32_t i = 0; i < LOCKOUT_SLOTS - 1; i++) {
		a = number(1000 + i);
		lockout_fail(l, &a, START_MS + 1001 + i);
	}
	assert_int_equal(lockout_wait_ms(l, &old, START_MS + 1001), 0);
	assert_true(lockout_wait_ms(l, &young, START_MS + 1001) > 0);
	lockout_free(l);
}

static void test_turns(void **state)
{
	struct lockout *l = lockout_new();

	(void)state;
	assert_int_equal(lockout_take_turn(l, 10), 0);
	assert_int_equal(lockout_take_turn(l, 10), LOCKOUT_TURN_MS);
	assert_int_equal(lockout_take_turn(l, 510), LOCKOUT_TURN_MS - 500);
	assert_int_equal(lockout_take_turn(l, 10 + LOCKOUT_TURN_MS), 0);
	assert_int_equal(lockout_take_turn(l, 11 + LOCKOUT_TURN_MS),
			 LOCKOUT_TURN_MS - 1);
	/* quickly done: a second stays a second */
	lockout_end_turn(l, 60 + LOCKOUT_TURN_MS);
	assert_int_equal(lockout_take_turn(l, 60 + LOCKOUT_TURN_MS),
			 LOCKOUT_TURN_MS - 50);
	/* a slow machine rests nine times as long as it worked */
	assert_int_equal(lockout_take_turn(l, 10000), 0);
	lockout_end_turn(l, 10500);
	assert_int_equal(lockout_take_turn(l, 10500), 4500);
	assert_int_equal(lockout_take_turn(l, 15000), 0);
	lockout_free(l);
	lockout_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_clear),
		cmocka_unit_test(test_forgets),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_eviction),
		cmocka_unit_test(test_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
