/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all databases need: SQLite's codes as -errno, migrations, checks. */
#ifndef STADTTOR_PORTAL_UTIL_SQLITE_H
#define STADTTOR_PORTAL_UTIL_SQLITE_H

#include <sqlite3.h>

#include "common/log.h"

/* -errno of a result code; 0 of SQLITE_OK, SQLITE_ROW and SQLITE_DONE. */
int sqlite_error(sqlite3 *db, int code);

/* Reads all of it. 0, or -EUCLEAN. */
int sqlite_verify(sqlite3 *db);

/* The number that a PRAGMA or SELECT answers. 0 or -errno. */
int sqlite_read_number(sqlite3 *db, const char *sql, int *out);

/* Executes statements that answer nothing. 0 or -errno. */
int sqlite_run(sqlite3 *db, const char *sql) MUST_CHECK;

/* A statement for the life of the database; the caller finalizes it. */
int sqlite_prepare(sqlite3 *db, const char *sql,
		   sqlite3_stmt **statement) MUST_CHECK;

/*
 * Whether a database of that version (PRAGMA user_version) may be touched:
 * -EPROTONOSUPPORT: it is of a later one than the latest known; -EMEDIUMTYPE:
 * it is not ours.
 */
int sqlite_check_version(sqlite3 *db, int latest, int *version) MUST_CHECK;

/*
 * Brings a database to the version that the count migrations lead to, all of
 * it or nothing. -EPROTONOSUPPORT: it is of a later one; -EMEDIUMTYPE: it is
 * not ours. Nothing is changed then.
 */
int sqlite_migrate(sqlite3 *db, const char *const *migrations, int count);

#endif
