/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "portal/live/live.h"
#include "portal/util/retry.h"
#include "portal/fetch/fetch_url.h"

#define AS_IS UINT_MAX

static const char *value_of(const char *json, const char *pointer,
			    unsigned int decimals)
{
	static char text[LIVE_TEXT_MAX];
	struct fetch_document d = { .bytes = json, .len = strlen(json) };
	struct live_source s = { .pointer = pointer, .decimals = decimals };
	const char *why = NULL;

	snprintf(text, sizeof(text), "before");
	if (live_value_parse(text, &d, &s, &why)) {
		assert_null(why);
		return text;
	}
	assert_non_null(why);
	assert_string_equal(text, "before");
	return NULL;
}

static void check(const char *got, const char *want, const char *of)
{
	if (!got != !want || (got && strcmp(got, want)))
		fail_msg("%s: %s, not %s", of, got ? got : "refused",
			 want ? want : "refused");
}

/* --- the pointer -------------------------------------------------------- */

/* The document of RFC 6901, section 5, and more. */
static const char rfc[] =
	"{\"foo\": [\"bar\", \"baz\"], \"\": 0, \"a/b\": 1, \"c%d\": 2,"
	" \"e^f\": 3, \"g|h\": 4, \"i\\\\j\": 5, \"k\\\"l\": 6, \" \": 7,"
	" \"m~n\": 8, \"~1\": 9, \"deep\": {\"\": {\"0\": 10}},"
	" \"ten\": [0,1,2,3,4,5,6,7,8,9,[\"x\"]], \"null\": null}";

static const struct {
	const char *pointer, *value;
} pointers[] = {
	{ "/foo/0", "bar" },
	{ "/foo/1", "baz" },
	{ "/", "0" },
	{ "/a~1b", "1" },
	{ "/c%d", "2" },
	{ "/e^f", "3" },
	{ "/g|h", "4" },
	{ "/i\\j", "5" },
	{ "/k\"l", "6" },
	{ "/ ", "7" },
	{ "/m~0n", "8" },
	{ "/~01", "9" },
	{ "/deep//0", "10" },
	{ "/ten/9", "9" },
	{ "/ten/10/0", "x" },
	{ "", NULL },
	{ "/foo", NULL },
	{ "/foo/", NULL },
	{ "/foo/2", NULL },
	{ "/foo/-", NULL },
	{ "/foo/-1", NULL },
	{ "/foo/00", NULL },
	{ "/foo/01", NULL },
	{ "/foo/1x", NULL },
	{ "/foo/0/", NULL },
	{ "/foo/4294967296", NULL },
	{ "/foo/18446744073709551616", NULL },
	{ "/null", NULL },
	{ "/null/x", NULL },
	{ "/Foo/0", NULL },
	{ "foo/0", NULL },
	{ "#/foo/0", NULL },
	{ "/a~b", NULL },
	{ "/a~", NULL },
	{ "/a~2", NULL },
};

static void test_pointer(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pointers); i++)
		check(value_of(rfc, pointers[i].pointer, 0), pointers[i].value,
		      pointers[i].pointer);
}

static void test_pointer_length(void **state)
{
	char pointer[LIVE_POINTER_MAX + 1];

	(void)state;
	memset(pointer, 'x', sizeof(pointer));
	pointer[0] = '/';
	pointer[LIVE_POINTER_MAX] = '\0';
	assert_false(live_pointer_is_valid(pointer));
	assert_null(value_of("{}", pointer, 0));
	pointer[LIVE_POINTER_MAX - 1] = '\0';
	assert_true(live_pointer_is_valid(pointer));
	assert_null(value_of("{}", pointer, 0));
}

/* --- what is shown ------------------------------------------------------ */

static const struct {
	const char *json;
	unsigned int decimals;
	const char *value;
} values[] = {
	{ "17", 0, "17" },
	{ "17", 2, "17.00" },
	{ "17", AS_IS, "17" },
	{ "-17", AS_IS, "-17" },
	{ "21.456", 0, "21" },
	{ "21.456", 1, "21.5" },
	{ "21.456", 6, "21.456000" },
	{ "21.456", AS_IS, "21.456" },
	{ "21.50", AS_IS, "21.50" },
	{ "2.15e1", AS_IS, "21.5" },
	{ "2E3", AS_IS, "2000" },
	{ "1e-9", AS_IS, "0" },
	{ "-1e-9", AS_IS, "0" },
	{ "-0.04", 1, "0.0" },
	{ "-0.06", 1, "-0.1" },
	{ "-0.2", 0, "0" },
	{ "-0", AS_IS, "0" },
	{ "0.1234567890123456789012345678901234567", AS_IS, "0.123457" },
	{ "1000000000000000", 6, "1000000000000000.000000" },
	{ "-1000000000000000", 6, "-1000000000000000.000000" },
	{ "1000000000000001", 0, NULL },
	{ "99999999999999999999999999", AS_IS, NULL },
	{ "1e16", AS_IS, NULL },
	{ "1e999", AS_IS, NULL },
	{ "NaN", AS_IS, NULL },
	{ "Infinity", AS_IS, NULL },
	{ "-Infinity", AS_IS, NULL },
	{ "true", 0, NULL },
	{ "false", 0, NULL },
	{ "null", 0, NULL },
	{ "[1]", 0, NULL },
	{ "{\"a\":1}", 0, NULL },
	{ "\"offen\"", 0, "offen" },
	{ "\"12.50 \\u20ac\"", 0, "12.50 \xe2\x82\xac" },
	{ "\"<b>&amp;\"", 0, "<b>&amp;" },
	{ "\"\xd9\x85\xd9\x81\"", 0, "\xd9\x85\xd9\x81" },
	{ "\"\\ud83d\\ude97 7\"", 0, "\xf0\x9f\x9a\x97 7" },
	{ "\"\"", 0, NULL },
	{ "\"1234567890123456789012345678901\"", 0,
	  "1234567890123456789012345678901" },
	{ "\"12345678901234567890123456789012\"", 0, NULL },
	{ "\"a\\nb\"", 0, NULL },
	{ "\"a\\u0000b\"", 0, NULL },
	{ "\"a\\u001b[1m\"", 0, NULL },
	{ "\"a\\u007f\"", 0, NULL },
	{ "\"a\\u0085\"", 0, NULL },
	{ "\"\\u00a0a\"", 0,
	  "\xc2\xa0"
	  "a" },
	{ "\"a\\u2028\"", 0, NULL },
	{ "\"a\\u2029\"", 0, NULL },
	{ "\"a\\u202a\"", 0, NULL },
	{ "\"a\\u202e\"", 0, NULL },
	{ "\"a\\u2066\"", 0, NULL },
	{ "\"a\\u2069\"", 0, NULL },
	{ "\"\\u202f\\u2065\"", 0, "\xe2\x80\xaf\xe2\x81\xa5" },
	{ "\"\xff\"", 0, NULL },
	{ "\"\xc3\"", 0, NULL },
	{ "\"\xe2\x80\"", 0, NULL },
	{ "\"\xc0\x8a\"", 0, NULL },
	{ "\xef\xbb\xbf"
	  "17",
	  0, "17" },
	{ " 17 \r\n", 0, "17" },
	{ "17 18", 0, NULL },
	{ "\"a\" x", 0, NULL },
	{ "\"a", 0, NULL },
	{ "'a'", 0, NULL },
	{ "", 0, NULL },
	{ " ", 0, NULL },
	{ "\xef\xbb\xbf", 0, NULL },
};

static void test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		check(value_of(values[i].json, "", values[i].decimals),
		      values[i].value, values[i].json);
}

static void test_depth(void **state)
{
	char json[101];

	(void)state;
	memset(json, '[', 50);
	memset(json + 50, ']', 50);
	json[100] = '\0';
	assert_null(value_of(json, "", 0));
	assert_string_equal(
		value_of("[[[[[[[[[[[[[[[[[[[[7]]]]]]]]]]]]]]]]]]]]",
			 "/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0", 0),
		"7");
}

/* What follows a 0 is part of the document. */
static void test_hidden_end(void **state)
{
	struct fetch_document d = { .bytes = "7\0x", .len = 3 };
	struct live_source s = { .pointer = "", .decimals = 0 };
	char text[LIVE_TEXT_MAX] = "";
	const char *why = NULL;

	(void)state;
	assert_false(live_value_parse(text, &d, &s, &why));
	assert_string_equal(why, "the answer is no JSON");
}

/* --- time --------------------------------------------------------------- */

static void test_age(void **state)
{
	struct live_value v;

	(void)state;
	assert_true(live_value_set_age(&v, 0, 300));
	assert_int_equal(v.age_s, 0);
	assert_false(v.is_stale);
	assert_true(live_value_set_age(&v, 600000, 300));
	assert_int_equal(v.age_s, 600);
	assert_false(v.is_stale);
	assert_true(live_value_set_age(&v, 600001, 300));
	assert_true(v.is_stale);
	assert_true(live_value_set_age(&v, 86400999, 300));
	assert_int_equal(v.age_s, 86400);
	assert_false(live_value_set_age(&v, 86401000, 300));
}

static const struct {
	uint64_t interval_s;
	unsigned int failures;
	uint64_t wait_s;
} waits[] = {
	{ 300, 0, 300 },   { 300, 1, 15 },
	{ 300, 2, 30 },	   { 300, 3, 60 },
	{ 300, 8, 1920 },  { 300, 9, 2400 },
	{ 300, 10, 2400 }, { 300, 1000, 2400 },
	{ 60, 1, 15 },	   { 60, 6, 480 },
	{ 60, 1000, 480 }, { 1200, 1000, 3600 },
	{ 10, 1, 10 },	   { 10, 2, 20 },
	{ 7200, 0, 7200 }, { 7200, UINT_MAX, 7200 },
};

static void test_wait(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		uint64_t s = waits[i].interval_s;
		unsigned int n = waits[i].failures;
		uint64_t ms = waits[i].wait_s * 1000;

		assert_int_equal(retry_wait_ms(s, n, 0), ms - ms / 10);
		assert_in_range(retry_wait_ms(s, n, 32768), ms - 5, ms + 500);
		assert_int_equal(retry_wait_ms(s, n, UINT16_MAX), ms + ms / 10);
	}
}

/* --- URLs --------------------------------------------------------------- */

static void test_url(void **state)
{
	struct fetch_url u;

	(void)state;
	assert_true(fetch_url_parse(&u, "https://City.example"));
	assert_true(u.is_secure);
	assert_false(u.is_address);
	assert_string_equal(u.host, "City.example");
	assert_string_equal(u.authority, "City.example");
	assert_int_equal(u.port, 443);
	assert_string_equal(u.target, "/");
	assert_string_equal(u.authorization, "");
	assert_true(fetch_url_parse(
		&u, "HTTP://me:p%40ss@[2001:db8::1]:8080/a/b?c=d&e#f"));
	assert_false(u.is_secure);
	assert_true(u.is_address);
	assert_string_equal(u.host, "2001:db8::1");
	assert_string_equal(u.authority, "[2001:db8::1]:8080");
	assert_int_equal(u.port, 8080);
	assert_string_equal(u.target, "/a/b?c=d&e");
	assert_string_equal(u.authorization, "Basic bWU6cEBzcw==");
	assert_true(fetch_url_parse(&u, "http://192.0.2.1?q"));
	assert_true(u.is_address);
	assert_int_equal(u.port, 80);
	assert_string_equal(u.target, "/?q");
	assert_string_equal(u.authorization, "");
}

static void test_url_lengths(void **state)
{
	char login[FETCH_LOGIN_MAX + 1];
	char url[FETCH_TARGET_MAX + FETCH_LOGIN_MAX];
	struct fetch_url u;

	(void)state;
	memset(login, 'x', sizeof(login));
	snprintf(url, sizeof(url), "http://%.*s@host/", FETCH_LOGIN_MAX, login);
	assert_true(fetch_url_parse(&u, url));
	assert_int_equal(strlen(u.authorization), 6 + FETCH_LOGIN_MAX / 3 * 4);
	snprintf(url, sizeof(url), "http://%.*s@host/", FETCH_LOGIN_MAX + 1,
		 login);
	assert_false(fetch_url_parse(&u, url));
}

static const char *const bad_urls[] = {
	"",
	"host",
	"/path",
	"//host/path",
	"ftp://host/",
	"httpss://host/",
	"http:",
	"http:///",
	"http://:80/",
	"http://host:0/",
	"http://host:65536/",
	"http://host:-1/",
	"http://[::1/",
	"http://[v1.x]/",
	"http://ho st/",
	"http://host/a b",
	"http://host/\r\nX: y",
	"http://host/\xc3\xa4",
};

static void test_bad_urls(void **state)
{
	struct fetch_url u;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_urls); i++) {
		if (fetch_url_parse(&u, bad_urls[i]))
			fail_msg("%s", bad_urls[i]);
	}
}

/* --- without a network -------------------------------------------------- */

static void test_sources(void **state)
{
	struct event_base *base = event_base_new();
	struct live *l = live_new(base);
	struct live_source s[LIVE_SOURCES_MAX + 1];
	struct live_value v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(s); i++)
		s[i] = (struct live_source){ .url = "https://city.example/",
					     .pointer = "/a",
					     .interval_s = 300 };
	assert_non_null(l);
	assert_int_equal(live_set_sources(l, s, ARRAY_SIZE(s)), -E2BIG);
	assert_int_equal(live_set_sources(l, s, LIVE_SOURCES_MAX), 0);
	assert_int_equal(
		event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED),
		LIVE_SOURCES_MAX);
	assert_false(live_get(l, 0, &v));
	assert_false(live_get(l, LIVE_SOURCES_MAX, &v));
	assert_false(live_get(l, SIZE_MAX, &v));
	assert_int_equal(live_set_sources(l, NULL, 0), 0);
	assert_int_equal(
		event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED), 0);
	live_free(l);
	live_free(NULL);
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pointer),
		cmocka_unit_test(test_pointer_length),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_hidden_end),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_url),
		cmocka_unit_test(test_url_lengths),
		cmocka_unit_test(test_bad_urls),
		cmocka_unit_test(test_sources),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
