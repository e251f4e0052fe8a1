/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/limits.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define SLOTS 4096

struct limits {
	uint64_t key[2];
	unsigned int max;
	uint16_t open[2][SLOTS];
};

static uint64_t rotate(uint64_t v, unsigned int bits)
{
	return v << bits | v >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static uint64_t little_endian(const uint8_t *b, size_t n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | b[n];
	return v;
}

uint64_t limits_hash(const uint64_t key[2], const uint8_t *bytes, size_t len)
{
	uint64_t v[4] = {
		key[0] ^ 0x736f6d6570736575,
		key[1] ^ 0x646f72616e646f6d,
		key[0] ^ 0x6c7967656e657261,
		key[1] ^ 0x7465646279746573,
	};
	size_t at = 0;
	uint64_t word;

	for (; len - at >= 8; at += 8) {
		word = little_endian(bytes + at, 8);
		v[3] ^= word;
		sip_round(v);
		sip_round(v);
		v[0] ^= word;
	}
	word = little_endian(bytes + at, len - at) | (uint64_t)len << 56;
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct limits *limits_new(unsigned int max_per_device)
{
	struct limits *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->max = max_per_device;
	if (getrandom(l->key, sizeof(l->key), 0) != sizeof(l->key)) {
		free(l);
		return NULL;
	}
	return l;
}

void limits_set_max(struct limits *l, unsigned int max_per_device)
{
	l->max = max_per_device;
}

bool limits_take(struct limits *l, const struct addr *a,
		 struct limits_share *share)
{
	uint64_t hash = limits_hash(l->key, a->byte, addr_len(a));

	share->slot[0] = hash % SLOTS;
	share->slot[1] = (hash >> 32) % SLOTS;
	if (l->open[0][share->slot[0]] >= l->max &&
	    l->open[1][share->slot[1]] >= l->max)
		return false;
	for (int row = 0; row < 2; row++)
		if (l->open[row][share->slot[row]] == UINT16_MAX)
			return false;
	for (int row = 0; row < 2; row++)
		l->open[row][share->slot[row]]++;
	share->taken = true;
	return true;
}

void limits_give(struct limits *l, struct limits_share *share)
{
	if (!share->taken)
		return;
	for (int row = 0; row < 2; row++)
		l->open[row][share->slot[row]]--;
	memset(share, 0, sizeof(*share));
}

void limits_free(struct limits *l)
{
	if (!l)
		return;
	explicit_bzero(l, sizeof(*l));
	free(l);
}
