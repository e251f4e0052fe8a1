/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The secret under which codes are hashed. The database without the key file
 * gives no code away: there are few enough codes to try them all otherwise.
 */
#ifndef STADTTOR_PORTAL_VOUCHER_VOUCHER_KEY_H
#define STADTTOR_PORTAL_VOUCHER_VOUCHER_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"
#include "portal/voucher/voucher_code.h"

#define VOUCHER_KEY_BYTES  32
#define VOUCHER_HASH_BYTES 16

struct voucher_key {
	uint8_t byte[VOUCHER_KEY_BYTES];
	bool is_citys; /* codes are hashed by way of their proof */
};

struct voucher_hash {
	uint8_t byte[VOUCHER_HASH_BYTES];
};

/* 0 or -errno: -ENOENT: there is none; -EBADMSG: it is no key. */
int voucher_key_read(struct voucher_key *k, const char *path) MUST_CHECK;

/*
 * The same, but makes a random one where there is none: mode 0600, on the disk
 * before this returns, and there as a whole or not at all. Of two that do it
 * at once both get the same.
 */
int voucher_key_make(struct voucher_key *k, const char *path) MUST_CHECK;
void voucher_key_clear(struct voucher_key *k);

/* Of a canonical code. 0 or -EIO. */
int voucher_key_hash(const struct voucher_key *k,
		     const char code[VOUCHER_CODE_MAX],
		     struct voucher_hash *out) MUST_CHECK;

/*
 * A city's codes have a second secret: the hash is one of the proof, which is
 * made of the code and the key, slowly. Who shows it has seen the code; who has
 * the key and all hashes, as each box does, needs 4096 HMACs for each guess. 0
 * or -EIO.
 */
int voucher_key_prove(const struct voucher_key *k,
		      const char code[VOUCHER_CODE_MAX],
		      struct voucher_hash *proof) MUST_CHECK;
void voucher_proof_hash(const struct voucher_hash *proof,
			struct voucher_hash *out);

/* What tells keys apart, of no use for anything else. 0 or -EIO. */
int voucher_key_check(const struct voucher_key *k,
		      struct voucher_hash *out) MUST_CHECK;

#endif
