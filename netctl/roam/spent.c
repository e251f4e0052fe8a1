/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/roam/spent.h"

#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "netctl/roam/ids.h"

/* Turns of its entries, as of records: odd is out. */
enum { MAY_COME, MAY_NOT };

struct spent {
	struct ids *ids; /* NULL: no memory, or no day yet */
	struct hmac_key key;
	size_t max;
	uint32_t day;
	bool is_full;
};

struct spent *spent_new(size_t max)
{
	struct spent *s = calloc(1, sizeof(*s));

	if (s)
		s->max = max;
	return s;
}

void spent_free(struct spent *s)
{
	if (!s)
		return;
	ids_free(s->ids);
	explicit_bzero(s, sizeof(*s));
	free(s);
}

void spent_set_day(struct spent *s, uint32_t day)
{
	uint8_t key[SHA256_SIZE];

	if (s->ids && s->day == day)
		return;
	ids_free(s->ids);
	s->ids = random_fill(key, sizeof(key)) ? ids_new(s->max) : NULL;
	hmac_key_init(&s->key, key, sizeof(key));
	explicit_bzero(key, sizeof(key));
	s->day = day;
	s->is_full = false;
}

static struct ids_entry entry_of(const struct spent *s,
				 const struct roam_device *d, uint8_t turn)
{
	struct ids_entry e = { .turn = turn };

	record_id(&s->key, d->network, &d->mac, e.id);
	return e;
}

bool spent_add(struct spent *s, const struct roam_device *d)
{
	struct ids_entry e = entry_of(s, d, MAY_NOT);
	bool was_full = s->is_full;

	if (!s->ids || ids_put(s->ids, &e))
		s->is_full = true;
	return s->is_full && !was_full;
}

void spent_remove(struct spent *s, const struct roam_device *d)
{
	struct ids_entry e = entry_of(s, d, MAY_COME), known;

	if (s->ids && ids_find(s->ids, e.id, &known) && ids_put(s->ids, &e))
		s->is_full = true;
}

bool spent_has(const struct spent *s, const struct roam_device *d)
{
	struct ids_entry e = entry_of(s, d, MAY_COME);

	if (!s->ids || !ids_find(s->ids, e.id, &e))
		return s->is_full || !s->ids;
	return e.turn == MAY_NOT;
}
