/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/array.h"
#include "common/random.h"
#include "common/sha256.h"

static void digest_of(const void *bytes, size_t len, uint8_t out[SHA256_SIZE])
{
	struct sha256 s;

	sha256_init(&s);
	sha256_add(&s, bytes, len);
	sha256_end(&s, out);
}

/* FIPS 180-4's examples and the empty text. */
static void nist(void **state)
{
	static const struct {
		const char *text;
		uint8_t digest[4]; /* how it begins */
	} cases[] = {
		{ "", { 0xe3, 0xb0, 0xc4, 0x42 } },
		{ "abc", { 0xba, 0x78, 0x16, 0xbf } },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  { 0x24, 0x8d, 0x6a, 0x61 } },
	};
	uint8_t digest[SHA256_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		digest_of(cases[i].text, strlen(cases[i].text), digest);
		assert_memory_equal(digest, cases[i].digest, 4);
	}
}

/* RFC 4231, test cases 1, 2, 3 and 6. */
static void rfc_4231(void **state)
{
	uint8_t digest[SHA256_SIZE], key[131], data[50];

	(void)state;
	memset(key, 0x0b, 20);
	hmac_sha256(key, 20, "Hi There", 8, digest);
	assert_memory_equal(digest, "\xb0\x34\x4c\x61\xd8\xdb\x38\x53", 8);
	hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, digest);
	assert_memory_equal(digest, "\x5b\xdc\xc1\x46\xbf\x60\x75\x4e", 8);
	memset(key, 0xaa, sizeof(key));
	memset(data, 0xdd, sizeof(data));
	hmac_sha256(key, 20, data, 50, digest);
	assert_memory_equal(digest, "\x77\x3e\xa9\x1e\x36\x80\x0e\x46", 8);
	hmac_sha256(key, 131,
		    "Test Using Larger Than Block-Size Key - Hash Key First",
		    54, digest);
	assert_memory_equal(digest, "\x60\xe4\x31\x59\x1e\xe0\xb6\x7f", 8);
}

/* Each length around the blocks, in each two pieces, and keys of any. */
static void as_openssl(void **state)
{
	uint8_t bytes[200], mine[SHA256_SIZE], theirs[SHA256_SIZE];
	struct sha256 s;

	(void)state;
	assert_true(random_fill(bytes, sizeof(bytes)));
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		size_t cut = len ? bytes[len - 1] % len : 0;

		EVP_Digest(bytes, len, theirs, NULL, EVP_sha256(), NULL);
		sha256_init(&s);
		sha256_add(&s, bytes, cut);
		sha256_add(&s, bytes + cut, len - cut);
		sha256_end(&s, mine);
		assert_memory_equal(mine, theirs, sizeof(mine));
		HMAC(EVP_sha256(), bytes, (int)len, bytes, sizeof(bytes),
		     theirs, NULL);
		hmac_sha256(bytes, len, bytes, sizeof(bytes), mine);
		assert_memory_equal(mine, theirs, sizeof(mine));
	}
}

static void a_long_text(void **state)
{
	static uint8_t bytes[1000000];
	uint8_t digest[SHA256_SIZE];

	(void)state;
	memset(bytes, 'a', sizeof(bytes));
	digest_of(bytes, sizeof(bytes), digest);
	assert_memory_equal(digest, "\xcd\xc7\x6e\x5c\x99\x14\xfb\x92", 8);
}

static void keys_can_be_used_again(void **state)
{
	uint8_t digest[2][SHA256_SIZE] = { 0 };
	struct hmac_key k;
	struct sha256 s;

	(void)state;
	hmac_key_init(&k, "Jefe", 4);
	for (int i = 0; i < 2; i++) {
		hmac_start(&k, &s);
		sha256_add(&s, "what do ya want ", 16);
		sha256_add(&s, "for nothing?", 12);
		hmac_end(&k, &s, digest[i]);
	}
	assert_memory_equal(digest[0], digest[1], SHA256_SIZE);
	assert_memory_equal(digest[0], "\x5b\xdc\xc1\x46", 4);
}

static void comparing(void **state)
{
	(void)state;
	assert_true(hmac_is_equal("abc", "abd", 2));
	assert_false(hmac_is_equal("abc", "abd", 3));
	assert_false(hmac_is_equal("xbc", "abc", 3));
	assert_true(hmac_is_equal("a", "b", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nist),
		cmocka_unit_test(rfc_4231),
		cmocka_unit_test(as_openssl),
		cmocka_unit_test(a_long_text),
		cmocka_unit_test(keys_can_be_used_again),
		cmocka_unit_test(comparing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
