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

static void test_success(void **state)
{
	struct lockout *l = lockout_new();
	struct addr a = address("192.0.2.7");

	(void)state;
	for (int i = 0; i < 20; i++)
		lockout_fail(l, &a, START_MS);
	assert_true(lockout_wait_ms(l, &a, START_MS) > 0);
	lockout_succeed(l, &a, START_MS);
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
	struct addr a = number(1), b = number(2);

	(void)state;
	assert_int_equal(lockout_take_turn(l, &a, 10), 0);
	assert_int_equal(lockout_take_turn(l, &a, 10), LOCKOUT_TURN_MS);
	assert_int_equal(lockout_take_turn(l, &b, 510), LOCKOUT_TURN_MS - 500);
	assert_int_equal(lockout_take_turn(l, &b, 10 + LOCKOUT_TURN_MS), 0);
	assert_int_equal(lockout_take_turn(l, &a, 11 + LOCKOUT_TURN_MS),
			 LOCKOUT_TURN_MS - 1);
	/* quickly done: a second stays a second */
	lockout_end_turn(l, 60 + LOCKOUT_TURN_MS);
	assert_int_equal(lockout_take_turn(l, &a, 60 + LOCKOUT_TURN_MS),
			 LOCKOUT_TURN_MS - 50);
	/* a slow machine rests nine times as long as it worked */
	assert_int_equal(lockout_take_turn(l, &a, 10000), 0);
	lockout_end_turn(l, 10500);
	assert_int_equal(lockout_take_turn(l, &a, 10500), 4500);
	assert_int_equal(lockout_take_turn(l, &a, 15000), 0);
	lockout_free(l);
	lockout_free(NULL);
}

static bool guess(struct lockout *l, uint32_t n, uint64_t now_ms)
{
	struct addr a = number(n);

	if (lockout_take_turn(l, &a, now_ms))
		return false;
	lockout_end_turn(l, now_ms);
	lockout_fail(l, &a, now_ms);
	return true;
}

/* Each is always there before the one who has the password. */
static void test_guessers_take_a_turn_each(void **state)
{
	static const uint32_t guessers = 100;
	struct lockout *l = lockout_new();
	struct addr honest = address("192.0.2.7");
	uint64_t now_ms = START_MS;
	unsigned int lost = 0;

	(void)state;
	for (;;) {
		for (uint32_t i = 0; i < guessers; i++)
			guess(l, 1000 + i, now_ms);
		if (!lockout_take_turn(l, &honest, now_ms))
			break;
		lost++;
		now_ms += LOCKOUT_TURN_MS;
	}
	assert_int_equal(lost, guessers);
	/* from now on it waits for nobody */
	for (uint32_t i = 0; i < guessers; i++)
		guess(l, 1000 + i, now_ms + LOCKOUT_TURN_MS);
	assert_int_equal(
		lockout_take_turn(l, &honest, now_ms + LOCKOUT_TURN_MS), 0);
	lockout_free(l);
}

/* Nor is it shut out by a mistake of its own, once they have made more. */
static void test_a_mistake_costs_no_more_than_theirs(void **state)
{
	struct lockout *l = lockout_new();
	struct addr honest = address("192.0.2.7"), a;
	uint64_t now_ms = START_MS;

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		a = number(1000 + i);
		lockout_fail(l, &a, now_ms);
		lockout_fail(l, &a, now_ms);
	}
	lockout_fail(l, &honest, now_ms);
	for (int turn = 0; turn < 10; turn++) {
		for (uint32_t i = 0; i < 100; i++)
			guess(l, 1000 + i, now_ms);
		assert_int_equal(lockout_take_turn(l, &honest, now_ms), 0);
		now_ms += 2ULL * LOCKOUT_TURN_MS;
	}
	lockout_free(l);
}

/* Any number of new sources, as of somebody with a /48. */
static void test_known_sources_have_their_own_turns(void **state)
{
	struct lockout *l = lockout_new();
	struct addr known = address("192.0.2.7");
	uint64_t now_ms = START_MS;

	(void)state;
	lockout_succeed(l, &known, now_ms);
	for (uint32_t i = 0; i < 4 * LOCKOUT_SLOTS; i++) {
		assert_true(guess(l, 1000 + i, now_ms));
		assert_int_equal(lockout_take_turn(l, &known, now_ms), 0);
		now_ms += LOCKOUT_TURN_MS;
	}
	/* they are known for a time, and so many of them */
	now_ms = START_MS + LOCKOUT_KNOWN_MS;
	guess(l, 1, now_ms);
	assert_int_equal(lockout_take_turn(l, &known, now_ms), LOCKOUT_TURN_MS);
	lockout_succeed(l, &known, now_ms);
	for (uint32_t i = 0; i < LOCKOUT_KNOWN; i++) {
		struct addr other = number(100 + i);

		now_ms += LOCKOUT_TURN_MS;
		assert_int_equal(lockout_take_turn(l, &known, now_ms), 0);
		lockout_succeed(l, &other, now_ms);
	}
	guess(l, 2, now_ms);
	assert_int_equal(lockout_take_turn(l, &known, now_ms), LOCKOUT_TURN_MS);
	lockout_free(l);
}

/* Whoever guesses, from however many sources: the machine has other work. */
static void test_turns_of_all(void **state)
{
	static const uint64_t check_ms = 500, span_ms = 1000000;
	struct lockout *l = lockout_new();
	unsigned int quick = 0, slow = 0;
	uint64_t now_ms;

	(void)state;
	for (now_ms = START_MS; now_ms < START_MS + span_ms; now_ms += 100)
		for (uint32_t i = 0; i < 10; i++)
			quick += guess(l, (uint32_t)now_ms / 500 + i, now_ms);
	assert_in_range(quick, span_ms / 1000, 2 * span_ms / 1000);
	lockout_free(l);
	l = lockout_new();
	while (now_ms < START_MS + 2 * span_ms) {
		struct addr a = number((uint32_t)now_ms / 100 % 500);

		if (!lockout_take_turn(l, &a, now_ms)) {
			now_ms += check_ms;
			lockout_end_turn(l, now_ms);
			lockout_fail(l, &a, now_ms);
			slow++;
		}
		now_ms += 100;
	}
	assert_in_range(slow * check_ms, span_ms / 20, span_ms / 5);
	lockout_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_success),
		cmocka_unit_test(test_forgets),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_eviction),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_guessers_take_a_turn_each),
		cmocka_unit_test(test_a_mistake_costs_no_more_than_theirs),
		cmocka_unit_test(test_known_sources_have_their_own_turns),
		cmocka_unit_test(test_turns_of_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
