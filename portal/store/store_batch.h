/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What released cells do to the database; those that came together are added
 * together, and once. */
#ifndef STADTTOR_PORTAL_STORE_STORE_BATCH_H
#define STADTTOR_PORTAL_STORE_STORE_BATCH_H

#include "portal/store/store_db.h"

bool store_batch_is_valid(const struct usage_batch *b);
bool store_batch_is_applied(const struct store_checkpoint *checkpoint,
			    const struct usage_batch *b);

/* Hours before then are kept no longer, once it is applied; 0: none goes. */
int64_t store_batch_trim_s(const struct usage_batch *b, uint64_t keep_hours_s);

/* What else a transaction does. */
struct store_batch_plan {
	int64_t trim_s;		     /* as of store_batch_trim_s() */
	bool has_hub;		     /* cells wait for it, too */
	struct store_checkpoint got; /* what it has, to be forgotten */
};

/*
 * In one transaction, unless the database has it. *checkpoint is where the
 * database is then. 0 or -errno: nothing is changed.
 */
int store_batch_apply(struct store_db *db, const struct usage_batch *b,
		      const struct store_batch_plan *plan,
		      struct store_checkpoint *checkpoint) MUST_CHECK;

#endif
