/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "portal/http/request.h"

#define HOST "Host: gate\r\n"

static const struct verdict {
	const char *text;
	enum request_result result;
	unsigned int status;
} verdicts[] = {
	{ "GET / HTTP/1.1\r\n" HOST "\r\n", REQUEST_DONE, 0 },
	{ "\r\nGET / HTTP/1.1\r\n" HOST "\r\n", REQUEST_DONE, 0 },
	{ "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", REQUEST_BAD, 400 },
	{ "GET / HTTP/1.0\r\n\r\n", REQUEST_DONE, 0 },
	{ "GET / HTTP/1.7\r\n" HOST "\r\n", REQUEST_DONE, 0 },
	{ "GET / HTTP/1.1\r\nHost:\r\n\r\n", REQUEST_DONE, 0 },
	{ "GET / HTTP/1.1\r\nhOST:gate\r\n\r\n", REQUEST_DONE, 0 },
	{ "HEAD / HTTP/1.1\r\n" HOST "\r\n", REQUEST_DONE, 0 },
	{ "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", REQUEST_DONE, 0 },
	{ "DELETE / HTTP/1.1\r\n" HOST "\r\n", REQUEST_DONE, 0 },
	/* not yet complete */
	{ "", REQUEST_MORE, 0 },
	{ "G", REQUEST_MORE, 0 },
	{ "\r", REQUEST_MORE, 0 },
	{ "GET / HTTP/1.1\r", REQUEST_MORE, 0 },
	{ "GET / HTTP/1.1\r\n" HOST "\r", REQUEST_MORE, 0 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\na", REQUEST_MORE,
	  0 },
	/* the request line */
	{ "GET /\r\n\r\n", REQUEST_BAD, 400 },
	{ "GET / \r\n\r\n", REQUEST_BAD, 400 },
	{ "GET  / HTTP/1.1\r\n" HOST "\r\n", REQUEST_BAD, 400 },
	{ "GET /a b HTTP/1.1\r\n" HOST "\r\n", REQUEST_BAD, 400 },
	{ "GET / HTTP/1.1 \r\n" HOST "\r\n", REQUEST_BAD, 400 },
	{ "\rGET", REQUEST_BAD, 400 },
	{ " GET / HTTP/1.1\r\n" HOST "\r\n", REQUEST_BAD, 400 },
	{ "GET / http/1.1\r\n" HOST "\r\n", REQUEST_BAD, 400 },
	{ "GET / HTTP/11\r\n" HOST "\r\n", REQUEST_BAD, 400 },
	{ "GET / HTTP/1.\r\n" HOST "\r\n", REQUEST_BAD, 400 },
	{ "GET / HTTP/2.0\r\n" HOST "\r\n", REQUEST_BAD, 505 },
	{ "GET / HTTP/0.9\r\n" HOST "\r\n", REQUEST_BAD, 505 },
	{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", REQUEST_BAD, 505 },
	{ "BREW / HTTP/1.1\r\n" HOST "\r\n", REQUEST_BAD, 501 },
	{ "get / HTTP/1.1\r\n" HOST "\r\n", REQUEST_BAD, 501 },
	{ "CONNECT a:443 HTTP/1.1\r\n" HOST "\r\n", REQUEST_BAD, 501 },
	{ "G(T / HTTP/1.1\r\n" HOST "\r\n", REQUEST_BAD, 400 },
	{ "\x16\x03\x01\x02", REQUEST_BAD, 400 },
	{ "SSH-2.0-OpenSSH_9.2p1 Debian", REQUEST_MORE, 0 },
	{ "AAAAAAAAAAAAAAAAAAAAAAAAA", REQUEST_BAD, 400 },
	{ "GET /\x01 HTTP/1.1\r\n" HOST "\r\n", REQUEST_BAD, 400 },
	{ "GET http:// HTTP/1.1\r\n" HOST "\r\n", REQUEST_BAD, 400 },
	{ "GET http://a@b/ HTTP/1.1\r\n" HOST "\r\n", REQUEST_BAD, 400 },
	/* line ends */
	{ "GET / HTTP/1.1\n" HOST "\r\n", REQUEST_BAD, 400 },
	{ "GET / HTTP/1.1\r\nHost: a\n\r\n", REQUEST_BAD, 400 },
	{ "GET / HTTP/1.1\r\r\n" HOST "\r\n", REQUEST_BAD, 400 },
	{ "GET / HTTP/1.1\r\nA: b\rc\r\n" HOST "\r\n", REQUEST_BAD, 400 },
	/* fields */
	{ "GET / HTTP/1.1\r\n\r\n", REQUEST_BAD, 400 },
	{ "GET / HTTP/1.1\r\n" HOST HOST "\r\n", REQUEST_BAD, 400 },
	{ "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", REQUEST_BAD, 400 },
	{ "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", REQUEST_BAD, 400 },
	{ "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", REQUEST_BAD, 400 },
	{ "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", REQUEST_BAD, 400 },
	{ "GET / HTTP/1.1\r\nHost : a\r\n\r\n", REQUEST_BAD, 400 },
	{ "GET / HTTP/1.1\r\n" HOST " folded\r\n\r\n", REQUEST_BAD, 400 },
	{ "GET / HTTP/1.1\r\n" HOST "\tfolded\r\n\r\n", REQUEST_BAD, 400 },
	{ "GET / HTTP/1.1\r\n" HOST "nonsense\r\n\r\n", REQUEST_BAD, 400 },
	{ "GET / HTTP/1.1\r\n" HOST ": empty\r\n\r\n", REQUEST_BAD, 400 },
	{ "GET / HTTP/1.1\r\n" HOST "A: \x7f\r\n\r\n", REQUEST_BAD, 400 },
	{ "GET / HTTP/1.1\r\n" HOST "A:\r\n\r\n", REQUEST_DONE, 0 },
	{ "GET / HTTP/1.1\r\n" HOST "A: \xc3\xa4\r\n\r\n", REQUEST_DONE, 0 },
	/* bodies */
	{ "POST / HTTP/1.1\r\n" HOST "\r\n", REQUEST_BAD, 411 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", REQUEST_DONE,
	  0 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 4096\r\n\r\n",
	  REQUEST_MORE, 0 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 4097\r\n\r\n",
	  REQUEST_BAD, 413 },
	/* 7 in 32 bits */
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 4294967303\r\n\r\n",
	  REQUEST_BAD, 413 },
	{ "GET / HTTP/1.1\r\n" HOST "Content-Length: 99999\r\n\r\n",
	  REQUEST_BAD, 413 },
	{ "POST / HTTP/1.1\r\n" HOST
	  "Content-Length: 99999999999999999999\r\n\r\n",
	  REQUEST_BAD, 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", REQUEST_BAD,
	  400 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\n", REQUEST_BAD,
	  400 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n\r\n", REQUEST_BAD,
	  400 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n",
	  REQUEST_BAD, 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", REQUEST_BAD,
	  400 },
	{ "POST / HTTP/1.1\r\n" HOST
	  "Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
	  REQUEST_BAD, 400 },
	{ "POST / HTTP/1.1\r\n" HOST
	  "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na",
	  REQUEST_BAD, 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n",
	  REQUEST_BAD, 411 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n",
	  REQUEST_BAD, 501 },
	{ "POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n",
	  REQUEST_BAD, 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
	  "Transfer-Encoding: chunked\r\n\r\n",
	  REQUEST_BAD, 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Type: a/b\r\n"
	  "Content-Type: a/b\r\nContent-Length: 0\r\n\r\n",
	  REQUEST_BAD, 400 },
};

static enum request_result feed(struct request *r, const char *text, size_t len)
{
	char *exact = malloc(len ? len : 1); /* so that ASan sees the end */
	enum request_result result;

	assert_non_null(exact);
	memcpy(exact, text, len);
	request_init(r, false);
	result = request_feed(r, exact, len);
	free(exact);
	return result;
}

static void test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		const struct verdict *v = &verdicts[i];
		struct request r;

		if (feed(&r, v->text, strlen(v->text)) != v->result ||
		    r.status != v->status)
			fail_msg("%zu: status %u for %s", i, r.status, v->text);
	}
}

/* Byte by byte must end as it ends in one piece. */
static void test_slowly(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		const struct verdict *v = &verdicts[i];
		size_t len = strlen(v->text);
		enum request_result result = REQUEST_MORE;
		struct request r;

		request_init(&r, false);
		for (size_t n = 1; n <= len && result == REQUEST_MORE; n++)
			result = request_feed(&r, v->text, n);
		if (result != v->result || r.status != v->status)
			fail_msg("%zu: status %u for %s", i, r.status, v->text);
	}
}

static void test_values(void **state)
{
	static const char text[] =
		"POST /acc%65pt?x=1&lang=en&lang=toolongtoolong HTTP/1.1\r\n"
		"Host: Gate.Example:80\r\n"
		"Accept-Language: en, de;q=0.5\r\n"
		"Sec-Fetch-Site: cross-site\r\n"
		"Content-Type: application/x-www-form-urlencoded; charset=x\r\n"
		"Content-Length: 7\r\n\r\nterms=1GET";
	struct request r;

	(void)state;
	assert_int_equal(feed(&r, text, sizeof(text) - 1), REQUEST_DONE);
	assert_int_equal(r.method, REQUEST_POST);
	assert_string_equal(r.path, "/accept");
	assert_string_equal(r.lang, "en");
	assert_string_equal(r.host, "gate.example:80");
	assert_string_equal(r.accept_language, "en, de;q=0.5");
	assert_true(r.is_form);
	assert_true(r.is_cross_site);
	assert_int_equal(r.body_len, 7);
	assert_memory_equal(text + r.body_at, "terms=1", 7);
}

static const struct {
	const char *target;
	const char *path;
	const char *host;
	bool is_bad;
} targets[] = {
	{ "/", "/", "gate", false },
	{ "/terms?lang=de#x", "", "gate", true },
	{ "/../../etc/passwd", "/../../etc/passwd", "gate", false },
	{ "/%2e%2e/", "/../", "gate", false },
	{ "/%", "", "gate", true },
	{ "/%1", "", "gate", true },
	{ "/%zz", "", "gate", true },
	{ "/%00", "", "gate", true },
	{ "/a%0d%0ab", "", "gate", true },
	{ "/\xc3\xa4", "", "gate", true },
	{ "\\", "", "gate", true },
	{ "terms", "", "gate", true },
	{ "*", "", "gate", true },
	{ "?lang=de", "", "gate", true },
	{ "http://Other.example", "/", "other.example", false },
	{ "http://other.example?lang=de", "/", "other.example", false },
	{ "http://other.example:8080/x", "/x", "other.example:8080", false },
	{ "https://other.example/x", "/x", "other.example", false },
	{ "ftp://other.example/x", "", "gate", true },
};

static void test_targets(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		char text[256];
		struct request r;
		int len = snprintf(text, sizeof(text),
				   "GET %s HTTP/1.1\r\n" HOST "\r\n",
				   targets[i].target);

		assert_int_equal(feed(&r, text, (size_t)len), REQUEST_DONE);
		if (strcmp(r.path, targets[i].path) ||
		    strcmp(r.host, targets[i].host) ||
		    r.path_is_bad != targets[i].is_bad)
			fail_msg("%s: path %s, host %s", targets[i].target,
				 r.path, r.host);
	}
}

/* A hijacked request is answered after its head, whatever body it has. */
static void test_ignored_body(void **state)
{
	static const char *const texts[] = {
		"POST / HTTP/1.1\r\n" HOST "Content-Length: 99999\r\n\r\n",
		"POST / HTTP/1.1\r\n" HOST "\r\n",
		"BREW / HTTP/1.1\r\n" HOST "\r\n",
		"PUT /x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n",
		"GET /%zz\x80 HTTP/1.1\r\n" HOST "\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct request r;

		request_init(&r, true);
		assert_int_equal(request_feed(&r, texts[i], strlen(texts[i])),
				 REQUEST_DONE);
	}
}

/* --- what operators' requests are read for ------------------------------ */

#define KEY64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static enum request_result feed_extra(struct request *r,
				      struct request_extra *e, const char *text)
{
	request_init(r, false);
	request_want_extra(r, e);
	return request_feed(r, text, strlen(text));
}

static void test_extra(void **state)
{
	static const char text[] =
		"GET /api/usage?step=day&zone=%41&lang=en HTTP/1.1\r\n" HOST
		"Authorization: Bearer abc.DEF-9\r\n"
		"Cookie: a=b; stadttor=" KEY64 "; __Host-stadttor=" KEY64 "\r\n"
		"Origin: HTTP://Gate:2090\r\n"
		"Sec-Fetch-Site: same-origin\r\n"
		"Accept: application/openmetrics-text;version=1.0.0,*/*\r\n"
		"\r\n";
	struct request_extra e;
	struct request r;

	(void)state;
	memset(&e, 0xff, sizeof(e));
	assert_int_equal(feed_extra(&r, &e, text), REQUEST_DONE);
	assert_string_equal(r.path, "/api/usage");
	assert_string_equal(r.lang, "en");
	assert_string_equal(e.query, "step=day&zone=%41&lang=en");
	assert_string_equal(e.bearer, "abc.DEF-9");
	assert_string_equal(e.cookie, KEY64);
	assert_string_equal(e.secure_cookie, KEY64);
	assert_string_equal(e.origin, "http://gate:2090");
	assert_true(e.has_authorization && e.has_origin && e.has_site);
	assert_true(e.is_own_site && e.wants_openmetrics);
	assert_false(r.is_cross_site);
	/* guests' requests do not look at any of it */
	assert_int_equal(feed(&r, text, sizeof(text) - 1), REQUEST_DONE);
	assert_null(r.extra);
}

static const struct {
	const char *fields;
	const char *bearer, *cookie, *origin;
	bool has_authorization, is_own_site;
} extras[] = {
	{ "", "", "", "", false, false },
	{ "Authorization: Basic YTpi\r\n", "", "", "", true, false },
	{ "authorization: bearer  x \r\n", "x", "", "", true, false },
	{ "Authorization: Bearer\r\n", "", "", "", true, false },
	{ "Cookie: stadttor=" KEY64 "\r\n", "", KEY64, "", false, false },
	{ "Cookie: x=y;stadttor=" KEY64 ";z\r\n", "", KEY64, "", false, false },
	{ "Cookie: xstadttor=" KEY64 "\r\n", "", "", "", false, false },
	{ "Cookie: stadttor=" KEY64 "0\r\n", "", "", "", false, false },
	{ "Cookie: stadttor=0\r\n", "", "", "", false, false },
	{ "Cookie: \"stadttor=" KEY64 "\"\r\n", "", "", "", false, false },
	{ "Cookie: stadttor=x; stadttor=" KEY64 "\r\n", "", KEY64, "", false,
	  false },
	{ "Origin: null\r\n", "", "", "null", false, false },
	{ "Sec-Fetch-Site: none\r\n", "", "", "", false, true },
	{ "Sec-Fetch-Site: same-site\r\n", "", "", "", false, false },
	{ "Sec-Fetch-Site: cross-site\r\n", "", "", "", false, false },
};

static void test_extra_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(extras); i++) {
		struct request_extra e;
		struct request r;
		char text[512];

		snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" HOST "%s\r\n",
			 extras[i].fields);
		if (feed_extra(&r, &e, text) != REQUEST_DONE ||
		    strcmp(e.bearer, extras[i].bearer) ||
		    strcmp(e.cookie, extras[i].cookie) ||
		    strcmp(e.origin, extras[i].origin) ||
		    e.has_authorization != extras[i].has_authorization ||
		    e.is_own_site != extras[i].is_own_site)
			fail_msg("%s", extras[i].fields);
	}
}

static void test_extra_bounds(void **state)
{
	static const char *const twice[] = { "Authorization", "Cookie",
					     "Origin", "Sec-Fetch-Site" };
	static char text[4096], filler[2048];
	struct request_extra e;
	struct request r;

	(void)state;
	memset(filler, 'a', sizeof(filler) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(twice); i++) {
		snprintf(text, sizeof(text),
			 "GET / HTTP/1.1\r\n" HOST "%s: a\r\n%s: a\r\n\r\n",
			 twice[i], twice[i]);
		assert_int_equal(feed_extra(&r, &e, text), REQUEST_BAD);
		assert_int_equal(r.status, 400);
	}
	snprintf(text, sizeof(text),
		 "GET /?%.511s HTTP/1.1\r\n" HOST
		 "Authorization: Bearer %.199s\r\nCookie: %s\r\n\r\n",
		 filler, filler, filler);
	assert_int_equal(feed_extra(&r, &e, text), REQUEST_DONE);
	assert_int_equal(strlen(e.query), REQUEST_QUERY_MAX - 1);
	assert_int_equal(strlen(e.bearer), REQUEST_BEARER_MAX - 1);
	snprintf(text, sizeof(text),
		 "GET /?%.512s HTTP/1.1\r\n" HOST
		 "Authorization: Bearer %.200s\r\n\r\n",
		 filler, filler);
	assert_int_equal(feed_extra(&r, &e, text), REQUEST_DONE);
	assert_true(e.query_is_long);
	assert_string_equal(e.query, "");
	assert_string_equal(e.bearer, "");
	snprintf(text, sizeof(text),
		 "GET / HTTP/1.1\r\n" HOST "Origin: %.300s\r\n\r\n", filler);
	assert_int_equal(feed_extra(&r, &e, text), REQUEST_BAD);
}

static void test_via(void **state)
{
	static const struct {
		const char *query;
		char via;
	} queries[] = {
		{ "", 0 },
		{ "?via=a", 'a' },
		{ "?lang=de&via=z", 'z' },
		{ "?via=", 0 },
		{ "?via=ab", 0 },
		{ "?via=A", 0 },
		{ "?via=%61", 0 },
		{ "?via=1", 0 },
		{ "?xvia=a", 0 },
		{ "?via=a&via", 'a' },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(queries); i++) {
		struct request r;
		char text[128];
		int len = snprintf(text, sizeof(text),
				   "GET /%s HTTP/1.1\r\n" HOST "\r\n",
				   queries[i].query);

		assert_int_equal(feed(&r, text, (size_t)len), REQUEST_DONE);
		if (r.via != queries[i].via)
			fail_msg("%s: %d", queries[i].query, r.via);
	}
}

/* A long head leaves no room for a long body. */
static void test_size_of_both(void **state)
{
	static char text[REQUEST_HEAD_MAX + 64];
	static const char start[] = "POST / HTTP/1.1\r\n" HOST "X: ";
	static const char end[] = "\r\nContent-Length: 4096\r\n\r\n";
	size_t most = REQUEST_MAX - REQUEST_BODY_MAX;
	struct request r;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, start, sizeof(start) - 1);
	memcpy(text + most - strlen(end), end, strlen(end));
	assert_int_equal(feed(&r, text, most), REQUEST_MORE);
	assert_int_equal(r.body_len, REQUEST_BODY_MAX);
	memcpy(text + most + 1 - strlen(end), end, strlen(end));
	text[most - strlen(end)] = 'a';
	assert_int_equal(feed(&r, text, most + 1), REQUEST_BAD);
	assert_int_equal(r.status, 413);
}

static const struct {
	const char *query, *code;
} codes[] = {
	{ "?code=7K3PQ-M4WR9", "7K3PQ-M4WR9" },
	{ "?lang=de&code=%09%22a+b%C2%A0", "\t\"a b\u00a0" },
	{ "?code=%00a", "" },
	{ "?code=%2", "" },
	{ "?code=", "" },
};

static void test_code(void **state)
{
	struct request r;
	char text[256];
	int len;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		len = snprintf(text, sizeof(text),
			       "GET /%s HTTP/1.1\r\n" HOST "\r\n",
			       codes[i].query);
		assert_int_equal(feed(&r, text, (size_t)len), REQUEST_DONE);
		assert_string_equal(r.code, codes[i].code);
	}
	len = snprintf(text, sizeof(text),
		       "GET /?code=%0128d HTTP/1.1\r\n" HOST "\r\n", 0);
	assert_int_equal(feed(&r, text, (size_t)len), REQUEST_DONE);
	assert_string_equal(r.code, "");
}

static void test_sizes(void **state)
{
	static char text[REQUEST_HEAD_MAX + 64];
	static const char start[] = "GET / HTTP/1.1\r\n" HOST "X: ";
	struct request r;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, start, sizeof(start) - 1);
	assert_int_equal(feed(&r, text, REQUEST_HEAD_MAX - 1), REQUEST_MORE);
	assert_int_equal(feed(&r, text, REQUEST_HEAD_MAX), REQUEST_BAD);
	assert_int_equal(r.status, 431);
	memcpy(text + REQUEST_HEAD_MAX - 4, "\r\n\r\n", 4);
	assert_int_equal(feed(&r, text, REQUEST_HEAD_MAX), REQUEST_DONE);
	memcpy(text + REQUEST_HEAD_MAX - 4, "aa\r\n\r\n", 6);
	assert_int_equal(feed(&r, text, REQUEST_HEAD_MAX + 2), REQUEST_BAD);
	assert_int_equal(r.status, 431);
}

static void test_many_fields(void **state)
{
	static char text[4096];
	size_t len =
		(size_t)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" HOST);
	struct request r;

	(void)state;
	for (int i = 0; i < 100; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"A: b\r\n");
	assert_int_equal(feed(&r, text, len), REQUEST_BAD);
	assert_int_equal(r.status, 431);
}

static void test_nul(void **state)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n";
	static const char line[] = "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n";
	struct request r;

	(void)state;
	assert_int_equal(feed(&r, head, sizeof(head) - 1), REQUEST_BAD);
	assert_int_equal(r.status, 400);
	assert_int_equal(feed(&r, line, sizeof(line) - 1), REQUEST_BAD);
	assert_int_equal(r.status, 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_slowly),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_ignored_body),
		cmocka_unit_test(test_extra),
		cmocka_unit_test(test_extra_fields),
		cmocka_unit_test(test_extra_bounds),
		cmocka_unit_test(test_via),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_many_fields),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_size_of_both),
		cmocka_unit_test(test_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
