/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose name a request has, and what is shown by TLS only. */
#include "portal/guest/captive.h"
#include "tests/unit/guesttest.h"

#define SECURE "https://" HOST

static const struct guest_case strangers[] = {
	{ .line = "GET /status?lang=fr",
	  .host = "other.test",
	  .status = 302,
	  .location = "http://" HOST "/?via=o" },
	{ .line = "HEAD /",
	  .host = "other.test",
	  .status = 302,
	  .location = "http://" HOST "/?via=o" },
	{ .line = "POST /accept",
	  .host = "other.test",
	  .form = ACCEPT,
	  .status = 302,
	  .location = "http://" HOST "/?via=o" },
	{ .line = "GET /hotspot-detect.html",
	  .host = "captive.apple.com",
	  .status = 302,
	  .location = "http://" HOST "/?via=a" },
	{ .line = "GET /terms", .host = "PORTAL.test:80", .status = 200 },
	{ .line = "GET /terms", .host = "portal.test.", .status = 200 },
	{ .line = "GET /terms", .host = "", .status = 200 },
	{ .line = "GET /terms", .host = "192.0.2.1", .status = 200 },
	{ .line = "GET /terms", /* perhaps no names are known there */
	  .host = "192.0.2.2",
	  .status = 302,
	  .location = "http://192.0.2.1/?via=o" },
};

static void test_strangers(void **state)
{
	(void)state;
	assert_true(addr_parse(&t.local, "192.0.2.1"));
	run_cases(strangers, ARRAY_SIZE(strangers));
}

/* Requests meant for others, whatever they say. */
static void test_hijacked(void **state)
{
	static const struct guest_case c = { .line = "GET /terms",
					     .status = 302,
					     .location =
						     "http://" HOST "/?via=o" };

	(void)state;
	t.kind = LISTENER_HIJACK;
	run_case(&c);
}

static void test_no_hostname(void **state)
{
	static const struct guest_case cases[] = {
		{ .line = "GET /terms", .host = "192.0.2.1", .status = 200 },
		{ .line = "GET /terms",
		  .status = 302,
		  .location = "http://192.0.2.1/?via=o" },
	};
	struct portal_settings p = t.settings->portal;
	char none[] = "";

	(void)state;
	p.hostname = none;
	origin_init(&t.site.origin, &p);
	assert_true(addr_parse(&t.local, "192.0.2.1"));
	run_cases(cases, ARRAY_SIZE(cases));
}

/* With a certificate the name is for TLS, and the address for who has none. */
static void test_secure(void **state)
{
	static const struct guest_case plain[] = {
		{ .line = "GET /terms",
		  .status = 302,
		  .location = SECURE "/?via=o" },
		{ .line = "GET /terms", .host = "192.0.2.1", .status = 200 },
		{ .line = "GET /captive-api",
		  .host = "192.0.2.1",
		  .status = 404 },
	};
	static const struct guest_case secure[] = {
		{ .line = "GET /terms", .status = 200 },
		{ .line = "GET /captive-api",
		  .status = 200,
		  .has = { "{\"captive\":true,\"user-portal-url\":\"" SECURE
			   "/\"" },
		  .lacks = { "seconds-remaining" },
		  .asks = IPC_LOOKUP },
		{ .line = "HEAD /captive-api",
		  .status = 200,
		  .asks = IPC_LOOKUP },
		{ .line = "GET /captive-api",
		  .says = &granted,
		  .status = 200,
		  .has = { "\"captive\":false", "\"seconds-remaining\":1800",
			   "\"can-extend-session\":true" },
		  .asks = IPC_LOOKUP },
	};

	(void)state;
	t.site.origin.is_secure = true;
	assert_true(addr_parse(&t.local, "192.0.2.1"));
	run_cases(plain, ARRAY_SIZE(plain));
	t.kind = LISTENER_HTTPS;
	run_cases(secure, ARRAY_SIZE(secure));
	assert_string_equal(field("Content-Type"), CAPTIVE_TYPE);
	assert_string_equal(field("Cache-Control"), "no-store");
}

/* Programs get no page, whatever netctl refuses. */
static void test_captive_errors(void **state)
{
	static const int32_t errors[] = {
		-ENOENT, -ENOSPC, -EDQUOT, -EAGAIN, GATE_LEAVES, 0 /* away */
	};

	(void)state;
	t.kind = LISTENER_HTTPS;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct guest_case c = {
			.line = "GET /captive-api",
			.error = errors[i],
			.is_away = !errors[i],
			.status = 503,
			.has = { "{\"status\":503,\"title\":" },
			.lacks = { "<html" },
			.asks = errors[i] ? IPC_LOOKUP : IPC_NONE,
		};

		run_case(&c);
		assert_string_equal(field("Content-Type"),
				    "application/problem+json");
		assert_string_equal(field("Retry-After"), "5");
	}
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_strangers),	   TEST(test_hijacked),
		TEST(test_no_hostname),	   TEST(test_secure),
		TEST(test_captive_errors),
	};

	return cmocka_run_group_tests(tests, guesttest_start, guesttest_stop);
}
