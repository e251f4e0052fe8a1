/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a city says of its codes, as it stands in the stream `v` of the store:
 * the codes of a batch, that some were taken back, that one was used for the
 * first time. The first two are signed by root on the hub's host, and by nobody
 * else: boxes have the public key. The third any box makes of a code that was
 * typed there, signed by the code's own key, whose hash the batch has. So store
 * and hub's daemon can make none of them, nor can a box say another time of a
 * code that was typed elsewhere, though it sees what was said there.
 *
 * All numbers are big-endian:
 *	batch	1|1 (4+4 bits), count of codes u8, number u32, created u40,
 *		valid until u40, duration u32, devices u16, length of zone u8,
 *		zone, codes of 16 bytes each, signature of 64 bytes
 *	revoke	1|2, count 0 or 1, number u32, created u40, code, signature
 *	use	1|3, first use u40, the code's public key, signature
 */
#ifndef STADTTOR_PORTAL_VOUCHER_VOUCHER_RECORD_H
#define STADTTOR_PORTAL_VOUCHER_VOUCHER_RECORD_H

#include <stddef.h>

#include "common/ipc.h"
#include "portal/voucher/voucher_key.h"

#define VOUCHER_RECORD_CODES 32
#define VOUCHER_RECORD_USE   102 /* bytes */
#define VOUCHER_RECORD_MAX                                                     \
	(23 + IPC_ZONE_NAME_MAX + VOUCHER_RECORD_CODES * VOUCHER_HASH_BYTES +  \
	 CRYPTO_ED25519_SIGNATURE)
#define VOUCHER_NUMBER_MAX 0xfffff /* of a batch */

enum voucher_record_kind {
	VOUCHER_RECORD_BATCH = 1,
	VOUCHER_RECORD_REVOKE,
	VOUCHER_RECORD_FIRST_USE,
};

struct voucher_record {
	enum voucher_record_kind kind;
	/* of a batch, and which is revoked */
	uint32_t number;
	int64_t created_s;
	size_t codes; /* revoked: 0 is all of the batch */
	struct voucher_hash code[VOUCHER_RECORD_CODES];
	/* of a batch */
	int64_t valid_until_s, duration_s;
	uint32_t devices;
	char zone[IPC_ZONE_NAME_MAX]; /* empty: any */
	/* of a first use */
	int64_t first_s;
	uint8_t public_key[CRYPTO_ED25519]; /* the code's */
};

/* As bytes, signed by the seed of the city's public key, or by that of the
 * code, whose public key is then put into it. 0: no memory. */
size_t voucher_record_sign(const struct voucher_record *r,
			   const uint8_t seed[CRYPTO_ED25519],
			   uint8_t out[VOUCHER_RECORD_MAX]) MUST_CHECK;

/* false: it has not the form, or numbers that no such record has. */
bool voucher_record_parse(struct voucher_record *r, const void *bytes,
			  size_t len) MUST_CHECK;

/* Of bytes that were parsed: whether the signature is right. A first use is
 * judged by the key that it has. */
bool voucher_record_is_genuine(const struct voucher_record *r,
			       const void *bytes, size_t len,
			       const uint8_t citys[CRYPTO_ED25519]) MUST_CHECK;

#endif
