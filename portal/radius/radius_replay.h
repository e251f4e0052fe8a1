/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which requests of servers are new (RFC 5176, 6.3). One that is remembered is
 * known again, and answered as before; one that may have been forgotten, or may
 * be of the time before this memory, is refused by its Event-Timestamp.
 */
#ifndef STADTTOR_PORTAL_RADIUS_RADIUS_REPLAY_H
#define STADTTOR_PORTAL_RADIUS_RADIUS_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portal/radius/radius_packet.h"

#define RADIUS_REPLAY_KEPT    2048
#define RADIUS_REPLAY_AGE_S   300 /* RFC 5176, 6.3 */
#define RADIUS_REPLAY_AHEAD_S 5	  /* of a server's clock, before ours */

struct radius_request { /* known by its authenticator */
	uint8_t authenticator[RADIUS_AUTHENTICATOR];
	uint32_t timestamp_s;
	uint32_t cause; /* of the answer, once there is one */
	bool is_answered;
};

struct radius_replay {
	struct radius_request request[RADIUS_REPLAY_KEPT];
	size_t count, next;
	uint32_t began_s;
	uint32_t forgotten_s; /* the latest time of those that are not here */
};

struct radius_now { /* times of the packets have 32 bits, too */
	uint32_t wall_s;
	uint32_t clock_s; /* that no one sets */
};

/* In zeroed memory. */
void radius_replay_init(struct radius_replay *r, uint32_t clock_s);

/* NULL: it is not known. */
struct radius_request *
radius_replay_find(struct radius_replay *r,
		   const uint8_t authenticator[RADIUS_AUTHENTICATOR]);

/* Of one that is not known: whether it can only be new. */
bool radius_replay_is_new(const struct radius_replay *r, uint32_t timestamp_s,
			  const struct radius_now *now);

/* Remembers one that is new. */
void radius_replay_add(struct radius_replay *r,
		       const uint8_t authenticator[RADIUS_AUTHENTICATOR],
		       uint32_t timestamp_s);

#endif
