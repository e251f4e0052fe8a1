/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The city's database: the figures of all boxes as noisy cells, by site, by
 * district and of the whole city, and how far each box's streams are counted.
 * Both change in one transaction, so that whatever is killed, a figure is
 * counted once. Owns the SQLite file; knows nothing of the store between hub
 * and boxes.
 */
#ifndef STADTTOR_HUB_DB_CITY_DB_H
#define STADTTOR_HUB_DB_CITY_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "common/ipc.h"
#include "common/log.h"
#include "common/usage.h"

#define CITY_NAME_MAX	    64 /* of districts, with the closing NUL */
#define CITY_SITE_ZONES_MAX 32

struct city_db;

/* What cells are summed by. */
enum city_place_kind { CITY_WHOLE, CITY_DISTRICT, CITY_SITE };
#define CITY_PLACE_WHOLE 1 /* its id */

/* Cells of one place, zone, metric and period that have the same noise. */
struct city_cell {
	int64_t place;
	char zone[IPC_ZONE_NAME_MAX]; /* empty: of the box, or of all */
	enum usage_metric metric;
	int64_t key; /* start of an hour; 20261124 of a day or week */
	struct usage_scale scale;
	uint64_t cells, hours;
	int64_t value;
};

/*
 * Made where there is none. 0, or -errno: -EUCLEAN the file is damaged,
 * -EPROTONOSUPPORT a later version wrote it, -EMEDIUMTYPE it is not ours.
 */
int city_db_open(struct city_db **out, const char *path) MUST_CHECK;
void city_db_close(struct city_db *db);

/* --- one transaction --------------------------------------------------- */

int city_db_begin(struct city_db *db) MUST_CHECK;
/* Given err, or failing to commit, it takes all back and returns why. */
int city_db_end(struct city_db *db, int err) MUST_CHECK;

/* Its id; added where there is none of that name. */
int city_db_place(struct city_db *db, enum city_place_kind kind,
		  const char *name, int64_t *id) MUST_CHECK;

/* -EDQUOT: the site has CITY_SITE_ZONES_MAX other zones. */
int city_db_check_zone(struct city_db *db, int64_t site,
		       const char *zone) MUST_CHECK;
int city_db_add(struct city_db *db, const struct city_cell *cell) MUST_CHECK;

struct city_stream {
	int64_t site;
	uint64_t stream;
	uint64_t seq; /* counted up to here */
};

/* Fills in seq. -ENOENT: never seen, or forgotten. */
int city_db_get_stream(struct city_db *db, struct city_stream *s) MUST_CHECK;
int city_db_set_stream(struct city_db *db,
		       const struct city_stream *s) MUST_CHECK;

/* --- sites ------------------------------------------------------------- */

/* The stream that a site used last. -ENOENT: none. */
int city_db_last_stream(struct city_db *db, struct city_stream *s) MUST_CHECK;

#define CITY_REASON_MAX 64 /* with the closing NUL */

/* Whether it was switched off; reason is "" otherwise. */
int city_db_get_off(struct city_db *db, int64_t site,
		    char reason[CITY_REASON_MAX]) MUST_CHECK;
/* NULL: it is on. */
int city_db_set_off(struct city_db *db, int64_t site,
		    const char *reason) MUST_CHECK;

#endif
