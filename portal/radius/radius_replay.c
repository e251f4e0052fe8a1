/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/radius/radius_replay.h"

#include <string.h>

void radius_replay_init(struct radius_replay *r, uint32_t clock_s)
{
	r->began_s = clock_s;
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
 * RADIUS_REPLAY_AHEAD_S after that, and a second may have begun meanwhile on
 * either clock. By the age of this memory, since the wall clock may have been
 * set.
 */
bool radius_replay_is_new(const struct radius_replay *r, uint32_t timestamp_s,
			  const struct radius_now *now)
{
	int32_t age_s = (int32_t)(now->wall_s - timestamp_s);
	int32_t here_s = (int32_t)(now->clock_s - r->began_s);

	return age_s <= RADIUS_REPLAY_AGE_S &&
	       age_s >= -RADIUS_REPLAY_AHEAD_S &&
	       age_s + RADIUS_REPLAY_AHEAD_S + 1 < here_s &&
	       timestamp_s > r->forgotten_s;
}

void radius_replay_add(struct radius_replay *r,
		       const uint8_t authenticator[RADIUS_AUTHENTICATOR],
		       uint32_t timestamp_s)
{
	struct radius_request *q = &r->request[r->next];

	if (q->timestamp_s > r->forgotten_s) /* 0: of nobody yet */
		r->forgotten_s = q->timestamp_s;
	memset(q, 0, sizeof(*q));
	memcpy(q->authenticator, authenticator, RADIUS_AUTHENTICATOR);
	q->timestamp_s = timestamp_s;
	r->next = (r->next + 1) % RADIUS_REPLAY_KEPT;
	if (r->count < RADIUS_REPLAY_KEPT)
		r->count++;
}
