/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/radius/radius_replay.h"

#include <string.h>

void radius_replay_init(struct radius_replay *r, uint64_t clock_ms)
{
	r->count = r->next = 0;
	r->began_ms = clock_ms;
	r->forgotten_s = INT64_MIN;
}

struct radius_request *
radius_replay_find(struct radius_replay *r,
		   const uint8_t authenticator[RADIUS_AUTHENTICATOR])
{
	for (size_t i = 0; i < r->count; i++)
		if (!memcmp(r->request[i].authenticator, authenticator,
			    RADIUS_AUTHENTICATOR))
			return &r->request[i];
	return NULL;
}

/*
 * What was sent before we began says a time that is at most
 * RADIUS_REPLAY_AHEAD_S after that. By the age of this memory, since the wall
 * clock may have been set.
 */
bool radius_replay_is_new(const struct radius_replay *r, int64_t timestamp_s,
			  const struct radius_now *now)
{
	int64_t age_s = now->wall_s - timestamp_s;
	int64_t here_s = (int64_t)((now->clock_ms - r->began_ms) / 1000);

	return age_s <= RADIUS_REPLAY_AGE_S &&
	       age_s >= -RADIUS_REPLAY_AHEAD_S &&
	       age_s + RADIUS_REPLAY_AHEAD_S < here_s &&
	       timestamp_s > r->forgotten_s;
}

void radius_replay_add(struct radius_replay *r,
		       const uint8_t authenticator[RADIUS_AUTHENTICATOR],
		       int64_t timestamp_s)
{
	struct radius_request *q = &r->request[r->next];

	if (r->count == RADIUS_REPLAY_KEPT && q->timestamp_s > r->forgotten_s)
		r->forgotten_s = q->timestamp_s;
	memset(q, 0, sizeof(*q));
	memcpy(q->authenticator, authenticator, RADIUS_AUTHENTICATOR);
	q->timestamp_s = timestamp_s;
	r->next = (r->next + 1) % RADIUS_REPLAY_KEPT;
	if (r->count < RADIUS_REPLAY_KEPT)
		r->count++;
}
