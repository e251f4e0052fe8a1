/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers are read back by a reader that shares nothing with the builder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "portal/guest/offline_answer.h"

/* --- a reader ----------------------------------------------------------- */

struct record {
	char name[256];
	unsigned int type, class, ttl_s, len;
	uint8_t data[16];
};

struct message {
	unsigned int id, flags, questions, answers, authorities, others;
	char name[256];
	unsigned int type, class;
	struct record record;
};

struct reader {
	const uint8_t *bytes;
	size_t at, len;
};

static unsigned int take(struct reader *r, size_t bytes)
{
	unsigned int value = 0;

	assert_true(r->len - r->at >= bytes);
	while (bytes--)
		value = value << 8 | r->bytes[r->at++];
	return value;
}

/* Labels with a dot behind each; one pointer, to what stands before it. */
static void take_name(struct reader *r, char name[256])
{
	size_t at = r->at, used = 0;
	bool jumped = false;
	unsigned int len;

	while ((len = take(r, 1))) {
		if (len >= 0xc0) {
			size_t to = (len & 0x3f) << 8 | take(r, 1);

			assert_false(jumped);
			assert_true(to < at);
			jumped = true;
			at = r->at;
			r->at = to;
			continue;
		}
		assert_true(len < 64 && used + len + 1 < 256);
		while (len--)
			name[used++] = (char)take(r, 1);
		name[used++] = '.';
	}
	name[used] = '\0';
	if (jumped)
		r->at = at;
}

static void take_record(struct reader *r, struct record *record)
{
	take_name(r, record->name);
	record->type = take(r, 2);
	record->class = take(r, 2);
	record->ttl_s = take(r, 4);
	record->len = take(r, 2);
	assert_true(record->len <= sizeof(record->data));
	for (size_t i = 0; i < record->len; i++)
		record->data[i] = (uint8_t)take(r, 1);
}

static struct message read_message(const uint8_t *bytes, size_t len)
{
	struct reader r = { .bytes = bytes, .len = len };
	struct message m = { .id = take(&r, 2) };

	m.flags = take(&r, 2);
	m.questions = take(&r, 2);
	m.answers = take(&r, 2);
	m.authorities = take(&r, 2);
	m.others = take(&r, 2);
	assert_int_equal(m.questions, 1);
	take_name(&r, m.name);
	m.type = take(&r, 2);
	m.class = take(&r, 2);
	if (m.answers)
		take_record(&r, &m.record);
	assert_true(m.answers <= 1);
	assert_int_equal(r.at, len);
	return m;
}

/* --- queries ------------------------------------------------------------ */

struct query {
	size_t len;
	uint8_t bytes[600];
};

static void add(struct query *q, const void *bytes, size_t len)
{
	assert_true(q->len + len <= sizeof(q->bytes));
	memcpy(q->bytes + q->len, bytes, len);
	q->len += len;
}

static void add16(struct query *q, unsigned int value)
{
	add(q, (uint8_t[]){ (uint8_t)(value >> 8), (uint8_t)value }, 2);
}

static void add_header(struct query *q, unsigned int flags)
{
	q->len = 0;
	add16(q, 0xbeef);
	add16(q, flags);
	add16(q, 1);
	add(q, "\0\0\0\0\0\0", 6);
}

/* "a.b." as labels. */
static void add_name(struct query *q, const char *name)
{
	while (*name) {
		size_t len = strcspn(name, ".");
		uint8_t byte = (uint8_t)len;

		add(q, &byte, 1);
		add(q, name, len);
		name += len + 1;
	}
	add(q, "", 1);
}

static struct query query_of(const char *name, unsigned int type)
{
	struct query q;

	add_header(&q, 0x0100);
	add_name(&q, name);
	add16(&q, type);
	add16(&q, 1);
	return q;
}

static struct addr address(const char *text)
{
	struct addr a = { .family = AF_UNSPEC };

	assert_true(!*text || addr_parse(&a, text));
	return a;
}

/* Both in places of exactly their size: a sanitizer sees what is beyond. */
static size_t build(uint8_t out[OFFLINE_ANSWER_MAX], const struct query *q,
		    const char *own)
{
	struct addr a = address(own);
	uint8_t *exact = malloc(q->len ? q->len : 1);
	uint8_t *answer = malloc(OFFLINE_ANSWER_MAX);
	size_t len;

	assert_non_null(exact);
	assert_non_null(answer);
	memcpy(exact, q->bytes, q->len);
	len = offline_answer_build(answer, exact, q->len, &a);
	assert_true(len <= OFFLINE_ANSWER_MAX && len <= q->len + 28);
	memcpy(out, answer, len);
	free(answer);
	free(exact);
	return len;
}

/* --- what is answered --------------------------------------------------- */

#define V4 "192.0.2.1"
#define V6 "2001:db8::1"

static const struct {
	const char *name;
	unsigned int type;
	const char *own;
	bool has_record;
} cases[] = {
	{ "captive.apple.com.", 1, V4, true },
	{ "captive.apple.com.", 28, V6, true },
	{ "captive.apple.com.", 28, V4, false },
	{ "captive.apple.com.", 1, V6, false },
	{ "captive.apple.com.", 1, "", false },
	{ "captive.apple.com.", 28, "", false },
	{ "cOnnectiVityCheck.GSTATIC.com.", 1, V4, true },
	{ "captive.apple.com.", 65, V4, false },  /* HTTPS */
	{ "captive.apple.com.", 257, V4, false }, /* low byte of an A */
	{ "captive.apple.com.", 284, V6, false }, /* of an AAAA */
	{ "captive.apple.com.", 255, V4, false },
	{ "captive.apple.com.", 0, V4, false },
	{ "1.2.0.192.in-addr.arpa.", 12, V4, false },
	{ "", 1, V4, true },
	{ "", 2, V4, false },
	{ "a.", 1, V4, true },
};

static void check_case(size_t i)
{
	struct query q = query_of(cases[i].name, cases[i].type);
	struct addr own = address(cases[i].own);
	uint8_t out[OFFLINE_ANSWER_MAX];
	struct message m = read_message(out, build(out, &q, cases[i].own));

	assert_int_equal(m.id, 0xbeef);
	assert_int_equal(m.flags, 0x8180);
	assert_int_equal(m.authorities, 0);
	assert_int_equal(m.others, 0);
	assert_string_equal(m.name, cases[i].name);
	assert_int_equal(m.type, cases[i].type);
	assert_int_equal(m.class, 1);
	assert_int_equal(m.answers, cases[i].has_record);
	if (!m.answers)
		return;
	assert_string_equal(m.record.name, cases[i].name);
	assert_int_equal(m.record.type, cases[i].type);
	assert_int_equal(m.record.class, 1);
	assert_int_equal(m.record.ttl_s, 1);
	assert_int_equal(m.record.len, addr_len(&own));
	assert_memory_equal(m.record.data, own.byte, m.record.len);
}

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_case(i);
}

/* Of the flags of a query RD comes back, and nothing else. */
static void test_flags(void **state)
{
	static const struct {
		unsigned int asked, answered; /* 0: not at all */
	} flags[] = {
		{ 0x0000, 0x8080 }, { 0x0100, 0x8180 }, { 0x0120, 0x8180 },
		{ 0x0110, 0x8180 }, { 0x0600, 0x8080 }, { 0x00ff, 0x8080 },
		{ 0x8000, 0 },	    { 0x8180, 0 },	{ 0x0800, 0 },
		{ 0x1000, 0 },	    { 0x2800, 0 },	{ 0x7800, 0 },
	};
	uint8_t out[OFFLINE_ANSWER_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct query q;
		size_t len;

		add_header(&q, flags[i].asked);
		add_name(&q, "example.");
		add(&q, "\0\1\0\1", 4);
		len = build(out, &q, V4);
		assert_int_equal(len ? read_message(out, len).flags : 0,
				 flags[i].answered);
	}
}

/* Four labels that make up a name of len bytes. */
static struct query query_of_len(size_t len)
{
	static const uint8_t letters[63] = "x";
	struct query q;

	add_header(&q, 0x0100);
	for (len--; len;) {
		uint8_t label = (uint8_t)(len > 64 ? 63 : len - 1);

		add(&q, &label, 1);
		add(&q, letters, label);
		len -= label + 1U;
	}
	add(&q, "\0\0\34\0\1", 5);
	return q;
}

static void test_longest_name(void **state)
{
	uint8_t out[OFFLINE_ANSWER_MAX];
	struct query q = query_of_len(255);

	(void)state;
	assert_int_equal(build(out, &q, V6), OFFLINE_ANSWER_MAX);
	assert_memory_equal(out + 12, q.bytes + 12, 255 + 4);
	for (size_t len = 256; len < 400; len++) {
		if (len % 64 == 2)
			continue; /* its last label would be the root's */
		q = query_of_len(len);
		assert_int_equal(build(out, &q, V6), 0);
	}
}

/* EDNS, padding, a second question: none of it is read or echoed. */
static void test_what_follows(void **state)
{
	static const uint8_t opt[] = { 0, 0, 41, 4, 208, 0, 0, 128, 0, 0, 0 };
	struct query q = query_of("example.", 1);
	uint8_t plain[OFFLINE_ANSWER_MAX], out[OFFLINE_ANSWER_MAX];
	size_t len = build(plain, &q, V4);

	(void)state;
	assert_int_equal(len, q.len + 16);
	q.bytes[11] = 1;
	add(&q, opt, sizeof(opt));
	assert_int_equal(build(out, &q, V4), len);
	assert_memory_equal(out, plain, len);
	while (q.len < OFFLINE_QUERY_MAX)
		add(&q, "\xc0", 1);
	memset(q.bytes + 6, 0xff, 6);
	assert_int_equal(build(out, &q, V4), len);
	assert_memory_equal(out, plain, len);
}

/* --- what is not -------------------------------------------------------- */

#define HEADER	 "\xbe\xef\1\0\0\1\0\0\0\0\0\0"
#define A_IN	 "\0\1\0\1"
#define BYTES(s) s, sizeof(s) - 1

static const struct {
	const char *what, *bytes;
	size_t len;
} broken[] = {
	{ "nothing", BYTES("") },
	{ "a header", BYTES(HEADER) },
	{ "no question", BYTES("\xbe\xef\1\0\0\0\0\0\0\0\0\0\1a\0" A_IN) },
	{ "two", BYTES("\xbe\xef\1\0\0\2\0\0\0\0\0\0\1a\0" A_IN "\1b\0" A_IN) },
	{ "257", BYTES("\xbe\xef\1\0\1\1\0\0\0\0\0\0\1a\0" A_IN) },
	{ "a pointer", BYTES(HEADER "\xc0\x0c" A_IN) },
	{ "a pointer behind", BYTES(HEADER "\1a\xc0\x0c" A_IN) },
	{ "a label of 64",
	  BYTES(HEADER "\x40"
		       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0" A_IN) },
	{ "a label of EDNS", BYTES(HEADER "\x41\1\0" A_IN) },
	{ "a label of 128", BYTES(HEADER "\x80\0" A_IN) },
	{ "a label too long", BYTES(HEADER "\x0f"
					   "abc\0" A_IN) },
	{ "no root", BYTES(HEADER "\3abc") },
	{ "class CH", BYTES(HEADER "\1a\0\0\1\0\3") },
	{ "any class", BYTES(HEADER "\1a\0\0\1\0\xff") },
	{ "class of mDNS", BYTES(HEADER "\1a\0\0\1\x80\1") },
	{ "class 0", BYTES(HEADER "\1a\0\0\1\0\0") },
	{ "class 257", BYTES(HEADER "\1a\0\0\1\1\1") },
};

static void test_broken(void **state)
{
	uint8_t out[OFFLINE_ANSWER_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		struct query q = { .len = 0 };

		add(&q, broken[i].bytes, broken[i].len);
		if (build(out, &q, V4))
			fail_msg("%s was answered", broken[i].what);
	}
}

/* Wherever it is cut. */
static void test_cut(void **state)
{
	struct query q = query_of("captive.apple.com.", 1);
	uint8_t out[OFFLINE_ANSWER_MAX];

	(void)state;
	assert_int_equal(build(out, &q, V4), q.len + 16);
	while (q.len--)
		assert_int_equal(build(out, &q, V4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_longest_name),
		cmocka_unit_test(test_what_follows),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
