/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The city's figures, for those who look: a connection of its own, which sees
 * what was committed last, whatever the intake is about.
 */
#ifndef STADTTOR_HUB_DB_CITY_READ_H
#define STADTTOR_HUB_DB_CITY_READ_H

#include "hub/db/city_db.h"
#include "portal/store/store.h"

struct city_read;

int city_read_open(struct city_read **out, const char *path) MUST_CHECK;
void city_read_close(struct city_read *r);

/* -ENOENT: there are no figures of it. */
int city_read_place(struct city_read *r, enum city_place_kind kind,
		    const char *name, int64_t *id) MUST_CHECK;

/* As store_read(), of one place. */
struct city_figures {
	struct city_read *read;
	int64_t place;
};
int city_read_usage(void *city_figures, const struct store_query *q,
		    store_row_fn *on_row, void *arg) MUST_CHECK;

/* Zones that a site has figures of; "" is the site itself. */
typedef void city_zone_fn(const char *zone, void *arg);
int city_read_zones(struct city_read *r, int64_t site, city_zone_fn *on_zone,
		    void *arg) MUST_CHECK;

/* Cells of one metric in order of time, of a place or one of its zones. */
struct city_series {
	int64_t place;
	const char *zone; /* NULL: all together */
	enum usage_metric metric;
	int64_t from, to; /* keys of cells, both included */
};
typedef void city_cell_fn(int64_t key, const struct store_sum *s, void *arg);
int city_read_series(struct city_read *r, const struct city_series *series,
		     city_cell_fn *on_cell, void *arg) MUST_CHECK;

/* Sums of days or weeks of all sites, by place, in order of id. */
struct city_span {
	enum usage_metric metric;
	store_day from, to; /* both included */
};
typedef void city_sum_fn(int64_t place, const struct store_sum *s, void *arg);
int city_read_sums(struct city_read *r, const struct city_span *span,
		   city_sum_fn *on_sum, void *arg) MUST_CHECK;

#endif
