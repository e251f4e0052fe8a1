/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A zone with several ways in: whose form it is, and which are its. */
#include "tests/unit/guesttest.h"

#include "portal/guest/routes.h"

static int start_choice(void **state)
{
	set_up(state);
	t.at = CHOICE_ZONE;
	return 0;
}

/* --- the page ----------------------------------------------------------- */

static void test_page(void **state)
{
	static const struct guest_case cases[] = {
		{ .line = "GET /",
		  .status = 200,
		  .has = { "value=\"click\"", "way_click", "value=\"voucher\"",
			   "way_code" },
		  .lacks = { "portal_intro", "portal_code_intro",
			     "point_registration" },
		  .asks = IPC_LOOKUP },
	};

	(void)state;
	run_cases(cases, ARRAY_SIZE(cases));
}

/* Who has one way in is offered no choice. */
static void test_page_without_choice(void **state)
{
	static const struct guest_case one = {
		.line = "GET /",
		.status = 200,
		.has = { "value=\"click\"", "portal_intro",
			 "point_registration" },
		.lacks = { "value=\"voucher\"", "way_click", "choice_intro" },
		.asks = IPC_LOOKUP,
	};

	(void)state;
	t.at = CLICK_ZONE;
	run_case(&one);
}

/* --- what comes back ---------------------------------------------------- */

static void test_forms(void **state)
{
	static const struct guest_case cases[] = {
		{ .line = "POST /accept",
		  .form = ACCEPT "&way=click",
		  .status = 303,
		  .location = "/status",
		  .asks = IPC_GRANT },
		{ .line = "POST /accept",
		  .form = ACCEPT "&way=voucher",
		  .status = 200,
		  .has = { "notice_code_missing", "value=\"click\"" } },
		{ .line = "POST /accept", /* whose form is it? */
		  .form = ACCEPT,
		  .status = 303,
		  .location = "/" },
		{ .line = "POST /accept",
		  .form = ACCEPT "&way=",
		  .status = 303,
		  .location = "/" },
		{ .line = "POST /extend",
		  .form = ACCEPT,
		  .status = 303,
		  .location = "/extended",
		  .asks = IPC_GRANT },
	};

	(void)state;
	run_cases(cases, ARRAY_SIZE(cases));
}

/* A way that the zone does not have is none, whoever names it. */
static void test_way_of_another_zone(void **state)
{
	static const struct guest_case cases[] = {
		{ .line = "POST /accept",
		  .form = ACCEPT "&way=click",
		  .status = 303,
		  .location = "/" },
		{ .line = "POST /extend",
		  .form = ACCEPT "&way=click",
		  .status = 303,
		  .location = "/status" },
	};

	(void)state;
	t.at = CODE_ZONE;
	run_cases(cases, ARRAY_SIZE(cases));
}

/* --- what netctl says --------------------------------------------------- */

/* Who came by a code is told no new rules, and no tap prolongs it. */
static void test_status(void **state)
{
	const struct ipc_session by_tap = { .state = SESSION_GRANTED,
					    .left_s = 1800,
					    .terms = TERMS - 1 };
	const struct ipc_session by_code = { .state = SESSION_GRANTED,
					     .left_s = 1800,
					     .terms = TERMS - 1,
					     .is_tagged = 1 };
	const struct guest_case cases[] = {
		{ .line = "GET /status",
		  .says = &by_tap,
		  .status = 200,
		  .has = { "button_extend", "button_accept_again",
			   "name=\"way\" value=\"click\"" },
		  .asks = IPC_LOOKUP },
		{ .line = "GET /status",
		  .says = &by_code,
		  .status = 200,
		  .lacks = { "button_extend", "button_accept_again" },
		  .asks = IPC_LOOKUP },
	};

	(void)state;
	run_cases(cases, ARRAY_SIZE(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_page, start_choice),
		cmocka_unit_test_setup(test_page_without_choice, start_choice),
		cmocka_unit_test_setup(test_forms, start_choice),
		cmocka_unit_test_setup(test_way_of_another_zone, start_choice),
		cmocka_unit_test_setup(test_status, start_choice),
	};

	return cmocka_run_group_tests(tests, guesttest_start, guesttest_stop);
}
