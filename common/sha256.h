/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SHA-256 (FIPS 180-4) and HMAC with it (RFC 2104), for netctl: libcrypto would
 * cost it half a megabyte. Neither branches nor looks anything up by what is
 * secret.
 */
#ifndef STADTTOR_COMMON_SHA256_H
#define STADTTOR_COMMON_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

struct sha256 {
	uint32_t state[8];
	uint64_t len; /* bytes so far */
	uint8_t block[64];
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *bytes, size_t len);
void sha256_end(struct sha256 *s, uint8_t digest[SHA256_SIZE]);

/* A key, ready to be used any number of times. It is as secret as the key. */
struct hmac_key {
	struct sha256 inner, outer;
};

void hmac_key_init(struct hmac_key *k, const void *key, size_t len);

/* What is authenticated may come in pieces: hmac_start(), sha256_add()... */
void hmac_start(const struct hmac_key *k, struct sha256 *s);
void hmac_end(const struct hmac_key *k, struct sha256 *s,
	      uint8_t digest[SHA256_SIZE]);

/* All at once. */
void hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
		 uint8_t digest[SHA256_SIZE]);

/* Takes the same time whatever differs. */
bool hmac_is_equal(const void *a, const void *b, size_t len);

#endif
