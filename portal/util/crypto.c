/* SPDX-License-Identifier: GPL-3.0-or-later */
#define OPENSSL_SUPPRESS_DEPRECATED /* SHA256_Init() and its like */
#include "portal/util/crypto.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

_Static_assert(CRYPTO_SHA256 == SHA256_DIGEST_LENGTH, "FIPS 180-4");

/*
 * Not by EVP, whose first digest sets up all providers: 1.7 MB of libcrypto
 * that a portal without TLS never touches.
 */
void crypto_sha256(const void *bytes, size_t len, uint8_t out[CRYPTO_SHA256])
{
	SHA256_CTX c;

	SHA256_Init(&c);
	SHA256_Update(&c, bytes, len);
	SHA256_Final(out, &c);
	explicit_bzero(&c, sizeof(c));
}

bool crypto_hmac_sha256(const void *key, size_t key_len, const void *bytes,
			size_t len, uint8_t out[CRYPTO_SHA256])
{
	return HMAC(EVP_sha256(), key, (int)key_len, bytes, len, out, NULL) !=
	       NULL;
}

bool crypto_md5(const struct crypto_part *part, size_t parts,
		uint8_t out[CRYPTO_MD5])
{
	MD5_CTX c;
	bool is_fine = MD5_Init(&c) == 1;

	for (size_t i = 0; i < parts; i++)
		is_fine = is_fine &&
			  MD5_Update(&c, part[i].bytes, part[i].len) == 1;
	is_fine = is_fine && MD5_Final(out, &c) == 1;
	explicit_bzero(&c, sizeof(c));
	return is_fine;
}

bool crypto_hmac_md5(const void *key, size_t key_len, const void *bytes,
		     size_t len, uint8_t out[CRYPTO_MD5])
{
	return HMAC(EVP_md5(), key, (int)key_len, bytes, len, out, NULL) !=
	       NULL;
}

uint64_t crypto_scrypt_memory(const struct crypto_scrypt *how)
{
	return (128ULL * how->r << how->ln) + 128ULL * how->r * how->p;
}

bool crypto_scrypt(const struct crypto_scrypt *how, const char *password,
		   uint8_t *out, size_t out_len)
{
	/* OpenSSL counts its own small change, too */
	uint64_t allowed = crypto_scrypt_memory(how) + (1 << 20);

	return EVP_PBE_scrypt(password, strlen(password), how->salt,
			      how->salt_len, 1ULL << how->ln, how->r, how->p,
			      allowed, out, out_len) == 1;
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void crypto_base64(char *out, const void *bytes, size_t len)
{
	EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);
}
