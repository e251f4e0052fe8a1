/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests of RADIUS servers that come again: each must do its work once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "portal/radius/radius_replay.h"

#define WALL_S	1796000000
#define BEGAN_S 5

static struct radius_replay memory;
static struct radius_now now;

static void be_at(int64_t after_s)
{
	now.wall_s = (uint32_t)(WALL_S + after_s);
	now.clock_s = (uint32_t)(BEGAN_S + after_s);
}

static int start(void **state)
{
	(void)state;
	memset(&memory, 0, sizeof(memory));
	radius_replay_init(&memory, BEGAN_S);
	be_at(1000);
	return 0;
}

static bool is_new(int64_t age_s)
{
	return radius_replay_is_new(&memory, (uint32_t)(now.wall_s - age_s),
				    &now);
}

static const uint8_t *name_of(uint32_t number)
{
	static uint8_t name[RADIUS_AUTHENTICATOR];

	memcpy(name, &number, sizeof(number));
	return name;
}

static void test_times(void **state)
{
	(void)state;
	assert_true(is_new(0));
	assert_true(is_new(RADIUS_REPLAY_AGE_S));
	assert_false(is_new(RADIUS_REPLAY_AGE_S + 1));
	assert_true(is_new(-RADIUS_REPLAY_AHEAD_S));
	assert_false(is_new(-RADIUS_REPLAY_AHEAD_S - 1));
	assert_false(radius_replay_is_new(&memory, UINT32_MAX, &now));
}

/* Whatever was sent before, by a clock that is ahead as far as may be. */
static void test_before_the_start(void **state)
{
	(void)state;
	for (int64_t after_s = 0; after_s < 2 * RADIUS_REPLAY_AGE_S;
	     after_s++) {
		be_at(after_s);
		for (int64_t sent_s = -400; sent_s <= 0; sent_s++)
			assert_false(radius_replay_is_new(
				&memory,
				(uint32_t)(WALL_S + sent_s +
					   RADIUS_REPLAY_AHEAD_S),
				&now));
	}
	be_at(RADIUS_REPLAY_AHEAD_S + 2);
	assert_true(is_new(0));
}

/* A box learns the time when it has run for a while: nothing is shut for long,
 * and what is old stays old. */
static void test_clock_is_set(void **state)
{
	(void)state;
	be_at(20);
	now.wall_s += 86400;
	assert_true(is_new(0));
	assert_false(is_new(20));
	now.wall_s -= 2 * 86400;
	assert_true(is_new(0));
	assert_false(is_new(20));
}

static void test_is_known_again(void **state)
{
	(void)state;
	assert_null(radius_replay_find(&memory, name_of(0)));
	radius_replay_add(&memory, name_of(0), now.wall_s);
	radius_replay_add(&memory, name_of(1), now.wall_s);
	assert_non_null(radius_replay_find(&memory, name_of(0)));
	assert_non_null(radius_replay_find(&memory, name_of(1)));
	assert_null(radius_replay_find(&memory, name_of(2)));
}

/* As many as may come: each is remembered, or refused by its time. */
static void test_none_is_new_twice(void **state)
{
	const uint32_t count = 3 * RADIUS_REPLAY_KEPT;
	uint32_t *sent_s = calloc(count, sizeof(*sent_s));
	uint32_t refused = 0;

	(void)state;
	assert_non_null(sent_s);
	srand(1);
	for (uint32_t i = 0; i < count; i++) {
		be_at(1000 + i / 50);
		sent_s[i] = now.wall_s + RADIUS_REPLAY_AHEAD_S -
			    (uint32_t)(rand() % 12);
		if (!radius_replay_is_new(&memory, sent_s[i], &now))
			refused++;
		else
			radius_replay_add(&memory, name_of(i), sent_s[i]);
		for (uint32_t j = i > 3000 ? i - 3000 : 0; j <= i; j += 97)
			assert_true(radius_replay_find(&memory, name_of(j)) ||
				    !radius_replay_is_new(&memory, sent_s[j],
							  &now));
	}
	free(sent_s);
	/* of 50 a second, which is more than servers send, nearly all are had
	 */
	assert_in_range(refused, 0, count / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_times, start),
		cmocka_unit_test_setup(test_before_the_start, start),
		cmocka_unit_test_setup(test_clock_is_set, start),
		cmocka_unit_test_setup(test_is_known_again, start),
		cmocka_unit_test_setup(test_none_is_new_twice, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
