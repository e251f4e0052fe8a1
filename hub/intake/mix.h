/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The records of one poll, of all sites together, in an order that says
 * nothing of where they came from. Owns its copies.
 */
#ifndef STADTTOR_HUB_INTAKE_MIX_H
#define STADTTOR_HUB_INTAKE_MIX_H

#include <stdbool.h>
#include <stddef.h>

#include "common/log.h"
#include "hub/intake/record.h"

#define MIX_MAX 262144 /* records of one poll: 6 MB */

struct mixed {
	int64_t day;
	uint8_t bytes[RECORD_BYTES];
};

struct mix {
	struct mixed *record;
	size_t count, room;
};

/* false: full, or no memory. */
bool mix_add(struct mix *m, int64_t day,
	     const uint8_t bytes[RECORD_BYTES]) MUST_CHECK;

/* By day, and within a day in an order of chance. false: no randomness. */
bool mix_shuffle(struct mix *m) MUST_CHECK;

/*
 * The next batch of one day, from *at on, which moves behind it: its records
 * side by side. 0: there is none.
 */
size_t mix_batch(const struct mix *m, size_t *at, int64_t *day,
		 uint8_t out[RECORD_BATCH * RECORD_BYTES]);
void mix_clear(struct mix *m); /* empty, as at first */

#endif
