/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tables of the usage database: how they came to be, and the statements
 * that use them. SQLite's errors become ours here.
 */
#ifndef STADTTOR_PORTAL_STORE_STORE_SCHEMA_H
#define STADTTOR_PORTAL_STORE_STORE_SCHEMA_H

#include <sqlite3.h>

/* id of a row is key << STORE_ZONE_BITS | zone; key: start of an hour, or day.
 * Rows come in order of id, so pages fill up one by one. */
#define STORE_ZONE_BITS 10
#define STORE_ZONES_MAX (1 << STORE_ZONE_BITS)

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
	STORE_ADD_HOUR,
	STORE_ADD_HOUR_ALL, /* zone 0 of hours has a table of its own */
	STORE_ADD_DAY,
	STORE_ADD_LABEL,
	STORE_TRIM_HOURS,
	STORE_TRIM_HOURS_ALL,
	STORE_READ_HOURS, /* of one zone */
	STORE_READ_HOURS_ALL,
	STORE_READ_DAYS,
	STORE_DUMP_HOURS, /* of every zone, its name last */
	STORE_DUMP_DAYS,
	STORE_READ_LABELS,
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
