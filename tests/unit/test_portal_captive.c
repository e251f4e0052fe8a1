/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What phones read of a session, as RFC 8908 has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "common/array.h"
#include "portal/guest/captive.h"

static const char hostname[] = "portal.test";

static size_t build(char out[CAPTIVE_BYTES_MAX], const char *venue,
		    const struct zone_settings *z, const struct ipc_session *s)
{
	const struct portal_settings p = {
		.hostname = (char *)(size_t)hostname,
		.venue_url = (char *)(size_t)venue,
	};

	return captive_build(out, &p, z, s);
}

/* The object, for json_object_put(). */
static json_object *built(const struct zone_settings *z,
			  const struct ipc_session *s)
{
	char out[CAPTIVE_BYTES_MAX];
	size_t len = build(out, "", z, s);
	json_object *o;

	assert_true(len > 0);
	assert_int_equal(strlen(out), len);
	assert_int_equal(out[len - 1], '\n');
	o = json_tokener_parse(out);
	assert_non_null(o);
	return o;
}

static json_object *member(json_object *o, const char *key)
{
	json_object *value = NULL;

	json_object_object_get_ex(o, key, &value);
	return value;
}

static bool is_true(json_object *o, const char *key)
{
	json_object *value = member(o, key);

	assert_true(json_object_is_type(value, json_type_boolean));
	return json_object_get_boolean(value);
}

/* -1: it is not told. */
static int64_t number(json_object *o, const char *key)
{
	json_object *value = member(o, key);

	if (!value)
		return -1;
	assert_true(json_object_is_type(value, json_type_int));
	return json_object_get_int64(value);
}

/* --- who is captive ----------------------------------------------------- */

static void test_captive(void **state)
{
	const struct zone_settings z = { .ways = 1 << ZONE_AUTH_CLICK };

	(void)state;
	for (uint32_t is = SESSION_UNKNOWN; is <= SESSION_ENDED; is++) {
		for (uint32_t o = IPC_OUTLET_OPEN; o < IPC_OUTLET_MAX; o++) {
			const struct ipc_session s = { .state = is,
						       .outlet = o,
						       .left_s = 60 };
			bool is_out =
				is == SESSION_GRANTED && o == IPC_OUTLET_OPEN;
			json_object *json = built(&z, &s);

			assert_int_equal(is_true(json, "captive"), !is_out);
			/* RFC 8908, 5: only of who is not captive */
			assert_int_equal(number(json, "seconds-remaining"),
					 is_out ? 60 : -1);
			assert_string_equal(json_object_get_string(member(
						    json, "user-portal-url")),
					    "https://portal.test/");
			assert_null(member(json, "venue-info-url"));
			json_object_put(json);
		}
	}
}

/* --- what is left ------------------------------------------------------- */

static const struct {
	uint64_t left_s, quota, up, down, over_quota;
	int64_t seconds, bytes; /* -1: not told */
} remains[] = {
	{ .left_s = 0, .seconds = 0, .bytes = -1 },
	{ .left_s = 1800, .seconds = 1800, .bytes = -1 },
	{ .left_s = IPC_UNLIMITED, .seconds = -1, .bytes = -1 },
	{ .left_s = IPC_UNLIMITED - 1, .seconds = INT64_MAX, .bytes = -1 },
	{ .quota = 1000, .up = 300, .down = 200, .seconds = 0, .bytes = 500 },
	{ .quota = 1000, .up = 999, .seconds = 0, .bytes = 1 },
	{ .quota = 1000, .down = 1000, .seconds = 0, .bytes = 0 },
	{ .quota = 1000, .up = 600, .down = 600, .seconds = 0, .bytes = 0 },
	{ .quota = IPC_UNLIMITED, .up = 5, .seconds = 0, .bytes = -1 },
	{ .quota = IPC_UNLIMITED - 1, .seconds = 0, .bytes = INT64_MAX },
	/* slower is not over */
	{ .quota = 1000, .over_quota = OVER_QUOTA_SLOW, .bytes = -1 },
};

static void test_remains(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(remains); i++) {
		const struct zone_settings z = {
			.over_quota = remains[i].over_quota,
		};
		const struct ipc_session s = {
			.state = SESSION_GRANTED,
			.left_s = remains[i].left_s,
			.up_bytes = remains[i].up,
			.down_bytes = remains[i].down,
			.limits = { .quota_bytes = remains[i].quota },
		};
		json_object *o = built(&z, &s);

		assert_int_equal(number(o, "seconds-remaining"),
				 remains[i].seconds);
		assert_int_equal(number(o, "bytes-remaining"),
				 remains[i].bytes);
		json_object_put(o);
	}
}

/* --- who may stay ------------------------------------------------------- */

static const struct {
	uint64_t auth;
	uint32_t state, is_tagged;
	bool may;
	struct {
		uint32_t is_closed;
		int64_t change_s;
		uint64_t change_in_s;
	} hours;
} extensions[] = {
	{ ZONE_AUTH_CLICK, SESSION_GRANTED, 0, true, { 0 } },
	{ ZONE_AUTH_CLICK, SESSION_UNKNOWN, 0, true, { 0 } },
	{ ZONE_AUTH_CLICK,
	  SESSION_GRANTED,
	  1,
	  false,
	  { 0 } }, /* it was by code */
	{ ZONE_AUTH_VOUCHER, SESSION_GRANTED, 0, false, { 0 } },
	{ ZONE_AUTH_VOUCHER, SESSION_GRANTED, 1, false, { 0 } },
	/* opening hours: closed, and a session that ends by the closing */
	{ ZONE_AUTH_CLICK, SESSION_UNKNOWN, 0, false, { 1, 9, 3600 } },
	{ ZONE_AUTH_CLICK, SESSION_UNKNOWN, 0, false, { 1, 0, IPC_UNLIMITED } },
	{ ZONE_AUTH_CLICK, SESSION_GRANTED, 0, false, { 0, 9, 60 } },
	{ ZONE_AUTH_CLICK, SESSION_GRANTED, 0, true, { 0, 9, 3600 } },
};

static void test_extension(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(extensions); i++) {
		const struct zone_settings z = {
			.ways = 1U << extensions[i].auth
		};
		const struct ipc_session s = {
			.state = extensions[i].state,
			.is_tagged = extensions[i].is_tagged,
			.is_closed = extensions[i].hours.is_closed,
			.change_s = extensions[i].hours.change_s,
			.change_in_s = extensions[i].hours.change_in_s,
		};
		json_object *o = built(&z, &s);

		assert_int_equal(is_true(o, "can-extend-session"),
				 extensions[i].may);
		json_object_put(o);
	}
}

/* --- bytes -------------------------------------------------------------- */

static void test_bytes(void **state)
{
	const struct zone_settings z = { .ways = 1 << ZONE_AUTH_CLICK };
	const struct ipc_session in = { .state = SESSION_GRANTED,
					.left_s = 60,
					.limits = { .quota_bytes = 9 } };
	char out[CAPTIVE_BYTES_MAX];
	const char *text = "{\"captive\":false,"
			   "\"user-portal-url\":\"https://portal.test/\","
			   "\"venue-info-url\":\"https://city.test/a?b=\\\"\","
			   "\"can-extend-session\":true,"
			   "\"seconds-remaining\":60,"
			   "\"bytes-remaining\":9}\n";

	(void)state;
	assert_int_equal(build(out, "https://city.test/a?b=\"", &z, &in),
			 strlen(text));
	assert_string_equal(out, text);
}

/* The longest that fits, and one byte more. */
static void test_too_long(void **state)
{
	const struct zone_settings z = { .ways = 1 << ZONE_AUTH_CLICK };
	const struct ipc_session in = { .state = SESSION_GRANTED };
	char out[CAPTIVE_BYTES_MAX], venue[CAPTIVE_BYTES_MAX + 1] = "v";
	size_t rest = CAPTIVE_BYTES_MAX - build(out, venue, &z, &in);

	(void)state;
	memset(venue, 'v', rest);
	assert_int_equal(build(out, venue, &z, &in), CAPTIVE_BYTES_MAX - 1);
	assert_int_equal(out[CAPTIVE_BYTES_MAX - 2], '\n');
	venue[rest] = 'v';
	assert_int_equal(build(out, venue, &z, &in), 0);
	memset(venue, 'v', CAPTIVE_BYTES_MAX);
	assert_int_equal(build(out, venue, &z, &in), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_captive),
		cmocka_unit_test(test_remains),
		cmocka_unit_test(test_extension),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
