/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/admin/lockout.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "common/siphash.h"

#define DOUBLINGS 20
#define REST	  9 /* times as long as a password took */

/* Who competes for turns. */
enum line {
	LINE_NEW, /* no failure, and the next ones: one, two, more */
	LINE_FAILED_OFTEN = 3,
	LINE_KNOWN,
	LINES
};

/* Of the rate of turns; strangers together get two a second. */
static const unsigned int halvings[LINES] = { 0, 1, 2, 2, [LINE_KNOWN] = 0 };

struct slot {
	uint64_t hash;
	uint64_t last_ms;
	uint64_t until_ms;
	unsigned int failures; /* 0: the slot is free */
};

struct known {
	uint64_t hash;
	uint64_t since_ms; /* its last login; 0: the place is free */
};

struct lockout {
	uint64_t key[2];
	uint64_t turn_ms;	 /* when the last password was begun */
	unsigned int turn;	 /* in whose line */
	uint64_t next_ms[LINES]; /* when the next may be */
	struct slot slot[LOCKOUT_SLOTS];
	struct known known[LOCKOUT_KNOWN];
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
	return siphash(l->key, source->byte, addr_site_len(source));
}

/* --- those who failed -------------------------------------------------- */

static size_t find(const struct lockout *l, uint64_t hash)
{
	size_t i;

	for (i = 0; i < LOCKOUT_SLOTS; i++)
		if (l->slot[i].failures && l->slot[i].hash == hash)
			break;
	return i;
}

static uint64_t wait_of(const struct lockout *l, uint64_t hash, uint64_t now_ms)
{
	size_t i = find(l, hash);

	if (i == LOCKOUT_SLOTS || l->slot[i].until_ms <= now_ms)
		return 0;
	return l->slot[i].until_ms - now_ms;
}

uint64_t lockout_wait_ms(const struct lockout *l, const struct addr *source,
			 uint64_t now_ms)
{
	return wait_of(l, hash_of(l, source), now_ms);
}

static bool is_forgotten(const struct slot *s, uint64_t now_ms)
{
	return now_ms - s->last_ms > LOCKOUT_FORGET_MS;
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

	if (is_forgotten(s, now_ms))
		s->failures = 0;
	s->hash = hash;
	s->last_ms = now_ms;
	if (s->failures < LOCKOUT_FREE + DOUBLINGS)
		s->failures++;
	s->until_ms = now_ms + wait_after(s->failures);
}

/* --- those who are known ----------------------------------------------- */

static bool is_known(const struct lockout *l, uint64_t hash, uint64_t now_ms)
{
	for (size_t i = 0; i < LOCKOUT_KNOWN; i++)
		if (l->known[i].since_ms && l->known[i].hash == hash)
			return now_ms - l->known[i].since_ms < LOCKOUT_KNOWN_MS;
	return false;
}

/* Its own, else a free one, else the one that has not logged in longest. */
static struct known *known_for(struct lockout *l, uint64_t hash)
{
	struct known *oldest = &l->known[0];

	for (size_t i = 0; i < LOCKOUT_KNOWN; i++) {
		struct known *k = &l->known[i];

		if (k->since_ms && k->hash == hash)
			return k;
		if (k->since_ms < oldest->since_ms)
			oldest = k;
	}
	return oldest;
}

void lockout_succeed(struct lockout *l, const struct addr *source,
		     uint64_t now_ms)
{
	uint64_t hash = hash_of(l, source);
	size_t i = find(l, hash);

	if (i < LOCKOUT_SLOTS)
		memset(&l->slot[i], 0, sizeof(l->slot[i]));
	*known_for(l, hash) = (struct known){
		.hash = hash,
		.since_ms = now_ms,
	};
}

/* --- turns ------------------------------------------------------------- */

static unsigned int line_of(const struct lockout *l, uint64_t hash,
			    uint64_t now_ms)
{
	size_t i = find(l, hash);
	unsigned int failures;

	if (is_known(l, hash, now_ms))
		return LINE_KNOWN;
	if (i == LOCKOUT_SLOTS || is_forgotten(&l->slot[i], now_ms))
		return LINE_NEW;
	failures = l->slot[i].failures;
	return failures < LINE_FAILED_OFTEN ? failures : LINE_FAILED_OFTEN;
}

uint64_t lockout_take_turn(struct lockout *l, const struct addr *source,
			   uint64_t now_ms)
{
	uint64_t hash = hash_of(l, source);
	uint64_t wait_ms = wait_of(l, hash, now_ms);
	unsigned int line = line_of(l, hash, now_ms);

	if (now_ms + wait_ms < l->next_ms[line])
		wait_ms = l->next_ms[line] - now_ms;
	if (wait_ms)
		return wait_ms;
	l->turn = line;
	l->turn_ms = now_ms;
	l->next_ms[line] =
		now_ms + ((uint64_t)LOCKOUT_TURN_MS << halvings[line]);
	return 0;
}

void lockout_end_turn(struct lockout *l, uint64_t now_ms)
{
	uint64_t rest_ms = REST * (now_ms - l->turn_ms);
	uint64_t after_ms = now_ms + (rest_ms << halvings[l->turn]);

	if (l->next_ms[l->turn] < after_ms)
		l->next_ms[l->turn] = after_ms;
}

void lockout_free(struct lockout *l)
{
	if (!l)
		return;
	explicit_bzero(l, sizeof(*l));
	free(l);
}
