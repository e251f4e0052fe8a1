/* SPDX-License-Identifier: GPL-3.0-or-later */
#define OPENSSL_SUPPRESS_DEPRECATED /* SHA256_Init() and its like */
#include "portal/util/crypto.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
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

bool crypto_pbkdf2(const struct crypto_pbkdf2 *how, const char *password,
		   uint8_t *out, size_t out_len)
{
	return PKCS5_PBKDF2_HMAC(password, (int)strlen(password), how->salt,
				 (int)how->salt_len, how->rounds, EVP_sha256(),
				 (int)out_len, out) == 1;
}

bool crypto_ed25519_public(const uint8_t seed[CRYPTO_ED25519],
			   uint8_t out[CRYPTO_ED25519])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
						     seed, CRYPTO_ED25519);
	size_t len = CRYPTO_ED25519;
	bool is_fine = key &&
		       EVP_PKEY_get_raw_public_key(key, out, &len) == 1 &&
		       len == CRYPTO_ED25519;

	EVP_PKEY_free(key);
	return is_fine;
}

bool crypto_ed25519_sign(const uint8_t seed[CRYPTO_ED25519], const void *bytes,
			 size_t len, uint8_t out[CRYPTO_ED25519_SIGNATURE])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
						     seed, CRYPTO_ED25519);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	size_t out_len = CRYPTO_ED25519_SIGNATURE;
	bool is_fine = key && c &&
		       EVP_DigestSignInit(c, NULL, NULL, NULL, key) == 1 &&
		       EVP_DigestSign(c, out, &out_len, bytes, len) == 1;

	EVP_MD_CTX_free(c);
	EVP_PKEY_free(key);
	return is_fine;
}

bool crypto_ed25519_verify(const uint8_t public_key[CRYPTO_ED25519],
			   const void *bytes, size_t len,
			   const uint8_t signature[CRYPTO_ED25519_SIGNATURE])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
						    public_key, CRYPTO_ED25519);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool is_fine = key && c &&
		       EVP_DigestVerifyInit(c, NULL, NULL, NULL, key) == 1 &&
		       EVP_DigestVerify(c, signature, CRYPTO_ED25519_SIGNATURE,
					bytes, len) == 1;

	EVP_MD_CTX_free(c);
	EVP_PKEY_free(key);
	ERR_clear_error(); /* a wrong one is nobody's error */
	return is_fine;
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void crypto_base64(char *out, const void *bytes, size_t len)
{
	EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);
}
