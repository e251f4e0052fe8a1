/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/http/source_limit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/siphash.h"

#define SLOTS 4096

struct limits {
	uint64_t key[2];
	unsigned int max;
	uint16_t open[2][SLOTS];
};

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
	uint64_t hash = siphash(l->key, a->byte, addr_len(a));

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
