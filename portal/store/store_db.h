/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One SQLite database of usage figures: the file, or a stand-in in memory.
 * Adds rows and gives them back; what they mean is the store's matter.
 */
#ifndef STADTTOR_PORTAL_STORE_STORE_DB_H
#define STADTTOR_PORTAL_STORE_STORE_DB_H

#include "portal/store/store_types.h"

#define STORE_ALL "*" /* the zone of rows that cover everything */

struct store_db;

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

enum store_table { STORE_HOURS, STORE_DAYS };

struct store_row {
	int64_t key; /* start of the hour, or day */
	char zone[IPC_ZONE_NAME_MAX];
	uint64_t value[USAGE_METRICS];
};

struct store_label {
	store_day day;
	char label[USAGE_LABEL_MAX];
	uint64_t value;
};

int store_db_begin(struct store_db *db) MUST_CHECK;
int store_db_set_checkpoint(struct store_db *db,
			    const struct store_checkpoint *checkpoint)
	MUST_CHECK;
int store_db_add(struct store_db *db, enum store_table table,
		 const struct store_row *row) MUST_CHECK;
int store_db_add_label(struct store_db *db, enum usage_kind kind,
		       const struct store_label *label) MUST_CHECK;
/* Hours that began before that time. */
int store_db_trim(struct store_db *db, int64_t before_s) MUST_CHECK;
/* Given err, or failing to commit, it takes all back and returns why. */
int store_db_end(struct store_db *db, int err) MUST_CHECK;

/* --- reading ----------------------------------------------------------- */

struct store_span {
	int64_t from, to; /* keys, both included */
	const char *zone; /* NULL: each, but of hours not STORE_ALL */
	uint32_t metrics; /* the others are left 0 */
};

/* Rows in order of key: seek, then next until it is not 1, then rewind. */
int store_db_seek(struct store_db *db, enum store_table table,
		  const struct store_span *span) MUST_CHECK;
int store_db_next(struct store_db *db, struct store_row *out) MUST_CHECK;
int store_db_seek_labels(struct store_db *db, enum usage_kind kind,
			 store_day from, store_day to) MUST_CHECK;
int store_db_next_label(struct store_db *db,
			struct store_label *out) MUST_CHECK;
void store_db_rewind(struct store_db *db);

#endif
