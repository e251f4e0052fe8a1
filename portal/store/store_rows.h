/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cells that come in order of time, added up to the rows of a query: whatever
 * keeps them. Steps, sums and bands are those of store.h.
 */
#ifndef STADTTOR_PORTAL_STORE_STORE_ROWS_H
#define STADTTOR_PORTAL_STORE_STORE_ROWS_H

#include "portal/store/store.h"
#include "portal/store/store_db.h"

struct store_rows {
	const struct store_query *query;
	store_row_fn *on_row;
	void *arg;
	int64_t key; /* of the row; 0: there is none */
	struct store_figures row;
};

/* Keys that the query spans, both included. */
void store_rows_bounds(const struct store_query *q, int64_t *from, int64_t *to);

/* Calls on_row for the row before, where that is complete. */
void store_rows_add(struct store_rows *r, const struct store_cell *c);
void store_rows_end(struct store_rows *r);

struct store_sum store_sum_of(const struct store_cell *c);

#endif
