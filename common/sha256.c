/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/sha256.h"

#include <string.h>

#define BLOCK 64

/* FIPS 180-4, 4.2.2 */
static const uint32_t round_constant[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned int by)
{
	return x >> by | x << (32 - by);
}

static uint32_t read_be32(const uint8_t *from)
{
	return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 |
	       (uint32_t)from[2] << 8 | from[3];
}

static void write_be32(uint8_t *to, uint32_t x)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(x >> (24 - 8 * i));
}

/* 6.2.2, step 1 */
static void schedule(uint32_t w[64], const uint8_t *block)
{
	for (int t = 0; t < 16; t++)
		w[t] = read_be32(block + 4 * t);
	for (int t = 16; t < 64; t++)
		w[t] = w[t - 16] + w[t - 7] +
		       (rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^
			w[t - 15] >> 3) +
		       (rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^
			w[t - 2] >> 10);
}

/* 6.2.2, step 3: a to h are v[0] to v[7] */
static void rounds(uint32_t v[8], const uint32_t w[64])
{
	for (int t = 0; t < 64; t++) {
		uint32_t e = v[4], a = v[0];
		uint32_t t1 =
			v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
			((e & v[5]) ^ (~e & v[6])) + round_constant[t] + w[t];
		uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
			      ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += t1;
		v[0] = t1 + t2;
	}
}

static void compress(uint32_t state[8], const uint8_t *block)
{
	uint32_t w[64], v[8];

	schedule(w, block);
	memcpy(v, state, sizeof(v));
	rounds(v, w);
	for (int i = 0; i < 8; i++)
		state[i] += v[i];
	explicit_bzero(w, sizeof(w));
}

void sha256_init(struct sha256 *s)
{
	static const uint32_t start[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};

	memcpy(s->state, start, sizeof(start));
	s->len = 0;
}

void sha256_add(struct sha256 *s, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;

	while (len) {
		size_t at = s->len % BLOCK;
		size_t take = BLOCK - at < len ? BLOCK - at : len;

		memcpy(s->block + at, from, take);
		s->len += take;
		from += take;
		len -= take;
		if (s->len % BLOCK == 0)
			compress(s->state, s->block);
	}
}

void sha256_end(struct sha256 *s, uint8_t digest[SHA256_SIZE])
{
	static const uint8_t padding[BLOCK] = { 0x80 };
	uint64_t bits = s->len * 8;
	uint8_t length[8];

	write_be32(length, (uint32_t)(bits >> 32));
	write_be32(length + 4, (uint32_t)bits);
	sha256_add(s, padding, 1 + (BLOCK + 55 - s->len % BLOCK) % BLOCK);
	sha256_add(s, length, sizeof(length));
	for (int i = 0; i < 8; i++)
		write_be32(digest + 4 * i, s->state[i]);
	explicit_bzero(s, sizeof(*s));
}

/* --- HMAC -------------------------------------------------------------- */

static void start_pad(struct sha256 *s, const uint8_t key[BLOCK], uint8_t with)
{
	uint8_t pad[BLOCK];

	for (size_t i = 0; i < BLOCK; i++)
		pad[i] = key[i] ^ with;
	sha256_init(s);
	sha256_add(s, pad, sizeof(pad));
	explicit_bzero(pad, sizeof(pad));
}

void hmac_key_init(struct hmac_key *k, const void *key, size_t len)
{
	uint8_t block[BLOCK] = { 0 };
	struct sha256 s;

	if (len > BLOCK) {
		sha256_init(&s);
		sha256_add(&s, key, len);
		sha256_end(&s, block);
	} else if (len) {
		memcpy(block, key, len);
	}
	start_pad(&k->inner, block, 0x36);
	start_pad(&k->outer, block, 0x5c);
	explicit_bzero(block, sizeof(block));
}

void hmac_start(const struct hmac_key *k, struct sha256 *s)
{
	*s = k->inner;
}

void hmac_end(const struct hmac_key *k, struct sha256 *s,
	      uint8_t digest[SHA256_SIZE])
{
	sha256_end(s, digest);
	*s = k->outer;
	sha256_add(s, digest, SHA256_SIZE);
	sha256_end(s, digest);
}

void hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
		 uint8_t digest[SHA256_SIZE])
{
	struct hmac_key k;
	struct sha256 s;

	hmac_key_init(&k, key, key_len);
	hmac_start(&k, &s);
	sha256_add(&s, bytes, len);
	hmac_end(&k, &s, digest);
	explicit_bzero(&k, sizeof(k));
}

bool hmac_is_equal(const void *a, const void *b, size_t len)
{
	const uint8_t *x = a, *y = b;
	uint8_t differs = 0;

	for (size_t i = 0; i < len; i++)
		differs |= x[i] ^ y[i];
	return !differs;
}
