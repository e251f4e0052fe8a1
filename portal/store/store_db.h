/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One SQLite database of usage figures: the file, or a stand-in in memory.
 * Adds cells and gives them back; what they mean is the store's matter.
 */
#ifndef STADTTOR_PORTAL_STORE_STORE_DB_H
#define STADTTOR_PORTAL_STORE_STORE_DB_H

#include <stdbool.h>

#include "portal/store/store_types.h"

struct store_db;

/* Of a metric's cells. */
enum usage_period store_db_period(enum usage_metric metric);

enum store_db_mode {
	STORE_DB_MEMORY,
	STORE_DB_WRITE, /* made where there is none */
	STORE_DB_ALONE, /* the same, and nobody else reads it meanwhile */
	STORE_DB_SPILL, /* an empty file that nobody knows yet; has a bound */
	STORE_DB_READ,
	STORE_DB_STILL, /* to read one that nobody changes; all is checked */
};

/*
 * 0, or -errno: -EUCLEAN the file is damaged, -EPROTONOSUPPORT a later version
 * wrote it, -EMEDIUMTYPE it is not ours, -ENODATA there is nothing in it to
 * read.
 */
int store_db_open(struct store_db **out, const char *path,
		  enum store_db_mode mode) MUST_CHECK;
void store_db_close(struct store_db *db);
bool store_db_is_readonly(const struct store_db *db);

struct store_checkpoint {
	uint64_t stream, seq;
};
int store_db_get_checkpoint(struct store_db *db,
			    struct store_checkpoint *out) MUST_CHECK;

/* The same, and from now on it reads what is there now. */
int store_db_suspend(struct store_db *db,
		     struct store_checkpoint *out) MUST_CHECK;

/* --- one transaction --------------------------------------------------- */

/* Cells of one metric, zone and period that have the same noise. */
struct store_cell {
	int64_t key; /* start of the hour, or day that day or week began */
	char zone[IPC_ZONE_NAME_MAX]; /* empty: of the box */
	enum usage_metric metric;
	struct usage_scale scale;
	uint64_t cells, hours;
	int64_t value;
};

int store_db_begin(struct store_db *db) MUST_CHECK;
int store_db_set_checkpoint(struct store_db *db,
			    const struct store_checkpoint *checkpoint)
	MUST_CHECK;
int store_db_add(struct store_db *db, const struct store_cell *cell) MUST_CHECK;
/* Hours that began before that time. */
int store_db_trim(struct store_db *db, int64_t before_s) MUST_CHECK;

/*
 * A cell for the hub of the city as it came; of too many the oldest go. Then
 * those that the hub has got up to a checkpoint are forgotten, or all.
 */
int store_db_add_outgoing(struct store_db *db,
			  const struct ipc_usage_cell *c) MUST_CHECK;
int store_db_forget_outgoing(struct store_db *db,
			     const struct store_checkpoint *got) MUST_CHECK;
int store_db_clear_outgoing(struct store_db *db) MUST_CHECK;

/* Given err, or failing to commit, it takes all back and returns why. */
int store_db_end(struct store_db *db, int err) MUST_CHECK;

/* --- reading ----------------------------------------------------------- */

/*
 * Cells of hours, or of days and weeks, in order of key, both ends included:
 * seek, then next until it is not 1, then rewind.
 */
int store_db_seek(struct store_db *db, bool hours, int64_t from,
		  int64_t to) MUST_CHECK;
int store_db_next(struct store_db *db, struct store_cell *out) MUST_CHECK;

/* Cells for the hub behind what it has got, in the order they came. */
int store_db_seek_outgoing(struct store_db *db,
			   const struct store_checkpoint *got) MUST_CHECK;
int store_db_next_outgoing(struct store_db *db,
			   struct ipc_usage_cell *out) MUST_CHECK;
uint64_t store_db_count_outgoing(struct store_db *db,
				 const struct store_checkpoint *got);

bool store_db_has_zone(struct store_db *db, const char *zone);

/* The same for the days of earlier, which k devices shared: see
 * store_read_old(). */
int store_db_seek_old(struct store_db *db, store_day from,
		      store_day to) MUST_CHECK;
int store_db_next_old(struct store_db *db, store_day *day,
		      uint64_t value[STORE_OLD_COLUMNS]) MUST_CHECK;
void store_db_rewind(struct store_db *db);

#endif
