/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What boxes wrote to the store is weighed in a round, and old heartbeats go.
 */
#ifndef STADTTOR_HUB_INTAKE_WEIGH_H
#define STADTTOR_HUB_INTAKE_WEIGH_H

#include "hub/intake/round_state.h"

/* Of a round_step. */
bool weigh_ask(struct round *p);
void weigh_take(struct round *p, const struct redisReply *r, struct site *s);
void weigh_end(struct round *p);
bool weigh_ask_trim(struct round *p);

#endif
