/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/roam/ids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "common/siphash.h"

#define SLOTS_MIN 64
#define IS_TAKEN  0x80

_Static_assert(sizeof(struct ids_entry) == 8, "8 bytes an entry");
_Static_assert(RECORD_AGE_MAX < IS_TAKEN, "an age leaves the bit alone");

struct ids {
	uint64_t key[2]; /* who has the day's key can choose ids */
	struct ids_entry *slot;
	size_t slots; /* a power of two */
	size_t slots_max;
	size_t count;
};

/* Full enough to grow: 7 of 8. */
static size_t room_of(size_t slots)
{
	return slots / 8 * 7;
}

struct ids *ids_new(size_t max)
{
	struct ids *t = calloc(1, sizeof(*t));

	if (!t || !random_fill(t->key, sizeof(t->key))) {
		free(t);
		return NULL;
	}
	t->slots = t->slots_max = SLOTS_MIN;
	while (room_of(t->slots_max) < max)
		t->slots_max *= 2;
	t->slot = calloc(t->slots, sizeof(*t->slot));
	if (t->slot)
		return t;
	free(t);
	return NULL;
}

void ids_free(struct ids *t)
{
	if (!t)
		return;
	explicit_bzero(t->slot, t->slots * sizeof(*t->slot));
	free(t->slot);
	free(t);
}

/* That of the id, or the free one where it would be. */
static struct ids_entry *slot_of(const struct ids *t,
				 const uint8_t id[RECORD_ID_SIZE])
{
	size_t i = siphash(t->key, id, RECORD_ID_SIZE) & (t->slots - 1);

	while (t->slot[i].age & IS_TAKEN &&
	       memcmp(t->slot[i].id, id, RECORD_ID_SIZE) != 0)
		i = (i + 1) & (t->slots - 1);
	return &t->slot[i];
}

bool ids_find(const struct ids *t, const uint8_t id[RECORD_ID_SIZE],
	      struct ids_entry *found)
{
	const struct ids_entry *e = slot_of(t, id);

	if (!(e->age & IS_TAKEN))
		return false;
	*found = *e;
	found->age &= (uint8_t)~IS_TAKEN;
	return true;
}

static int grow(struct ids *t)
{
	struct ids_entry *old = t->slot;
	size_t count = t->slots;

	if (t->slots == t->slots_max)
		return -ENOSPC;
	t->slot = calloc(count * 2, sizeof(*t->slot));
	if (!t->slot) {
		t->slot = old;
		return -ENOMEM;
	}
	t->slots = count * 2;
	for (size_t i = 0; i < count; i++)
		if (old[i].age & IS_TAKEN)
			*slot_of(t, old[i].id) = old[i];
	explicit_bzero(old, count * sizeof(*old));
	free(old);
	return 0;
}

int ids_put(struct ids *t, const struct ids_entry *e)
{
	struct ids_entry *to = slot_of(t, e->id);

	if (!(to->age & IS_TAKEN)) {
		int err = t->count < room_of(t->slots) ? 0 : grow(t);

		if (err)
			return err;
		to = slot_of(t, e->id);
		t->count++;
	}
	*to = *e;
	to->age |= IS_TAKEN;
	return 0;
}

size_t ids_count(const struct ids *t)
{
	return t->count;
}

size_t ids_memory(const struct ids *t)
{
	return sizeof(*t) + t->slots * sizeof(*t->slot);
}
