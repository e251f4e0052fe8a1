/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/session/session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/config/settings.h"
#include "common/log.h"
#include "common/random.h"
#include "common/siphash.h"

#define BUCKETS_MIN 64

enum { BY_DEVICE, BY_HANDLE, BY_TAG, INDEXES };

struct session_table {
	uint64_t
		key[2]; /* people choose their MACs: nobody foresees a bucket */
	struct session **bucket[INDEXES];
	uint32_t buckets; /* of each; a power of two */
	struct session **place;
	uint32_t places; /* allocated */
	uint32_t end;	 /* no session at or after it */
	uint32_t count;
	uint32_t zone_count[SETTINGS_ZONES];
	uint32_t residents[SETTINGS_ZONES]; /* of these */
};

/* --- the indexes ------------------------------------------------------- */

static bool is_device(const struct session *s, uint16_t zone,
		      const struct mac *mac)
{
	return s->zone == zone && !memcmp(&s->mac, mac, sizeof(*mac));
}

static struct session **bucket_of_device(const struct session_table *t,
					 uint16_t zone, const struct mac *mac)
{
	uint8_t bytes[8] = { (uint8_t)zone, (uint8_t)(zone >> 8) };

	memcpy(bytes + 2, mac, sizeof(*mac));
	return &t->bucket[BY_DEVICE][siphash(t->key, bytes, sizeof(bytes)) &
				     (t->buckets - 1)];
}

/* Handles are random already. */
static struct session **bucket_of_handle(const struct session_table *t,
					 uint64_t handle)
{
	return &t->bucket[BY_HANDLE][handle & (t->buckets - 1)];
}

/* The portal chooses the tags, and may be hostile. */
static struct session **bucket_of_tag(const struct session_table *t,
				      uint64_t tag)
{
	uint8_t bytes[sizeof(tag)];

	memcpy(bytes, &tag, sizeof(tag));
	return &t->bucket[BY_TAG][siphash(t->key, bytes, sizeof(bytes)) &
				  (t->buckets - 1)];
}

static void tag_add(struct session_table *t, struct session *s)
{
	struct session **at = bucket_of_tag(t, s->tag);

	if (!s->tag)
		return;
	s->next_tag = *at;
	*at = s;
}

static void tag_remove(struct session_table *t, struct session *s)
{
	struct session **at = bucket_of_tag(t, s->tag);

	if (!s->tag)
		return;
	while (*at != s)
		at = &(*at)->next_tag;
	*at = s->next_tag;
}

static void index_add(struct session_table *t, struct session *s)
{
	struct session **device = bucket_of_device(t, s->zone, &s->mac);
	struct session **handle = bucket_of_handle(t, s->handle);

	s->next_device = *device;
	*device = s;
	s->next_handle = *handle;
	*handle = s;
	tag_add(t, s);
}

static void index_remove(struct session_table *t, struct session *s)
{
	struct session **at = bucket_of_device(t, s->zone, &s->mac);

	while (*at != s)
		at = &(*at)->next_device;
	*at = s->next_device;
	at = bucket_of_handle(t, s->handle);
	while (*at != s)
		at = &(*at)->next_handle;
	*at = s->next_handle;
	tag_remove(t, s);
}

static void index_all(struct session_table *t)
{
	struct session *s;

	for (int i = 0; i < INDEXES; i++)
		memset(t->bucket[i], 0, t->buckets * sizeof(*t->bucket[i]));
	SESSION_FOREACH (s, t)
		index_add(t, s);
}

/* As many buckets as sessions; fewer only cost time. */
static bool index_grow(struct session_table *t)
{
	uint32_t buckets = t->buckets ? t->buckets * 2 : BUCKETS_MIN;
	struct session **grown[INDEXES];
	bool is_whole = true;

	for (int i = 0; i < INDEXES; i++) {
		grown[i] = malloc(buckets * sizeof(*grown[i]));
		is_whole = is_whole && grown[i];
	}
	for (int i = 0; i < INDEXES && !is_whole; i++)
		free(grown[i]);
	if (!is_whole)
		return t->buckets != 0;
	for (int i = 0; i < INDEXES; i++) {
		free(t->bucket[i]);
		t->bucket[i] = grown[i];
	}
	t->buckets = buckets;
	index_all(t);
	return true;
}

struct session *session_find(struct session_table *t, uint16_t zone,
			     const struct mac *mac)
{
	struct session *s = *bucket_of_device(t, zone, mac);

	while (s && !is_device(s, zone, mac))
		s = s->next_device;
	return s;
}

struct session *session_find_handle(struct session_table *t, uint64_t handle)
{
	struct session *s = *bucket_of_handle(t, handle);

	while (s && s->handle != handle)
		s = s->next_handle;
	return s;
}

/* --- states ------------------------------------------------------------ */

static const bool is_legal[][SESSION_ENDED + 1] = {
	[SESSION_UNKNOWN] = { [SESSION_GRANTED] = true },
	[SESSION_GRANTED] = { [SESSION_ENDED] = true },
	[SESSION_ENDED] = { false },
};

void session_enter(struct session *s, enum session_state next,
		   enum session_reason reason)
{
	if (!is_legal[s->state][next] ||
	    (next == SESSION_ENDED) != (reason != SESSION_REASON_NONE))
		fatal("session: invalid transition from %s to %s (%s)",
		      session_state_to_string(s->state),
		      session_state_to_string(next),
		      session_reason_to_string(reason));
	s->state = next;
	s->reason = (uint8_t)reason;
}

/* --- tags -------------------------------------------------------------- */

void session_set_tag(struct session_table *t, struct session *s, uint64_t tag)
{
	tag_remove(t, s);
	t->residents[s->zone] -= session_is_resident(s);
	s->tag = tag;
	t->residents[s->zone] += session_is_resident(s);
	tag_add(t, s);
}

static bool is_online_with(const struct session *s, uint64_t tag,
			   uint64_t now_ms)
{
	return s->tag == tag && s->state == SESSION_GRANTED &&
	       s->ends_ms > now_ms;
}

/* So that a device in several zones is counted once: in the first of them. */
static bool is_first_zone(struct session_table *t, const struct session *s,
			  uint64_t now_ms)
{
	for (uint16_t z = 0; z < s->zone; z++) {
		const struct session *other = session_find(t, z, &s->mac);

		if (other && is_online_with(other, s->tag, now_ms))
			return false;
	}
	return true;
}

uint32_t session_count_tag(struct session_table *t, uint64_t tag,
			   const struct mac *but, uint64_t now_ms)
{
	uint32_t count = 0;

	for (const struct session *s = *bucket_of_tag(t, tag); s;
	     s = s->next_tag)
		if (is_online_with(s, tag, now_ms) &&
		    memcmp(&s->mac, but, sizeof(*but)) &&
		    is_first_zone(t, s, now_ms))
			count++;
	return count;
}

/* --- life -------------------------------------------------------------- */

struct session_table *session_table_new(void)
{
	struct session_table *t = calloc(1, sizeof(*t));

	if (t && random_fill(t->key, sizeof(t->key)) && index_grow(t))
		return t;
	free(t);
	return NULL;
}

void session_table_free(struct session_table *t)
{
	uint32_t place;
	struct session *s;

	if (!t)
		return;
	SESSION_FOREACH_SAFE (s, t, place)
		session_remove(t, s);
	free(t->place);
	for (int i = 0; i < INDEXES; i++)
		free(t->bucket[i]);
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
		if (!random_fill(&handle, sizeof(handle)))
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
	if (session_find(t, zone, mac) || session_find_handle(t, s->handle) ||
	    !take_place(t, s)) {
		free(s);
		return NULL;
	}
	t->count++;
	t->zone_count[zone]++;
	index_add(t, s);
	if (t->count > t->buckets)
		index_grow(t);
	return s;
}

void session_remove(struct session_table *t, struct session *s)
{
	index_remove(t, s);
	t->place[s->index] = NULL;
	while (t->end && !t->place[t->end - 1])
		t->end--;
	t->count--;
	t->zone_count[s->zone]--;
	t->residents[s->zone] -= session_is_resident(s);
	explicit_bzero(s, sizeof(*s));
	free(s);
}

void session_rezone(struct session_table *t, const int map[])
{
	struct session *s;

	memset(t->zone_count, 0, sizeof(t->zone_count));
	memset(t->residents, 0, sizeof(t->residents));
	SESSION_FOREACH (s, t) {
		s->zone = (uint16_t)map[s->zone];
		t->zone_count[s->zone]++;
		t->residents[s->zone] += session_is_resident(s);
	}
	index_all(t);
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

uint32_t session_count_guests(const struct session_table *t, uint16_t zone)
{
	return t->zone_count[zone] - t->residents[zone];
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
