/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/http/source_limit.h"

#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "common/siphash.h"

#define SLOTS 4096

struct source_limit {
	uint64_t key[2];
	enum source_kind kind;
	unsigned int max;
	uint16_t open[2][SLOTS];
};

struct source_limit *source_limit_new(enum source_kind kind, unsigned int max)
{
	struct source_limit *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->kind = kind;
	l->max = max;
	if (!random_fill(l->key, sizeof(l->key))) {
		free(l);
		return NULL;
	}
	return l;
}

void source_limit_set_max(struct source_limit *l, unsigned int max)
{
	l->max = max;
}

bool source_limit_take(struct source_limit *l, const struct addr *a,
		       struct source_limit_share *share)
{
	size_t len = l->kind == SOURCE_SITE ? addr_site_len(a) : addr_len(a);
	uint64_t hash = siphash(l->key, a->byte, len);

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

void source_limit_give(struct source_limit *l, struct source_limit_share *share)
{
	if (!share->taken)
		return;
	for (int row = 0; row < 2; row++)
		l->open[row][share->slot[row]]--;
	memset(share, 0, sizeof(*share));
}

void source_limit_free(struct source_limit *l)
{
	if (!l)
		return;
	explicit_bzero(l, sizeof(*l));
	free(l);
}
