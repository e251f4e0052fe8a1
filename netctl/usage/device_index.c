/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/usage/device_index.h"

#include <stdlib.h>
#include <string.h>

#include "common/siphash.h"

#define BUCKETS_MIN 256

/* Chains through arrays beside the records: entry i + 1, 0 ends a chain. */
struct chain {
	uint32_t *bucket;
	uint32_t *next;
};

struct device_index {
	struct ledger *ledger;
	struct chain by_id, by_handle;
	size_t room; /* of next[], and buckets: a power of two */
};

/* --- chains ------------------------------------------------------------ */

static uint32_t *bucket_of(const struct device_index *vs, const struct chain *c,
			   uint64_t key)
{
	return &c->bucket[(key ^ key >> 32) & (vs->room - 1)];
}

static void chain_insert(struct device_index *vs, struct chain *c, uint64_t key,
			 uint32_t i)
{
	uint32_t *bucket = bucket_of(vs, c, key);

	c->next[i] = *bucket;
	*bucket = i + 1;
}

static void chain_remove(struct device_index *vs, struct chain *c, uint64_t key,
			 uint32_t i)
{
	uint32_t *at = bucket_of(vs, c, key);

	while (*at && *at != i + 1)
		at = &c->next[*at - 1];
	if (*at)
		*at = c->next[i];
	c->next[i] = 0;
}

static bool chain_resize(struct chain *c, size_t room)
{
	uint32_t *bucket = realloc(c->bucket, room * sizeof(*bucket));
	uint32_t *next;

	if (!bucket)
		return false;
	c->bucket = bucket;
	next = realloc(c->next, room * sizeof(*next));
	if (!next)
		return false;
	c->next = next;
	return true;
}

static void chain_clear(struct chain *c, size_t room)
{
	memset(c->bucket, 0, room * sizeof(*c->bucket));
	memset(c->next, 0, room * sizeof(*c->next));
}

/* --- the indexes ------------------------------------------------------- */

static uint32_t index_of(const struct device_index *vs,
			 const struct ledger_visit *v)
{
	return (uint32_t)(v - ledger_visit_at(vs->ledger, 0));
}

static void index_visit(struct device_index *vs, uint32_t i)
{
	const struct ledger_visit *v = ledger_visit_at(vs->ledger, i);

	if (v->id)
		chain_insert(vs, &vs->by_id, v->id, i);
	if (v->handle)
		chain_insert(vs, &vs->by_handle, v->handle, i);
}

static bool resize(struct device_index *vs, size_t count)
{
	size_t room = BUCKETS_MIN;

	while (room <= count)
		room *= 2;
	if (!chain_resize(&vs->by_id, room) ||
	    !chain_resize(&vs->by_handle, room))
		return false;
	vs->room = room;
	return true;
}

void device_index_rebuild(struct device_index *vs)
{
	size_t count = device_index_count(vs);

	if (!resize(vs, count) && count >= vs->room)
		fatal("usage: no memory for %zu devices", count);
	chain_clear(&vs->by_id, vs->room);
	chain_clear(&vs->by_handle, vs->room);
	for (uint32_t i = 0; i < count; i++)
		index_visit(vs, i);
}

struct device_index *device_index_new(struct ledger *l)
{
	struct device_index *vs = calloc(1, sizeof(*vs));

	if (!vs)
		return NULL;
	vs->ledger = l;
	device_index_rebuild(vs);
	return vs;
}

void device_index_free(struct device_index *vs)
{
	if (!vs)
		return;
	free(vs->by_id.bucket);
	free(vs->by_id.next);
	free(vs->by_handle.bucket);
	free(vs->by_handle.next);
	free(vs);
}

/* --- records ----------------------------------------------------------- */

uint64_t device_index_id(const struct device_index *vs, const struct mac *mac)
{
	const struct ledger_image *image = vs->ledger->image;
	uint64_t id =
		siphash(image->key[image->half], mac->byte, sizeof(mac->byte));

	return id ? id : 1;
}

struct ledger_visit *device_index_find(const struct device_index *vs,
				       uint64_t id, unsigned int zone)
{
	uint32_t i = *bucket_of(vs, &vs->by_id, id);

	for (; i; i = vs->by_id.next[i - 1]) {
		struct ledger_visit *v = ledger_visit_at(vs->ledger, i - 1);

		if (v->id == id && visit_zone(v) == zone)
			return v;
	}
	return NULL;
}

struct ledger_visit *device_index_find_handle(const struct device_index *vs,
					      uint64_t handle)
{
	uint32_t i = *bucket_of(vs, &vs->by_handle, handle);

	for (; i; i = vs->by_handle.next[i - 1]) {
		struct ledger_visit *v = ledger_visit_at(vs->ledger, i - 1);

		if (v->handle == handle)
			return v;
	}
	return NULL;
}

bool device_index_any(const struct device_index *vs, uint64_t id, uint64_t bits)
{
	uint32_t i = *bucket_of(vs, &vs->by_id, id);

	for (; i; i = vs->by_id.next[i - 1]) {
		const struct ledger_visit *v =
			ledger_visit_at(vs->ledger, i - 1);

		if (v->id == id && ledger_get(vs->ledger, &v->bits) & bits)
			return true;
	}
	return false;
}

size_t device_index_count(const struct device_index *vs)
{
	struct ledger_image *image = vs->ledger->image;

	return ledger_get(vs->ledger, &image->visits[image->half]);
}

/*
 * The record itself is written at once: nobody sees it before the count that
 * is staged with it is committed.
 */
struct ledger_visit *device_index_add(struct device_index *vs, uint64_t id,
				      unsigned int zone)
{
	struct ledger_image *image = vs->ledger->image;
	size_t i = device_index_count(vs);
	struct ledger_visit *v = ledger_visit_at(vs->ledger, i);

	if (!ledger_reserve(vs->ledger, image->half, i + 1))
		return NULL;
	if (i >= vs->room) {
		size_t before = vs->room;

		if (!resize(vs, i)) {
			vs->room = before;
			return NULL;
		}
		device_index_rebuild(vs);
	}
	memset(v, 0, sizeof(*v));
	v->id = id;
	v->bits = (uint64_t)zone << VISIT_ZONE_SHIFT;
	index_visit(vs, (uint32_t)i);
	ledger_set(vs->ledger, &image->visits[image->half], i + 1);
	return v;
}

void device_index_set_id(struct device_index *vs, struct ledger_visit *v,
			 uint64_t id)
{
	uint32_t i = index_of(vs, v);

	if (v->id)
		chain_remove(vs, &vs->by_id, v->id, i);
	v->id = id; /* the index goes by it; harmless if it is all that stays */
	chain_insert(vs, &vs->by_id, id, i);
}

void device_index_set_handle(struct device_index *vs, struct ledger_visit *v,
			     uint64_t handle)
{
	uint32_t i = index_of(vs, v);
	uint64_t old = ledger_get(vs->ledger, &v->handle);

	if (old)
		chain_remove(vs, &vs->by_handle, old, i);
	if (handle)
		chain_insert(vs, &vs->by_handle, handle, i);
	ledger_set(vs->ledger, &v->handle, handle);
}
