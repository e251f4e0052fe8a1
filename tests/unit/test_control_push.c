/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "controltest.h"

#include "netctl/session/shaper.h"

static void test_a_tap_lets_in(void **state)
{
	const struct kernel_element *e;
	struct session *s;

	(void)state;
	begin(CONFIG(""));
	join(1);
	tap(1);
	s = session_of(1);
	assert_non_null(s);
	assert_true(is_in(1));
	e = element("up_square", 1);
	assert_int_equal(e->data, (uint32_t)SLOT_UNCAPPED << 16);
	assert_true(e->ends_ms == KERNEL_START_MS + 3600000);
	assert_int_equal(totals().granted, 1);
	assert_quiet();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_a_tap_lets_in, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
