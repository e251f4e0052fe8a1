/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the portal computes with libcrypto: hashes, passwords, comparisons that
 * take the same time whatever they find. TLS and certificates are
 * portal/http/tls.c's.
 */
#ifndef STADTTOR_PORTAL_UTIL_CRYPTO_H
#define STADTTOR_PORTAL_UTIL_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/log.h"

#define CRYPTO_SHA256 32 /* bytes */
#define CRYPTO_MD5    16

/* FIPS 180-4. */
void crypto_sha256(const void *bytes, size_t len, uint8_t out[CRYPTO_SHA256]);

/* RFC 2104. false: no memory. */
bool crypto_hmac_sha256(const void *key, size_t key_len, const void *bytes,
			size_t len, uint8_t out[CRYPTO_SHA256]) MUST_CHECK;

/*
 * RFC 1321 and 2104, for RADIUS, which has nothing better. false: no memory, or
 * libcrypto has none.
 */
struct crypto_part {
	const void *bytes;
	size_t len;
};
bool crypto_md5(const struct crypto_part *part, size_t parts,
		uint8_t out[CRYPTO_MD5]) MUST_CHECK;
bool crypto_hmac_md5(const void *key, size_t key_len, const void *bytes,
		     size_t len, uint8_t out[CRYPTO_MD5]) MUST_CHECK;

/* RFC 7914: cost N = 1 << ln, block size r, parallelism p. */
struct crypto_scrypt {
	unsigned int ln, r, p;
	const uint8_t *salt;
	size_t salt_len;
};

/* How much memory that takes, in bytes. */
uint64_t crypto_scrypt_memory(const struct crypto_scrypt *how);

/* false: no memory, or costs that libcrypto refuses. */
bool crypto_scrypt(const struct crypto_scrypt *how, const char *password,
		   uint8_t *out, size_t out_len) MUST_CHECK;

/* RFC 8018, by HMAC with SHA-256. false: no memory. */
struct crypto_pbkdf2 {
	const uint8_t *salt;
	size_t salt_len;
	int rounds;
};
bool crypto_pbkdf2(const struct crypto_pbkdf2 *how, const char *password,
		   uint8_t *out, size_t out_len) MUST_CHECK;

/* RFC 8032: signatures of who has the seed, for who has the public key. */
#define CRYPTO_ED25519		 32 /* bytes of either */
#define CRYPTO_ED25519_SIGNATURE 64
bool crypto_ed25519_public(const uint8_t seed[CRYPTO_ED25519],
			   uint8_t out[CRYPTO_ED25519]) MUST_CHECK;
bool crypto_ed25519_sign(const uint8_t seed[CRYPTO_ED25519], const void *bytes,
			 size_t len,
			 uint8_t out[CRYPTO_ED25519_SIGNATURE]) MUST_CHECK;
bool crypto_ed25519_verify(
	const uint8_t public_key[CRYPTO_ED25519], const void *bytes, size_t len,
	const uint8_t signature[CRYPTO_ED25519_SIGNATURE]) MUST_CHECK;

bool crypto_equal(const void *a, const void *b, size_t len);

/* RFC 4648, section 4, with padding: (len + 2) / 3 * 4 bytes and a NUL. */
#define CRYPTO_BASE64(len) (((len) + 2) / 3 * 4 + 1)
void crypto_base64(char *out, const void *bytes, size_t len);

#endif
