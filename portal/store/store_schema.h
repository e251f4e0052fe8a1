/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tables of the usage database: how they came to be, and the statements
 * that use them. SQLite's errors become ours here.
 */
#ifndef STADTTOR_PORTAL_STORE_STORE_SCHEMA_H
#define STADTTOR_PORTAL_STORE_STORE_SCHEMA_H

#include <sqlite3.h>

#define STORE_ZONES_MAX 1024

/* A year of sixteen zones. */
#define STORE_OUTGOING_MAX 200000

/* Sums stop here, so two of them are still an integer of SQLite. */
#define STORE_VALUE_MAX 4611686018427387903
_Static_assert(STORE_VALUE_MAX == (1ULL << 62) - 1, "half of the range");

enum store_statement {
	STORE_BEGIN,
	STORE_COMMIT,
	STORE_ROLLBACK,
	STORE_GET_META,
	STORE_SET_META,
	STORE_GET_ZONE,
	STORE_ADD_ZONE,
	STORE_GET_METRIC,
	STORE_ADD_METRIC,
	STORE_ADD_CELL,
	STORE_TRIM, /* hours */
	STORE_TRIM_OLD,
	STORE_READ_HOURS,
	STORE_READ_DAYS, /* and weeks */
	STORE_READ_OLD,	 /* days that k devices shared */
	STORE_ADD_OUTGOING,
	STORE_BOUND_OUTGOING,
	STORE_FORGET_OUTGOING,
	STORE_CLEAR_OUTGOING,
	STORE_READ_OUTGOING,
	STORE_COUNT_OUTGOING,
	STORE_STATEMENTS
};

/* Version i is made of version i - 1 by element i - 1. */
extern const char *const store_migrations[];
extern const int store_version;

/*
 * Whether the database is of store_version. -ENODATA: of an earlier one, or
 * empty; else as sqlite_check_version().
 */
int store_schema_check(sqlite3 *db);

int store_schema_prepare(sqlite3 *db,
			 sqlite3_stmt *statement[STORE_STATEMENTS]);

#endif
