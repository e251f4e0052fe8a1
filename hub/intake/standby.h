/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two hubs: who holds the lease leads, and hands on in a log what it counts;
 * the other one reads that, so that it can go on where the first one stops.
 */
#ifndef STADTTOR_HUB_INTAKE_STANDBY_H
#define STADTTOR_HUB_INTAKE_STANDBY_H

#include "hub/intake/round_state.h"

/* Of round_steps: the lease, */
bool standby_ask_lease(struct round *p);
void standby_take_lease(struct round *p, const struct redisReply *r,
			struct site *s);
void standby_end_lease(struct round *p);

/* the other's log, */
bool standby_ask_log(struct round *p);
void standby_take_log(struct round *p, const struct redisReply *r,
		      struct site *s);
void standby_end_log(struct round *p);

/* and our own. */
bool standby_ask_handing_on(struct round *p);
void standby_take_handed_on(struct round *p, const struct redisReply *r,
			    struct site *s);
void standby_end_handing_on(struct round *p);

#endif
