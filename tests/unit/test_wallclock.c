/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include "common/array.h"
#include "netctl/usage/wallclock.h"

#define NOW_S  1792800000LL /* 2026-10-24 */
#define HOUR_S 3600LL

/* One look at both clocks, and what is in force after it. */
struct look {
	uint64_t boot_s;
	int64_t wall_s;
	int64_t expected_s; /* 0: not known */
};

static void follow(const struct look *look, size_t count)
{
	struct wallclock w = { 0 };

	for (size_t i = 0; i < count; i++) {
		wallclock_see(&w, look[i].boot_s * 1000, look[i].wall_s * 1000);
		assert_int_equal(w.is_known, look[i].expected_s != 0);
		if (w.is_known)
			assert_int_equal(
				wallclock_at(&w, look[i].boot_s * 1000),
				look[i].expected_s);
	}
}

#define FOLLOW(...)                                                            \
	do {                                                                   \
		static const struct look looks[] = { __VA_ARGS__ };            \
		follow(looks, ARRAY_SIZE(looks));                              \
	} while (0)

static void test_known_at_once(void **state)
{
	(void)state;
	FOLLOW({ 5, NOW_S, NOW_S }, { 65, NOW_S + 60, NOW_S + 60 });
}

static void test_boots_in_1970(void **state)
{
	(void)state;
	FOLLOW({ 5, 5, 0 }, { 500, 500, 0 }, { 600, NOW_S, NOW_S },
	       /* and loses it again: the boot's clock carries it on */
	       { 700, 700, NOW_S + 100 });
}

static void test_small_steps_are_followed(void **state)
{
	(void)state;
	FOLLOW({ 0, NOW_S, NOW_S }, { 10, NOW_S + 40, NOW_S + 40 },
	       { 20, NOW_S + 10, NOW_S + 10 },
	       { 30, NOW_S + 10 + HOUR_S, NOW_S + 10 + HOUR_S });
}

static void test_large_steps_must_last(void **state)
{
	(void)state;
	FOLLOW({ 10, NOW_S, NOW_S }, { 20, NOW_S + 90 * HOUR_S, NOW_S + 10 },
	       { 60, NOW_S + 90 * HOUR_S + 40, NOW_S + 50 },
	       { 80, NOW_S + 90 * HOUR_S + 60, NOW_S + 90 * HOUR_S + 60 });
	/* one that does not last is as if it had not been */
	FOLLOW({ 10, NOW_S, NOW_S }, { 20, NOW_S + 90 * HOUR_S, NOW_S + 10 },
	       { 60, NOW_S + 50, NOW_S + 50 },
	       { 100, NOW_S + 90 * HOUR_S + 80, NOW_S + 90 },
	       { 150, NOW_S + 90 * HOUR_S + 130, NOW_S + 140 });
	/* backwards as well, and one that goes on jumping is not believed */
	FOLLOW({ 10, NOW_S, NOW_S }, { 20, NOW_S - 9 * HOUR_S, NOW_S + 10 },
	       { 100, NOW_S - 20 * HOUR_S, NOW_S + 90 },
	       { 200, NOW_S - 31 * HOUR_S, NOW_S + 190 });
}

static void test_nonsense_is_ignored(void **state)
{
	(void)state;
	FOLLOW({ 10, NOW_S, NOW_S }, { 20, WALLCLOCK_LATEST_S, NOW_S + 10 },
	       { 90, 0, NOW_S + 80 }, { 100, -5, NOW_S + 90 });
}

static const struct {
	const char *tz;
	int64_t t, hour, midnight;
} locals[] = {
	{ "UTC0", 1792846799, 1792843200, 1792800000 },
	/* 25 hours: midnight is still that of the day */
	{ "CET-1CEST,M3.5.0,M10.5.0/3", 1792886400, 1792886400, 1792879200 },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", 1792969199, 1792965600, 1792879200 },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", 1792969200, 1792969200, 1792969200 },
	/* half past */
	{ "IST-5:30", 1792801799, 1792798200, 1792780200 },
};

static void test_local_hours(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(locals); i++) {
		setenv("TZ", locals[i].tz, 1);
		tzset();
		assert_int_equal(wallclock_hour(locals[i].t), locals[i].hour);
		assert_int_equal(wallclock_midnight(locals[i].t),
				 locals[i].midnight);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_at_once),
		cmocka_unit_test(test_boots_in_1970),
		cmocka_unit_test(test_small_steps_are_followed),
		cmocka_unit_test(test_large_steps_must_last),
		cmocka_unit_test(test_nonsense_is_ignored),
		cmocka_unit_test(test_local_hours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
