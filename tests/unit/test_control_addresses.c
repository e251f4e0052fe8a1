/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks of the uplinks, which guests are kept out of. */
#include "netctl/control/controller.h"
#include "tests/unit/controltest.h"

#define SOON_MS	 100
#define CHECK_MS 5000

static void begin_with_address(void)
{
	begin(CONFIG(""));
	kernel_add_address(WAN_INDEX, "203.0.113.5", 24);
	turn();
}

static void test_at_once(void **state)
{
	size_t before;

	(void)state;
	begin(CONFIG(""));
	before = kernel_count("special4");
	kernel_add_address(SQUARE_INDEX, "192.0.2.5", 24);
	turn();
	assert_int_equal(kernel_count("special4"), before);
	kernel_add_address(WAN_INDEX, "203.0.113.5", 24);
	turn(); /* and no time has passed */
	assert_int_equal(kernel_count("special4"), before + 2);
	kernel_add_address(WAN_INDEX, "203.0.113.9", 24); /* the same */
	turn();
	assert_int_equal(kernel_count("special4"), before + 2);
}

/* Routes change by the thousand, so they wait for one another. */
static void test_routes_wait(void **state)
{
	(void)state;
	begin(CONFIG(""));
	for (int i = 0; i < 10; i++) {
		kernel_tell_routes();
		turn();
	}
	assert_int_equal(kernel.calls[KERNEL_LIST_ADDRESSES], 0);
	pass(SOON_MS);
	assert_int_equal(kernel.calls[KERNEL_LIST_ADDRESSES], 1);
}

static void test_they_cannot_be_listed(void **state)
{
	size_t before;

	(void)state;
	begin_with_address();
	before = kernel_count("special4");
	kernel_fail(KERNEL_LIST_ADDRESSES, -ENOBUFS, 2);
	kernel_add_address(WAN_INDEX, "198.51.100.5", 24);
	turn();
	assert_int_equal(kernel_count("special4"), before);
	assert_said("error: addresses and routes of this box cannot be "
		    "listed: ");
	pass(CHECK_MS + SOON_MS);
	assert_int_equal(kernel_count("special4"), before);
	pass(CHECK_MS + SOON_MS);
	assert_int_equal(kernel_count("special4"), before + 2);
	assert_int_equal(said("error: "), 1);
}

static void test_as_a_nat64_calls_them(void **state)
{
	size_t before;

	(void)state;
	begin(CONFIG(""));
	before = kernel_count("special6");
	kernel_add_address(WAN_INDEX, "203.0.113.5", 24);
	turn();
	assert_int_equal(kernel_count("special6"), before + 2);
}

static void test_too_many(void **state)
{
	char text[32];

	(void)state;
	begin(CONFIG(""));
	for (unsigned int i = 0; i < 130; i++) {
		snprintf(text, sizeof(text), "203.%u.113.5", i);
		kernel_add_address(WAN_INDEX, text, 24);
	}
	turn();
	assert_said("error: uplinks have more than 256 networks: ");
}

/* Guests stay out rather than in a network that nobody knows of. */
static void test_they_cannot_be_listed_at_the_start(void **state)
{
	(void)state;
	begin_with_address();
	stop_controller();
	kernel_fail(KERNEL_LIST_ADDRESSES, -ENOBUFS, 1);
	assert_true(start_controller(CONFIG("")) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_at_once, tear_down),
		cmocka_unit_test_teardown(test_routes_wait, tear_down),
		cmocka_unit_test_teardown(test_as_a_nat64_calls_them,
					  tear_down),
		cmocka_unit_test_teardown(test_too_many, tear_down),
		cmocka_unit_test_teardown(test_they_cannot_be_listed,
					  tear_down),
		cmocka_unit_test_teardown(
			test_they_cannot_be_listed_at_the_start, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
