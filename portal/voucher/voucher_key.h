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
#include "portal/util/crypto.h"
#include "portal/voucher/voucher_code.h"

#define VOUCHER_KEY_BYTES  32
#define VOUCHER_HASH_BYTES 16

struct voucher_key {
	uint8_t byte[VOUCHER_KEY_BYTES];
	bool is_citys; /* codes are hashed by way of their own key */
};

struct voucher_hash {
	uint8_t byte[VOUCHER_HASH_BYTES];
};

/* What signs for a code of a city, for explicit_bzero(). */
struct voucher_seed {
	uint8_t byte[CRYPTO_ED25519];
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
 * Each of a city's codes has a key pair of its own, whose seed is made of the
 * code and the key, slowly, and its hash is one of the public half. Who signs
 * by it has seen the code, and what is signed nobody else can change; who has
 * the key and all hashes, as each box does, needs 4096 HMACs for each guess. 0
 * or -EIO.
 */
int voucher_key_seed(const struct voucher_key *k,
		     const char code[VOUCHER_CODE_MAX],
		     struct voucher_seed *out) MUST_CHECK;
int voucher_seed_hash(const struct voucher_seed *seed,
		      struct voucher_hash *out) MUST_CHECK;
void voucher_public_hash(const uint8_t public_key[CRYPTO_ED25519],
			 struct voucher_hash *out);

/* What tells keys apart, of no use for anything else. 0 or -EIO. */
int voucher_key_check(const struct voucher_key *k,
		      struct voucher_hash *out) MUST_CHECK;

#endif
