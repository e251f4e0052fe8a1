/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A datagram from a guest's phone, answered for want of a resolver: with its
 * own question and at most one record, or not at all.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "portal/guest/offline_answer.h"
#include "tests/fuzz/fuzzcheck.h"

#define HEADER_LEN 12
#define SHORTEST   (HEADER_LEN + 5)
#define RECORD_MAX 28

static const struct addr addresses[] = {
	{ .family = AF_UNSPEC },
	{ .family = AF_INET, .byte = { 192, 0, 2, 1 } },
	{ .family = AF_INET6, .byte = { 0x20, 1, 0xd, 0xb8, [15] = 1 } },
};

/* Returns the length without a record, 0: there is no answer. */
static size_t check(const uint8_t *data, size_t size, const struct addr *a)
{
	uint8_t *out = malloc(OFFLINE_ANSWER_MAX), again[OFFLINE_ANSWER_MAX];
	size_t len, record = 0;

	CHECK(out);
	len = offline_answer_build(out, data, size, a);
	if (len) {
		CHECK(len <= OFFLINE_ANSWER_MAX && len <= size + RECORD_MAX);
		CHECK(!memcmp(out, data, 2) && out[2] & 0x80 && out[3] == 0x80);
		CHECK(!memcmp(out + 8, "\0\0\0\0", 4) && !out[6]);
		record = out[7] ? 12 + addr_len(a) : 0;
		CHECK(out[7] <= 1 && (!out[7] || addr_len(a)));
		CHECK(len - record >= SHORTEST && len - record <= size);
		CHECK(!memcmp(out + HEADER_LEN, data + HEADER_LEN,
			      len - record - HEADER_LEN));
		/* nobody who gets it answers in turn */
		CHECK(!offline_answer_build(again, out, len, a));
		/* what is behind the question does not matter */
		CHECK(offline_answer_build(again, data, len - record, a) ==
		      len);
		CHECK(!memcmp(again, out, len));
	}
	free(out);
	return len - record;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = check(data, size, &addresses[0]);

	CHECK(check(data, size, &addresses[1]) == len);
	CHECK(check(data, size, &addresses[2]) == len);
	return 0;
}
