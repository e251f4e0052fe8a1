/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/refill.h"

#include <string.h>

#include "common/array.h"
#include "common/random.h"
#include "common/siphash.h"

bool refill_keeps_caps(const struct controller *c, const struct session *s,
		       uint64_t now_ms)
{
	uint64_t full_ms = s->filled_ms + REFILL_MS;

	return c->zone[s->zone].policed && s->state == SESSION_GRANTED &&
	       s->installed && s->policed && elements_caps(s) == s->policed &&
	       now_ms < full_ms && s->caps_end_ms > full_ms;
}

void refill_note(struct controller *c, struct session *s, bool kept,
		 uint64_t now_ms)
{
	bool policed = c->zone[s->zone].policed && s->installed;

	s->policed = policed ? elements_caps(s) : 0;
	s->refill_ms = kept ? s->filled_ms + REFILL_MS : 0;
	if (kept || !s->policed)
		return;
	s->filled_ms = now_ms;
	s->caps_end_ms = s->ends_ms;
}

static uint64_t hash_of(const struct controller *c, uint16_t zone,
			const struct mac *mac)
{
	uint8_t bytes[sizeof(zone) + sizeof(*mac)];

	memcpy(bytes, &zone, sizeof(zone));
	memcpy(bytes + sizeof(zone), mac, sizeof(*mac));
	return siphash(c->refills.key, bytes, sizeof(bytes));
}

void refill_remember(struct controller *c, const struct session *s,
		     uint64_t now_ms)
{
	struct refills *r = &c->refills;

	if (!s->filled_ms || now_ms >= s->filled_ms + REFILL_MS)
		return;
	if (!r->next && !random_fill(r->key, sizeof(r->key)))
		return;
	r->device[r->next++ % REFILLS] = (struct refill){
		.hash = hash_of(c, s->zone, &s->mac),
		.until_ms = s->filled_ms + REFILL_MS,
	};
}

bool refill_is_too_soon(const struct controller *c, uint16_t zone,
			const struct mac *mac, uint64_t now_ms)
{
	const struct refills *r = &c->refills;
	uint64_t hash;

	if (!c->zone[zone].policed || !r->next)
		return false;
	hash = hash_of(c, zone, mac);
	for (size_t i = 0; i < ARRAY_SIZE(r->device); i++)
		if (r->device[i].hash == hash && r->device[i].until_ms > now_ms)
			return true;
	return false;
}
