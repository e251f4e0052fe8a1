/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RADIUS packets, with the examples of RFC 2865 (7.1) and forgeries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/array.h"
#include "portal/radius/radius_packet.h"
#include "portal/radius/radius_reply.h"
#include "portal/util/crypto.h"

#define SECRET "xyzzy5461"

static const uint8_t rfc_request[] = {
	0x01, 0x00, 0x00, 0x38, 0x0f, 0x40, 0x3f, 0x94, 0x73, 0x97, 0x80, 0x57,
	0xbd, 0x83, 0xd5, 0xcb, 0x98, 0xf4, 0x22, 0x7a, 0x01, 0x06, 0x6e, 0x65,
	0x6d, 0x6f, 0x02, 0x12, 0x0d, 0xbe, 0x70, 0x8d, 0x93, 0xd4, 0x13, 0xce,
	0x31, 0x96, 0xe4, 0x3f, 0x78, 0x2a, 0x0a, 0xee, 0x04, 0x06, 0xc0, 0xa8,
	0x01, 0x10, 0x05, 0x06, 0x00, 0x00, 0x00, 0x03
};
static const uint8_t rfc_accept[] = { 0x02, 0x00, 0x00, 0x26, 0x86, 0xfe, 0x22,
				      0x0e, 0x76, 0x24, 0xba, 0x2a, 0x10, 0x05,
				      0xf6, 0xbf, 0x9b, 0x55, 0xe0, 0xb2, 0x06,
				      0x06, 0x00, 0x00, 0x00, 0x01, 0x0f, 0x06,
				      0x00, 0x00, 0x00, 0x00, 0x0e, 0x06, 0xc0,
				      0xa8, 0x01, 0x03 };

static struct radius_packet p, q;

static struct radius_view view_of(const uint8_t *bytes, size_t len)
{
	struct radius_view v;

	assert_true(radius_view_parse(&v, bytes, len));
	return v;
}

static void test_rfc_password(void **state)
{
	(void)state;
	assert_true(radius_packet_init(&p, RADIUS_ACCOUNTING_REQUEST));
	memcpy(p.byte + 4, rfc_request + 4, RADIUS_AUTHENTICATOR);
	assert_true(radius_put_password(&p, SECRET, "arctangent"));
	assert_memory_equal(p.byte + RADIUS_HEADER, rfc_request + 26, 18);
}

static void test_rfc_answer(void **state)
{
	struct radius_view v = view_of(rfc_accept, sizeof(rfc_accept));

	(void)state;
	assert_int_equal(v.code, RADIUS_ACCESS_ACCEPT);
	assert_true(radius_view_answers(&v, rfc_request + 4, SECRET, false));
	/* it proves nothing since Blast-RADIUS */
	assert_false(radius_view_answers(&v, rfc_request + 4, SECRET, true));
	assert_false(radius_view_answers(&v, rfc_request + 4, "other", false));
	assert_false(radius_view_answers(&v, rfc_request + 5, SECRET, false));
}

/* The reference: hidden text of any length comes back. */
static void reveal(const uint8_t *hidden, size_t len, const uint8_t *first,
		   char *out)
{
	const uint8_t *before = first;

	for (size_t at = 0; at < len; at += 16) {
		const struct crypto_part parts[] = { { SECRET, strlen(SECRET) },
						     { before, 16 } };
		uint8_t mask[16];

		assert_true(crypto_md5(parts, 2, mask));
		for (size_t i = 0; i < 16; i++)
			out[at + i] = (char)(hidden[at + i] ^ mask[i]);
		before = hidden + at;
	}
}

static void test_passwords(void **state)
{
	char password[RADIUS_PASSWORD_MAX + 2], back[RADIUS_PASSWORD_MAX + 1];

	(void)state;
	for (size_t len = 0; len <= RADIUS_PASSWORD_MAX; len++) {
		size_t padded = len ? (len + 15) / 16 * 16 : 16;

		memset(password, 'x', len);
		password[len] = '\0';
		assert_true(radius_packet_init(&p, RADIUS_ACCESS_REQUEST));
		assert_true(radius_put_password(&p, SECRET, password));
		assert_int_equal(p.byte[39], padded + 2);
		memset(back, 0, sizeof(back));
		reveal(p.byte + 40, padded, p.byte + 4, back);
		assert_string_equal(back, password);
	}
	memset(password, 'x', RADIUS_PASSWORD_MAX + 1);
	password[RADIUS_PASSWORD_MAX + 1] = '\0';
	assert_false(radius_put_password(&p, SECRET, password));
}

/* An answer with a Message-Authenticator, as a server makes it. */
static void answer_to(const struct radius_packet *request,
		      enum radius_code code, const char *secret)
{
	static const uint8_t place[RADIUS_AUTHENTICATOR];

	assert_true(radius_packet_init(&q, RADIUS_ACCOUNTING_REQUEST));
	q.byte[0] = (uint8_t)code;
	radius_put(&q, RADIUS_MESSAGE_AUTHENTICATOR, place, sizeof(place));
	radius_put_number(&q, RADIUS_SESSION_TIMEOUT, 600);
	q.byte[1] = request->byte[1];
	q.byte[3] = (uint8_t)q.len;
	memcpy(q.byte + 4, request->byte + 4, RADIUS_AUTHENTICATOR);
	assert_true(crypto_hmac_md5(secret, strlen(secret), q.byte, q.len,
				    q.byte + RADIUS_HEADER + 2));
	assert_true(radius_packet_sign_answer(&q, request->byte[1],
					      request->byte + 4, secret));
}

static bool answers(const struct radius_packet *request)
{
	struct radius_view v;

	return radius_view_parse(&v, q.byte, q.len) &&
	       radius_view_answers(&v, request->byte + 4, SECRET, true);
}

static void make_request(void)
{
	assert_true(radius_packet_init(&p, RADIUS_ACCESS_REQUEST));
	radius_put_text(&p, RADIUS_USER_NAME, "nemo");
	assert_true(radius_packet_sign(&p, 7, SECRET));
}

/* Every bit that is changed on the way is seen. */
static void test_forged_answers(void **state)
{
	(void)state;
	make_request();
	answer_to(&p, RADIUS_ACCESS_REJECT, SECRET);
	assert_true(answers(&p));
	for (size_t bit = 16; bit < q.len * 8; bit++) { /* not the number */
		q.byte[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(answers(&p));
		q.byte[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	q.byte[0] = RADIUS_ACCESS_ACCEPT;
	assert_false(answers(&p));
	answer_to(&p, RADIUS_ACCESS_ACCEPT, "other");
	assert_false(answers(&p));
	answer_to(&p, RADIUS_ACCESS_ACCEPT, SECRET);
	make_request(); /* with another authenticator */
	assert_false(answers(&p));
}

/* With either proof wrong. */
static void test_half_forged(void **state)
{
	struct radius_view v;

	(void)state;
	make_request();
	answer_to(&p, RADIUS_ACCESS_ACCEPT, SECRET);
	q.byte[RADIUS_HEADER + 2] ^= 1;
	assert_true(radius_packet_sign_answer(&q, 7, p.byte + 4, SECRET));
	v = view_of(q.byte, q.len);
	assert_false(radius_view_answers(&v, p.byte + 4, SECRET, true));
	assert_false(radius_view_answers(&v, p.byte + 4, SECRET, false));
}

static void test_request(void **state)
{
	uint8_t copy[RADIUS_PACKET_MAX], proof[16];

	(void)state;
	make_request();
	assert_int_equal(p.byte[RADIUS_HEADER], RADIUS_MESSAGE_AUTHENTICATOR);
	memcpy(copy, p.byte, p.len);
	memset(copy + RADIUS_HEADER + 2, 0, 16);
	assert_true(
		crypto_hmac_md5(SECRET, strlen(SECRET), copy, p.len, proof));
	assert_memory_equal(proof, p.byte + RADIUS_HEADER + 2, 16);
	/* of another number it has another proof */
	memcpy(copy, p.byte, p.len);
	assert_true(radius_packet_sign(&p, 8, SECRET));
	assert_memory_not_equal(copy + RADIUS_HEADER + 2,
				p.byte + RADIUS_HEADER + 2, 16);
}

static void test_requests_of_servers(void **state)
{
	struct radius_view v;

	(void)state;
	assert_true(radius_packet_init(&p, RADIUS_COA_REQUEST));
	radius_put_text(&p, RADIUS_ACCT_SESSION_ID, "0123456789abcdef");
	assert_true(radius_packet_sign(&p, 3, SECRET));
	v = view_of(p.byte, p.len);
	assert_true(radius_view_is_genuine(&v, SECRET));
	assert_false(radius_view_is_genuine(&v, "other"));
	p.byte[RADIUS_HEADER + 3] ^= 1;
	assert_false(radius_view_is_genuine(&v, SECRET));
}

static void test_broken(void **state)
{
	static const struct {
		uint8_t byte[44];
		size_t len;
	} cases[] = {
		{ { 2, 0, 0, 20 }, 19 },
		{ { 2, 0, 0, 19 }, 20 },
		{ { 2, 0, 0, 21 }, 20 },
		{ { 2, 0, 255, 255 }, 44 },
		{ { 2, 0, 0, 21, [20] = 1 }, 21 },
		{ { 2, 0, 0, 22, [20] = 1, 0 }, 22 },
		{ { 2, 0, 0, 22, [20] = 1, 1 }, 22 },
		{ { 2, 0, 0, 22, [20] = 1, 3 }, 23 },
		{ { 2, 0, 0, 24, [20] = 80, 4 }, 24 },
	};
	uint8_t twice[RADIUS_HEADER + 36] = { 2, 0, 0, sizeof(twice) };
	struct radius_view v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_false(
			radius_view_parse(&v, cases[i].byte, cases[i].len));
	twice[20] = twice[38] = RADIUS_MESSAGE_AUTHENTICATOR;
	twice[21] = twice[39] = 18;
	assert_false(radius_view_parse(&v, twice, sizeof(twice)));
	/* padding is none of its attributes */
	assert_true(radius_view_parse(&v, rfc_accept, sizeof(rfc_accept)));
	twice[3] = 38;
	assert_true(radius_view_parse(&v, twice, sizeof(twice)));
	assert_int_equal(v.len, 38);
}

static void put_vendor(uint32_t vendor, uint8_t type, uint32_t number)
{
	const uint8_t value[] = { (uint8_t)(vendor >> 24),
				  (uint8_t)(vendor >> 16),
				  (uint8_t)(vendor >> 8),
				  (uint8_t)vendor,
				  type,
				  6,
				  (uint8_t)(number >> 24),
				  (uint8_t)(number >> 16),
				  (uint8_t)(number >> 8),
				  (uint8_t)number };

	radius_put(&p, RADIUS_VENDOR_SPECIFIC, value, sizeof(value));
}

static void test_reply(void **state)
{
	static const uint8_t two[] = { 0, 0,	0x37, 0x2a, 7, 6, 0, 0,
				       0, 0x64, 8,    6,    0, 0, 0, 0xc8 };
	struct radius_reply r;
	struct radius_view v;
	struct ipc_limits l;

	(void)state;
	assert_true(radius_packet_init(&p, RADIUS_ACCOUNTING_REQUEST));
	radius_put_number(&p, RADIUS_SESSION_TIMEOUT, 600);
	radius_put_number(&p, RADIUS_IDLE_TIMEOUT, 120);
	radius_put_number(&p, RADIUS_ACCT_INTERIM_INTERVAL, 60);
	radius_put(&p, RADIUS_CLASS, "ab", 2);
	put_vendor(14122, 8, 2000000);
	put_vendor(14122, 7, 1000000);
	put_vendor(14559, 3, 5);
	put_vendor(14559, 23, 1);
	put_vendor(9, 8, 4711); /* somebody else's */
	radius_put(&p, RADIUS_CLASS, "c", 1);
	radius_put(&p, RADIUS_SESSION_TIMEOUT, "ab", 2); /* no number */
	radius_put_text(&p, RADIUS_CHARGEABLE_USER_IDENTITY, "u1");
	assert_true(radius_packet_sign(&p, 1, SECRET));
	v = view_of(p.byte, p.len);
	radius_reply_read(&r, &v);
	l = radius_reply_limits(&r);
	assert_int_equal(l.duration_s, 600);
	assert_int_equal(l.idle_s, 120);
	assert_int_equal(l.down_bps, 2000000);
	assert_int_equal(l.up_bps, 1000000);
	assert_int_equal(l.quota_bytes, (1ULL << 32) + 5);
	assert_int_equal(r.interim_s, 60);
	assert_int_equal(r.classes_len, 7);
	assert_memory_equal(r.classes,
			    "\x19\x04"
			    "ab\x19\x03"
			    "c",
			    7);
	assert_int_equal(r.cui.len, 2);
	/* two of a vendor's within one */
	assert_true(radius_packet_init(&p, RADIUS_ACCOUNTING_REQUEST));
	radius_put(&p, RADIUS_VENDOR_SPECIFIC, two, sizeof(two));
	assert_true(radius_packet_sign(&p, 1, SECRET));
	v = view_of(p.byte, p.len);
	radius_reply_read(&r, &v);
	assert_int_equal(r.up_bps, 100);
	assert_int_equal(r.down_bps, 200);
}

static void test_quota(void **state)
{
	static const struct {
		uint64_t total, input, output, quota;
	} cases[] = {
		{ 0, 0, 0, 0 },	      { 100, 0, 0, 100 }, { 0, 70, 0, 70 },
		{ 0, 0, 80, 80 },     { 0, 70, 80, 150 }, { 100, 70, 80, 100 },
		{ 200, 70, 80, 150 }, { 100, 70, 0, 70 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct radius_reply r = { .total = cases[i].total,
						.input = cases[i].input,
						.output = cases[i].output };

		assert_int_equal(radius_reply_limits(&r).quota_bytes,
				 cases[i].quota);
	}
}

/* What does not fit is left out as a whole, and known to be. */
static void test_full(void **state)
{
	char value[RADIUS_VALUE_MAX];
	size_t count = 0;

	(void)state;
	memset(value, 'v', sizeof(value));
	assert_true(radius_packet_init(&p, RADIUS_ACCOUNTING_REQUEST));
	while (!p.is_cut && count++ < 100)
		radius_put(&p, RADIUS_REPLY_MESSAGE, value, sizeof(value));
	assert_int_equal(count, (RADIUS_PACKET_MAX - 20) / 255 + 1);
	assert_true(radius_packet_sign(&p, 1, SECRET));
	view_of(p.byte, p.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc_password),
		cmocka_unit_test(test_rfc_answer),
		cmocka_unit_test(test_passwords),
		cmocka_unit_test(test_forged_answers),
		cmocka_unit_test(test_half_forged),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_requests_of_servers),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_reply),
		cmocka_unit_test(test_quota),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests_name("radius_packet", tests, NULL, NULL);
}
