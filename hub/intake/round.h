/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is asked of the store in a round, phase by phase, and what becomes of
 * the replies. Who sends and receives is the poller.
 */
#ifndef STADTTOR_HUB_INTAKE_ROUND_H
#define STADTTOR_HUB_INTAKE_ROUND_H

#include "hub/intake/round_state.h"

struct round_step {
	/* Puts the next command together. false: none for now. */
	bool (*ask)(struct round *p);
	/* NULL: of its reply nothing is to be known */
	void (*on_reply)(struct round *p, const struct redisReply *r,
			 struct site *s);
	void (*end)(struct round *p); /* or NULL */
};
extern const struct round_step round_steps[PHASES];

/*
 * The connection was lost, perhaps as a page was beyond its bounds: with fewer
 * keys it is not, and one site's is that site's fault. Whether the next attempt
 * is another one.
 */
bool round_lose_page(struct round *p, bool is_beyond);

/* Whether an error says that the store may be read and not written. */
bool round_is_full(const char *code);

#endif
