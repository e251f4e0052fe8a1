/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/array.h"
#include "portal/city/connection.h"
#include "portal/city/resp.h"

#define BYTES	 4096
#define ELEMENTS 100

static const struct resp_bounds bounds = { BYTES, ELEMENTS };

/* All bytes at once: how many replies there were, or -errno. */
static int play(struct resp *r, const char *text, size_t len)
{
	struct redisReply *reply;
	int err = resp_feed(r, text, len), replies = 0;

	while (!err) {
		err = resp_next(r, &reply);
		if (err <= 0)
			break;
		freeReplyObject(reply);
		replies++;
		err = 0;
	}
	return err ? err : replies;
}

static void test_what_is_taken(void **state)
{
	static const struct {
		const char *text;
		int replies;
	} cases[] = {
		{ "+OK\r\n-ERR no\r\n:7\r\n", 3 },
		{ "$-1\r\n*-1\r\n*0\r\n", 3 },
		{ "*1\r\n*2\r\n$1\r\na\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*2\r\n"
		  "$1\r\nr\r\n$0\r\n\r\n",
		  1 },
		{ "*2\r\n:1\r\n", 0 },
		{ "$9999999\r\n", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct resp *r = resp_new(&bounds);

		assert_int_equal(play(r, cases[i].text, strlen(cases[i].text)),
				 cases[i].replies);
		resp_free(r);
	}
}

/* Before any of it is there. */
static void test_what_lies_is_fatal(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "*100000000\r\n", "a reply of too many elements" },
		{ "*2147483647\r\n", "a reply of too many elements" },
		{ "*101\r\n", "a reply of too many elements" },
		{ "*60\r\n*60\r\n", "a reply of too many elements" },
		{ "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
		  "a reply that is nested too deep" },
		{ ">2\r\n", NULL },
		{ "%1\r\n", NULL },
		{ "~1\r\n", NULL },
		{ "|1\r\n", NULL },
		{ "HTTP/1.1 400 Bad Request\r\n",
		  "a reply that makes no sense" },
		{ "*-2\r\n", "a reply that makes no sense" },
		{ "$-2\r\n", "a reply that makes no sense" },
		{ ":x\r\n", "a reply that makes no sense" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct resp *r = resp_new(&bounds);
		int err = play(r, cases[i].text, strlen(cases[i].text));
		bool is_beyond = cases[i].why && strstr(cases[i].why, "many");

		if (err != (is_beyond ? -EMSGSIZE : -EPROTO))
			fail_msg("'%s' gives %d", cases[i].text, err);
		if (cases[i].why)
			assert_string_equal(resp_why(r), cases[i].why);
		resp_free(r);
	}
}

/* However it is cut, and the same number of elements again in the next. */
static void test_bounds_are_of_one_reply(void **state)
{
	struct resp *r = resp_new(&bounds);
	char text[1024] = "*100\r\n";

	(void)state;
	for (int i = 0; i < 100; i++)
		strcat(text, ":1\r\n");
	for (int i = 0; i < 100; i++)
		assert_int_equal(play(r, text, strlen(text)), 1);
	resp_free(r);
}

static void test_a_string_has_a_bound(void **state)
{
	static char block[1000];
	struct resp *r = resp_new(&bounds);

	(void)state;
	assert_int_equal(play(r, "$1000000\r\n", 10), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(play(r, block, sizeof(block)), 0);
	assert_int_equal(play(r, block, sizeof(block)), -EMSGSIZE);
	assert_string_equal(resp_why(r), "a reply of too many bytes");
	resp_free(r);
}

static struct redisReply *reply_of(struct resp *r, const char *text)
{
	struct redisReply *reply = NULL;

	assert_int_equal(resp_feed(r, text, strlen(text)), 0);
	assert_int_equal(resp_next(r, &reply), 1);
	return reply;
}

static void test_what_replies_hold(void **state)
{
	struct resp *r = resp_new(&bounds);
	struct redisReply *a = reply_of(r, "*2\r\n$6\r\nmaster\r\n:5\r\n");
	char code[RESP_CODE_MAX];
	size_t len = 0;

	(void)state;
	assert_int_equal(resp_count(a), 2);
	assert_true(resp_is(resp_at(a, 0), "master"));
	assert_false(resp_is(resp_at(a, 0), "mast"));
	assert_false(resp_is(resp_at(a, 1), "5"));
	assert_null(resp_at(a, 2));
	assert_null(resp_at(resp_at(a, 0), 0));
	assert_null(resp_bytes(a, &len));
	assert_int_equal(resp_count(NULL), 0);
	assert_false(resp_error(a, code));
	freeReplyObject(a);
	resp_free(r);
}

/* The log repeats them: no text of the store's choice. */
static void test_errors_are_one_word(void **state)
{
	static const struct {
		const char *text, *code;
	} cases[] = {
		{ "-OOM command not allowed\r\n", "OOM" },
		{ "-WRONGPASS\r\n", "WRONGPASS" },
		{ "-\x1b[31mERR\r\n", "" },
		{ "-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n",
		  "AAAAAAAAAAAAAAAAAAAAAAA" },
	};
	char code[RESP_CODE_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct resp *r = resp_new(&bounds);
		struct redisReply *reply = reply_of(r, cases[i].text);

		assert_true(resp_error(reply, code));
		assert_string_equal(code, cases[i].code);
		freeReplyObject(reply);
		resp_free(r);
	}
}

static void test_waits(void **state)
{
	(void)state;
	assert_int_equal(connection_wait_ms(0, 0), 0);
	assert_int_equal(connection_wait_ms(0, UINT16_MAX), 10000);
	assert_int_equal(connection_wait_ms(1, UINT16_MAX), 10000);
	assert_int_equal(connection_wait_ms(2, 0), 10000);
	assert_int_equal(connection_wait_ms(2, UINT16_MAX), 5000);
	assert_int_equal(connection_wait_ms(3, 0), 20000);
	assert_int_equal(connection_wait_ms(4, 0), 40000);
	assert_int_equal(connection_wait_ms(5, 0), 60000);
	assert_int_equal(connection_wait_ms(4000000, 0), 60000);
	assert_int_equal(connection_wait_ms(4000000, UINT16_MAX), 30000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_taken),
		cmocka_unit_test(test_what_lies_is_fatal),
		cmocka_unit_test(test_bounds_are_of_one_reply),
		cmocka_unit_test(test_a_string_has_a_bound),
		cmocka_unit_test(test_what_replies_hold),
		cmocka_unit_test(test_errors_are_one_word),
		cmocka_unit_test(test_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
