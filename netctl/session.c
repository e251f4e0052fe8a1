/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/session.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/settings.h"

struct session_table {
	void *by_device; /* tsearch(3) trees */
	void *by_handle;
	struct session **place;
	uint32_t places; /* allocated */
	uint32_t end;	 /* no session at or after it */
	uint32_t count;
	uint32_t zone_count[SETTINGS_ZONES];
};

static int compare_device(const void *a, const void *b)
{
	const struct session *x = a, *y = b;

	if (x->zone != y->zone)
		return x->zone < y->zone ? -1 : 1;
	return memcmp(&x->mac, &y->mac, sizeof(x->mac));
}

static int compare_handle(const void *a, const void *b)
{
	const struct session *x = a, *y = b;

	return x->handle < y->handle ? -1 : x->handle > y->handle;
}

static struct session *lookup(void *const *tree, const struct session *key,
			      int (*compare)(const void *, const void *))
{
	struct session **found = tfind(key, tree, compare);

	return found ? *found : NULL;
}

/* true: it is in now; false: there was one, or no memory. */
static bool insert(void **tree, struct session *s,
		   int (*compare)(const void *, const void *))
{
	struct session **found = tsearch(s, tree, compare);

	return found && *found == s;
}

struct session_table *session_table_new(void)
{
	return calloc(1, sizeof(struct session_table));
}

void session_table_free(struct session_table *t)
{
	uint32_t i;
	struct session *s;

	if (!t)
		return;
	SESSION_FOREACH_SAFE (s, t, i)
		session_remove(t, s);
	free(t->place);
	free(t);
}

/* The first free place; places are few and close together. */
static bool take_place(struct session_table *t, struct session *s)
{
	uint32_t i = 0;

	if (t->count < t->end)
		while (t->place[i])
			i++;
	else
		i = t->end;
	if (i == t->places) {
		uint32_t places = t->places ? t->places * 2 : 64;
		struct session **grown =
			realloc(t->place, places * sizeof(*grown));

		if (!grown)
			return false;
		t->place = grown;
		t->places = places;
	}
	t->place[i] = s;
	s->index = i;
	if (i == t->end)
		t->end++;
	return true;
}

static uint64_t random_handle(void)
{
	uint64_t handle = 0;

	while (!handle)
		if (getrandom(&handle, sizeof(handle), 0) !=
		    (ssize_t)sizeof(handle))
			handle = 0;
	return handle;
}

struct session *session_add(struct session_table *t, uint16_t zone,
			    const struct mac *mac, uint64_t handle)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->zone = zone;
	s->mac = *mac;
	s->handle = handle ? handle : random_handle();
	if (!insert(&t->by_device, s, compare_device))
		goto fail;
	if (!insert(&t->by_handle, s, compare_handle))
		goto fail_device;
	if (!take_place(t, s))
		goto fail_handle;
	t->count++;
	t->zone_count[zone]++;
	return s;

fail_handle:
	tdelete(s, &t->by_handle, compare_handle);
fail_device:
	tdelete(s, &t->by_device, compare_device);
fail:
	free(s);
	return NULL;
}

void session_remove(struct session_table *t, struct session *s)
{
	tdelete(s, &t->by_device, compare_device);
	tdelete(s, &t->by_handle, compare_handle);
	t->place[s->index] = NULL;
	while (t->end && !t->place[t->end - 1])
		t->end--;
	t->count--;
	t->zone_count[s->zone]--;
	explicit_bzero(s, sizeof(*s));
	free(s);
}

void session_rezone(struct session_table *t, const int map[])
{
	struct session *s;

	memset(t->zone_count, 0, sizeof(t->zone_count));
	SESSION_FOREACH (s, t)
		tdelete(s, &t->by_device, compare_device);
	SESSION_FOREACH (s, t) {
		s->zone = (uint16_t)map[s->zone];
		t->zone_count[s->zone]++;
		if (!insert(&t->by_device, s, compare_device))
			fatal("no memory for the index of sessions");
	}
}

struct session *session_find(struct session_table *t, uint16_t zone,
			     const struct mac *mac)
{
	struct session key = { .zone = zone, .mac = *mac };

	return lookup(&t->by_device, &key, compare_device);
}

struct session *session_find_handle(struct session_table *t, uint64_t handle)
{
	struct session key = { .handle = handle };

	return lookup(&t->by_handle, &key, compare_handle);
}

struct session *session_at(struct session_table *t, uint32_t index)
{
	while (index < t->end && !t->place[index])
		index++;
	return index < t->end ? t->place[index] : NULL;
}

uint32_t session_count(const struct session_table *t)
{
	return t->count;
}

uint32_t session_count_zone(const struct session_table *t, uint16_t zone)
{
	return t->zone_count[zone];
}

uint64_t session_left_s(const struct session *s, uint64_t now_ms)
{
	if (s->ends_ms == UINT64_MAX)
		return UINT64_MAX;
	return s->ends_ms > now_ms ? (s->ends_ms - now_ms + 999) / 1000 : 0;
}

bool session_is_over_quota(const struct session *s)
{
	return s->limits.quota_bytes != IPC_UNLIMITED &&
	       s->up_bytes + s->down_bytes >= s->limits.quota_bytes;
}
