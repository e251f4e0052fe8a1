/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/admin/lockout.h"

#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "common/siphash.h"

#define NET6_BYTES 8 /* what a site or a provider's customer has at least */
#define DOUBLINGS  20

struct slot {
	uint64_t hash;
	uint64_t last_ms;
	uint64_t until_ms;
	unsigned int failures; /* 0: the slot is free */
};

struct lockout {
	uint64_t key[2];
	uint64_t turn_ms; /* when the last password was begun */
	uint64_t next_ms; /* when the next may be */
	struct slot slot[LOCKOUT_SLOTS];
};

struct lockout *lockout_new(void)
{
	struct lockout *l = calloc(1, sizeof(*l));

	if (l && !random_fill(l->key, sizeof(l->key))) {
		free(l);
		l = NULL;
	}
	return l;
}

static uint64_t hash_of(const struct lockout *l, const struct addr *source)
{
	size_t len = addr_len(source);

	return siphash(l->key, source->byte,
		       len > NET6_BYTES ? NET6_BYTES : len);
}

static size_t find(const struct lockout *l, uint64_t hash)
{
	size_t i;

	for (i = 0; i < LOCKOUT_SLOTS; i++)
		if (l->slot[i].failures && l->slot[i].hash == hash)
			break;
	return i;
}

uint64_t lockout_wait_ms(const struct lockout *l, const struct addr *source,
			 uint64_t now_ms)
{
	size_t i = find(l, hash_of(l, source));

	if (i == LOCKOUT_SLOTS || l->slot[i].until_ms <= now_ms)
		return 0;
	return l->slot[i].until_ms - now_ms;
}

/* The one of the source, else a free one, else the one that rests longest. */
static struct slot *slot_for(struct lockout *l, uint64_t hash)
{
	size_t i = find(l, hash);
	struct slot *oldest = &l->slot[0];

	if (i < LOCKOUT_SLOTS)
		return &l->slot[i];
	for (i = 0; i < LOCKOUT_SLOTS; i++) {
		if (!l->slot[i].failures)
			return &l->slot[i];
		if (l->slot[i].last_ms < oldest->last_ms)
			oldest = &l->slot[i];
	}
	memset(oldest, 0, sizeof(*oldest));
	return oldest;
}

static uint64_t wait_after(unsigned int failures)
{
	unsigned int beyond = failures - LOCKOUT_FREE;
	uint64_t wait_ms;

	if (failures < LOCKOUT_FREE)
		return 0;
	wait_ms = 1000ULL << (beyond < DOUBLINGS ? beyond : DOUBLINGS);
	return wait_ms < LOCKOUT_WAIT_MAX_MS ? wait_ms : LOCKOUT_WAIT_MAX_MS;
}

void lockout_fail(struct lockout *l, const struct addr *source, uint64_t now_ms)
{
	uint64_t hash = hash_of(l, source);
	struct slot *s = slot_for(l, hash);

	if (now_ms - s->last_ms > LOCKOUT_FORGET_MS)
		s->failures = 0;
	s->hash = hash;
	s->last_ms = now_ms;
	if (s->failures < LOCKOUT_FREE + DOUBLINGS)
		s->failures++;
	s->until_ms = now_ms + wait_after(s->failures);
}

void lockout_clear(struct lockout *l, const struct addr *source)
{
	size_t i = find(l, hash_of(l, source));

	if (i < LOCKOUT_SLOTS)
		memset(&l->slot[i], 0, sizeof(l->slot[i]));
}

uint64_t lockout_take_turn(struct lockout *l, uint64_t now_ms)
{
	if (now_ms < l->next_ms)
		return l->next_ms - now_ms;
	l->turn_ms = now_ms;
	l->next_ms = now_ms + LOCKOUT_TURN_MS;
	return 0;
}

void lockout_end_turn(struct lockout *l, uint64_t now_ms)
{
	uint64_t after_ms = now_ms + 9 * (now_ms - l->turn_ms);

	if (l->next_ms < after_ms)
		l->next_ms = after_ms;
}

void lockout_free(struct lockout *l)
{
	if (!l)
		return;
	explicit_bzero(l, sizeof(*l));
	free(l);
}
