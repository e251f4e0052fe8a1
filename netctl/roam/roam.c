/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/roam/roam.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "netctl/roam/ids.h"

/* Yesterday, today and tomorrow, of the generation that is and that was. */
#define SLOTS 6

struct slot {
	struct ids *ids; /* NULL: the slot is free */
	struct hmac_key key;
	uint32_t day;
	uint8_t generation;
};

struct roam {
	struct city_keys keys; /* as written down */
	struct city_keys old;  /* of the generation before */
	bool has_old;
	uint32_t old_until; /* the last day that it is looked at */
	bool is_written;    /* keys are, as they are */
	bool has_time;
	bool is_full;
	uint32_t today;
	uint32_t last; /* day whose records are believed: today or tomorrow */
	size_t ids_max;
	struct slot slot[SLOTS];
	struct unsent *unsent;
};

/* --- days and their keys ------------------------------------------------ */

static struct slot *slot_of(struct roam *r, uint32_t day, uint8_t generation)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (r->slot[i].ids && r->slot[i].day == day &&
		    r->slot[i].generation == generation)
			return &r->slot[i];
	return NULL;
}

static const struct slot *slot_find(const struct roam *r, uint32_t day,
				    uint8_t generation)
{
	return slot_of((struct roam *)r, day, generation);
}

static void slot_clear(struct slot *s)
{
	ids_free(s->ids);
	explicit_bzero(s, sizeof(*s));
}

static struct slot *free_slot(struct roam *r)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (!r->slot[i].ids)
			return &r->slot[i];
	return NULL;
}

/* Where the key does not reach back to the day there is none. */
static void slot_add(struct roam *r, const struct city_keys *keys, uint32_t day)
{
	struct city_keys of_day = *keys;
	struct slot *s = free_slot(r);

	if (!s || slot_of(r, day, keys->generation) ||
	    !city_keys_advance(&of_day, day))
		return;
	s->ids = ids_new(r->ids_max);
	s->day = day;
	s->generation = keys->generation;
	hmac_key_init(&s->key, of_day.key, sizeof(of_day.key));
	explicit_bzero(&of_day, sizeof(of_day));
}

static void slots_update(struct roam *r)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (r->slot[i].ids &&
		    (r->slot[i].day + 1 < r->today || r->slot[i].day > r->last))
			slot_clear(&r->slot[i]);
	for (uint32_t day = r->today ? r->today - 1 : 0; day <= r->last;
	     day++) {
		slot_add(r, &r->keys, day);
		if (r->has_old)
			slot_add(r, &r->old, day);
	}
}

void roam_set_time(struct roam *r, int64_t utc_s)
{
	uint32_t today = city_day(utc_s, r->keys.shift_s);

	r->is_full = r->is_full && today == r->today;
	r->has_time = true;
	r->today = today;
	r->last = city_day(utc_s + ROAM_SKEW_S, r->keys.shift_s);
	r->has_old = r->has_old && today <= r->old_until;
	slots_update(r);
}

void roam_forget_time(struct roam *r)
{
	r->has_time = false;
}

static const struct slot *slot_today(const struct roam *r)
{
	return slot_find(r, r->today, r->keys.generation);
}

bool roam_is_on(const struct roam *r)
{
	return r->has_time && slot_today(r);
}

uint32_t roam_today(const struct roam *r)
{
	return r->today;
}

bool roam_advance(struct roam *r, struct city_keys *keys)
{
	if (r->has_time && r->keys.day + 1 < r->today &&
	    city_keys_advance(&r->keys, r->today - 1))
		r->is_written = false;
	*keys = r->keys;
	if (r->is_written)
		return false;
	r->is_written = true;
	return true;
}

bool roam_unwrap(struct roam *r, const struct city_wrapped_key *w)
{
	struct city_keys before = r->keys;

	if (!city_keys_unwrap(&r->keys, w))
		return false;
	r->old = before;
	r->has_old = true;
	r->old_until = (r->has_time ? r->today : w->day) + 1;
	r->is_written = false;
	for (size_t i = 0; i < SLOTS; i++) /* of the one before that */
		if (r->slot[i].ids &&
		    r->slot[i].generation != before.generation)
			slot_clear(&r->slot[i]);
	if (r->has_time)
		slots_update(r);
	return true;
}

/* --- devices ------------------------------------------------------------ */

void roam_id(const struct roam *r, const struct roam_device *d,
	     uint8_t id[RECORD_ID_SIZE])
{
	record_id(&slot_today(r)->key, d->network, &d->mac, id);
}

static bool find_in(const struct slot *s, const uint8_t id[RECORD_ID_SIZE],
		    struct roam_known *known)
{
	struct ids_entry e;

	if (!ids_find(s->ids, id, &e))
		return false;
	*known = (struct roam_known){
		.day = s->day, .age = e.age, .terms = e.terms, .turn = e.turn
	};
	return true;
}

bool roam_find_today(const struct roam *r, const uint8_t id[RECORD_ID_SIZE],
		     struct roam_known *known)
{
	return find_in(slot_today(r), id, known);
}

static bool find_on(const struct roam *r, uint32_t day, uint8_t generation,
		    const struct roam_device *d, struct roam_known *known)
{
	const struct slot *s = slot_find(r, day, generation);
	uint8_t id[RECORD_ID_SIZE];

	if (!s || !ids_count(s->ids))
		return false;
	record_id(&s->key, d->network, &d->mac, id);
	return find_in(s, id, known);
}

bool roam_is_renewal(const struct roam_known *known)
{
	return known->age != 0;
}

/* From the newest on. true: enough is known. */
static bool take_older(const struct roam_known *older, struct roam_known *known,
		       bool *is_known)
{
	if (!*is_known || older->turn % 2)
		*known = *older;
	*is_known = true;
	return !roam_is_renewal(older);
}

bool roam_find(const struct roam *r, const struct roam_device *d,
	       struct roam_known *known)
{
	bool is_known = false;
	struct roam_known k;

	for (uint32_t day = r->today; day + 1 >= r->today; day--) {
		if (find_on(r, day, r->keys.generation, d, &k) &&
		    take_older(&k, known, &is_known))
			break;
		if (r->has_old && find_on(r, day, r->old.generation, d, &k) &&
		    take_older(&k, known, &is_known))
			break;
	}
	return is_known;
}

uint32_t roam_last_day(const struct roam_known *known, uint8_t terms,
		       uint32_t accept_days)
{
	if (known->turn % 2 || known->terms != terms)
		return 0;
	return known->day - known->age + accept_days;
}

/* --- records ------------------------------------------------------------ */

/* The higher turn holds; in the same the younger accept. */
static bool is_newer(const struct ids_entry *e, const struct ids_entry *than)
{
	if (e->turn != than->turn)
		return e->turn > than->turn;
	return e->age < than->age;
}

/* true: it is new. */
static bool believe(struct roam *r, struct slot *s, const struct ids_entry *e)
{
	struct ids_entry known;

	if (ids_find(s->ids, e->id, &known) && !is_newer(e, &known))
		return false;
	if (!ids_put(s->ids, e))
		return true;
	r->is_full = true;
	return false;
}

static struct ids_entry entry_of(const struct record *m)
{
	struct ids_entry e = { .age = m->age,
			       .terms = m->terms,
			       .turn = m->turn };

	memcpy(e.id, m->id, sizeof(e.id));
	return e;
}

int roam_make(struct roam *r, const uint8_t id[RECORD_ID_SIZE],
	      const struct roam_known *known)
{
	struct slot *s = slot_of(r, r->today, r->keys.generation);
	struct record m = {
		.kind = known->turn % 2 ? RECORD_REVOKE
			: known->age	? RECORD_RENEW
					: RECORD_ACCEPT,
		.generation = s->generation,
		.day = (uint16_t)s->day,
		.age = known->age,
		.turn = known->turn,
		.terms = known->terms,
	};
	uint8_t bytes[RECORD_SIZE];
	struct ids_entry e;
	int err;

	memcpy(m.id, id, sizeof(m.id));
	record_build(&m, &s->key, bytes);
	err = unsent_put(r->unsent, bytes);
	if (err)
		return err;
	e = entry_of(&m);
	believe(r, s, &e);
	return 0;
}

/* The slot of a record's day, which its sixteen bits tell. */
static struct slot *slot_of_record(struct roam *r, const struct record *m)
{
	uint32_t base = r->today - 1;
	uint32_t day = base + (uint16_t)(m->day - base);

	return slot_of(r, day, m->generation);
}

/* A box that was lost has the old key: its word may only shut out. */
static bool counts(const struct roam *r, const struct record *m)
{
	return m->generation == r->keys.generation || m->kind == RECORD_REVOKE;
}

enum roam_taken roam_take(struct roam *r, const uint8_t bytes[RECORD_SIZE],
			  struct record *record)
{
	struct slot *s;
	struct ids_entry e;

	if (!record_parse(bytes, record))
		return ROAM_REFUSED;
	s = slot_of_record(r, record);
	if (!s)
		return ROAM_OLD;
	if (!record_is_genuine(bytes, &s->key))
		return ROAM_REFUSED;
	e = entry_of(record);
	if (!counts(r, record) || !believe(r, s, &e))
		return ROAM_OLD;
	if (record->kind != RECORD_REVOKE || s->day > r->today)
		return ROAM_NEW;
	return s == slot_today(r) ? ROAM_NEW_REVOKE : ROAM_LATE_REVOKE;
}

/* --- life --------------------------------------------------------------- */

struct roam *roam_new(const struct city_keys *keys, size_t ids_max)
{
	struct roam *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->keys = *keys;
	r->is_written = true;
	r->ids_max = ids_max;
	r->unsent = unsent_new();
	if (r->unsent)
		return r;
	free(r);
	return NULL;
}

void roam_free(struct roam *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		slot_clear(&r->slot[i]);
	unsent_free(r->unsent);
	explicit_bzero(r, sizeof(*r));
	free(r);
}

struct unsent *roam_unsent(struct roam *r)
{
	return r->unsent;
}

uint8_t roam_generation(const struct roam *r)
{
	return r->keys.generation;
}

uint32_t roam_key_day(const struct roam *r)
{
	return r->keys.day;
}

size_t roam_count(const struct roam *r)
{
	size_t count = 0;

	for (size_t i = 0; i < SLOTS; i++)
		if (r->slot[i].ids)
			count += ids_count(r->slot[i].ids);
	return count;
}

size_t roam_memory(const struct roam *r)
{
	size_t bytes = 0;

	for (size_t i = 0; i < SLOTS; i++)
		if (r->slot[i].ids)
			bytes += ids_memory(r->slot[i].ids);
	return bytes;
}

bool roam_is_full(const struct roam *r)
{
	return r->is_full;
}
