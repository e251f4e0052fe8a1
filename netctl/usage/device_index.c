/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/usage/device_index.h"

#include <stdlib.h>
#include <string.h>

#include "common/siphash.h"
#include "netctl/usage/places.h"

#define BUCKETS_MIN 256

/* Chains through an array beside the records: record i + 1, 0 ends a chain. */
struct device_index {
	struct ledger *ledger;
	uint32_t *bucket;
	uint32_t *next;
	size_t room; /* of both: a power of two */
};

static uint64_t id_of(const struct device_index *x, const struct mac *mac)
{
	uint64_t id = siphash(ledger_image(x->ledger)->key, mac->byte,
			      sizeof(mac->byte));

	return id ? id : 1;
}

static uint32_t *bucket_of(const struct device_index *x, uint64_t id)
{
	return &x->bucket[(id ^ id >> 32) & (x->room - 1)];
}

static void insert(struct device_index *x, uint64_t id, uint32_t i)
{
	uint32_t *bucket = bucket_of(x, id);

	x->next[i] = *bucket;
	*bucket = i + 1;
}

/* Room for one more than count. Its last growth is undone by none. */
static bool make_room(struct device_index *x, size_t count)
{
	const struct ledger_image *image = ledger_image(x->ledger);
	size_t room = BUCKETS_MIN;
	uint32_t *bucket, *next;

	while (room <= count)
		room *= 2;
	if (room <= x->room)
		return true;
	bucket = calloc(room, sizeof(*bucket));
	next = calloc(room, sizeof(*next));
	if (!bucket || !next) {
		free(bucket);
		free(next);
		return false;
	}
	free(x->bucket);
	free(x->next);
	x->bucket = bucket;
	x->next = next;
	x->room = room;
	for (uint32_t i = 0; i < count; i++)
		insert(x, image->device[i].id, i);
	return true;
}

struct device_index *device_index_new(struct ledger *l)
{
	struct device_index *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->ledger = l;
	if (make_room(x, ledger_devices(l)))
		return x;
	device_index_free(x);
	return NULL;
}

void device_index_free(struct device_index *x)
{
	if (!x)
		return;
	free(x->bucket);
	free(x->next);
	free(x);
}

void device_index_clear(struct device_index *x)
{
	memset(x->bucket, 0, x->room * sizeof(*x->bucket));
	memset(x->next, 0, x->room * sizeof(*x->next));
}

static const struct ledger_device *find(const struct device_index *x,
					uint64_t id)
{
	const struct ledger_image *image = ledger_image(x->ledger);

	for (uint32_t i = *bucket_of(x, id); i; i = x->next[i - 1])
		if (image->device[i - 1].id == id)
			return &image->device[i - 1];
	return NULL;
}

const struct ledger_device *device_index_find(const struct device_index *x,
					      const struct mac *mac)
{
	if (!ledger_image(x->ledger)->is_counting)
		return NULL;
	return find(x, id_of(x, mac));
}

const struct ledger_device *device_index_get(struct device_index *x,
					     const struct mac *mac,
					     enum ledger_kind kind,
					     unsigned int zone)
{
	const struct ledger_image *image = ledger_image(x->ledger);
	const union ledger_doings doings = { .zone = zone & 0x3f };
	const struct ledger_device *d;
	size_t i = ledger_devices(x->ledger);
	uint64_t id;

	if (!image->is_counting)
		return NULL;
	id = id_of(x, mac);
	d = find(x, id);
	if (d || !make_room(x, i) || !places_take(x->ledger, kind, zone))
		return d;
	d = &image->device[i];
	ledger_set(x->ledger, &d->id, id);
	ledger_set(x->ledger, &d->doings, doings.word);
	ledger_add(x->ledger, &image->devices, 1);
	insert(x, id, (uint32_t)i);
	return d;
}
