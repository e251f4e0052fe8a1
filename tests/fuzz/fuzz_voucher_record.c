/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a record of a city's codes: refused, or with numbers in their
 * bounds and nobody's signature; made anew out of what was read it is the same.
 */
#include <stdint.h>
#include <string.h>

#include "portal/voucher/voucher_batch.h"
#include "portal/voucher/voucher_record.h"
#include "tests/fuzz/fuzzcheck.h"

/* RFC 8032, 7.1, test 1: with a point of small order anybody can sign. */
static const uint8_t public_key[CRYPTO_ED25519] = {
	0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
	0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
	0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a
};

static void check_bounds(const struct voucher_record *r)
{
	CHECK(r->codes <= VOUCHER_RECORD_CODES);
	CHECK(r->number <= VOUCHER_NUMBER_MAX);
	CHECK(strnlen(r->zone, sizeof(r->zone)) < sizeof(r->zone));
	CHECK(r->valid_until_s - r->created_s <= VOUCHER_VALID_MAX_S + 60);
	CHECK(r->kind != VOUCHER_RECORD_BATCH ||
	      (r->codes && r->duration_s > 0 && r->devices > 0 &&
	       r->devices <= VOUCHER_DEVICES_MAX));
	CHECK(r->kind != VOUCHER_RECORD_FIRST_USE || r->first_s > 0);
}

static size_t signed_bytes(const struct voucher_record *r,
			   uint8_t out[VOUCHER_RECORD_MAX], size_t *of_them)
{
	static const uint8_t seed[CRYPTO_ED25519] = { 7 };
	size_t len = voucher_record_sign(r, seed, out);

	*of_them = len - CRYPTO_ED25519_SIGNATURE;
	if (r->kind == VOUCHER_RECORD_FIRST_USE)
		*of_them -= CRYPTO_ED25519;
	return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t again[VOUCHER_RECORD_MAX];
	struct voucher_record r;
	size_t of_them;

	if (!voucher_record_parse(&r, data, size))
		return 0;
	check_bounds(&r);
	CHECK(!voucher_record_is_genuine(&r, data, size, public_key) ||
	      r.kind == VOUCHER_RECORD_FIRST_USE);
	CHECK(signed_bytes(&r, again, &of_them) == size);
	CHECK(!memcmp(again, data, of_them));
	return 0;
}
