/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a batch does to the rows of hours and days. Rows are increments; a zone
 * adds to its own rows and to those of all together, an hour also to its day.
 */
#ifndef STADTTOR_PORTAL_STORE_STORE_BATCH_H
#define STADTTOR_PORTAL_STORE_STORE_BATCH_H

#include "portal/store/store_db.h"

struct store_changes {
	uint64_t keep_hours_s;
	int64_t trim_s; /* hours before then go; 0: none do */
	size_t hours, days;
	struct store_row hour[2 * STORE_ROWS_MAX], day[2 * STORE_ROWS_MAX];
};

bool store_batch_is_valid(const struct usage_batch *b);
bool store_batch_is_applied(const struct store_checkpoint *checkpoint,
			    const struct usage_batch *b);
void store_batch_build(struct store_changes *c, const struct usage_batch *b);

/*
 * In one transaction, unless the database has it; c is built from b.
 * *checkpoint is where the database is then. 0 or -errno: nothing is changed.
 */
int store_batch_apply(struct store_db *db, const struct store_changes *c,
		      const struct usage_batch *b,
		      struct store_checkpoint *checkpoint) MUST_CHECK;

/* Sums that stop at the largest number, and maxima. */
void store_row_add(struct store_row *r, const uint64_t value[USAGE_METRICS]);

#endif
