/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/server/code_attempts.h"

#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "common/siphash.h"

#define GROUPS (CODE_ATTEMPTS_SLOTS / CODE_ATTEMPTS_WAYS)

/* What is owed is paid off by the passing of time: at free_ms nothing is. */
struct slot {
	uint64_t hash;
	uint64_t free_ms;
};

struct code_attempts {
	uint64_t key[2];
	struct slot slot[CODE_ATTEMPTS_SLOTS];
};

struct code_attempts *code_attempts_new(void)
{
	struct code_attempts *a = calloc(1, sizeof(*a));

	if (a && random_fill(a->key, sizeof(a->key)))
		return a;
	free(a);
	return NULL;
}

void code_attempts_free(struct code_attempts *a)
{
	free(a);
}

/* The device's slot, or the one of its group that owes least. */
static struct slot *find(struct code_attempts *a, uint64_t hash)
{
	struct slot *group = &a->slot[hash % GROUPS * CODE_ATTEMPTS_WAYS];
	struct slot *least = group;

	for (size_t i = 0; i < CODE_ATTEMPTS_WAYS; i++) {
		if (group[i].hash == hash)
			return &group[i];
		if (group[i].free_ms < least->free_ms)
			least = &group[i];
	}
	*least = (struct slot){ .hash = hash };
	return least;
}

static void forget(struct code_attempts *a, uint64_t now_ms)
{
	for (size_t i = 0; i < CODE_ATTEMPTS_SLOTS; i++)
		if (a->slot[i].free_ms <= now_ms)
			a->slot[i] = (struct slot){ 0 };
}

bool code_attempts_take(struct code_attempts *a, const struct mac *mac,
			uint64_t now_ms)
{
	uint64_t free_ms = now_ms;
	struct slot *s;

	forget(a, now_ms);
	s = find(a, siphash(a->key, mac->byte, sizeof(mac->byte)));
	if (s->free_ms)
		free_ms = s->free_ms;
	free_ms += CODE_ATTEMPTS_EACH_MS;
	if (free_ms - now_ms > CODE_ATTEMPTS_FREE * CODE_ATTEMPTS_EACH_MS)
		return false;
	s->free_ms = free_ms;
	return true;
}
