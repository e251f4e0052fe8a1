/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/util/sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/array.h"

static const struct {
	int code, error;
} errors[] = {
	{ SQLITE_OK, 0 },
	{ SQLITE_ROW, 0 },
	{ SQLITE_DONE, 0 },
	{ SQLITE_NOMEM, -ENOMEM },
	{ SQLITE_BUSY, -EBUSY },
	{ SQLITE_LOCKED, -EBUSY },
	{ SQLITE_PROTOCOL, -EBUSY },
	{ SQLITE_FULL, -ENOSPC },
	{ SQLITE_READONLY, -EROFS },
	{ SQLITE_PERM, -EACCES },
	{ SQLITE_CORRUPT, -EUCLEAN },
	{ SQLITE_NOTADB, -EUCLEAN },
	{ SQLITE_ERROR, -EMEDIUMTYPE },
};

int sqlite_error(sqlite3 *db, int code)
{
	int class = code & 0xff;
	int system = db ? sqlite3_system_errno(db) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i].code == class)
			return errors[i].error;
	if (system && (class == SQLITE_IOERR || class == SQLITE_CANTOPEN))
		return -system;
	return -EIO;
}

int sqlite_read_number(sqlite3 *db, const char *sql, int *out)
{
	sqlite3_stmt *s = NULL;
	int code = sqlite3_prepare_v2(db, sql, -1, &s, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(s);
	if (code == SQLITE_ROW)
		*out = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return sqlite_error(db, code);
}

int sqlite_verify(sqlite3 *db)
{
	sqlite3_stmt *s = NULL;
	const char *verdict = NULL;
	int code =
		sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &s, NULL);
	int err;

	if (code == SQLITE_OK)
		code = sqlite3_step(s);
	if (code == SQLITE_ROW)
		verdict = (const char *)sqlite3_column_text(s, 0);
	err = sqlite_error(db, code);
	if (!err && (!verdict || strcmp(verdict, "ok") != 0))
		err = -EUCLEAN;
	sqlite3_finalize(s);
	return err;
}

int sqlite_check_version(sqlite3 *db, int latest, int *version)
{
	int tables = 0;
	int err = sqlite_read_number(db, "PRAGMA user_version", version);

	if (!err)
		err = sqlite_read_number(
			db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (err)
		return err;
	if (*version > latest)
		return -EPROTONOSUPPORT;
	return *version < 0 || (!*version && tables) ? -EMEDIUMTYPE : 0;
}

static int migrate(sqlite3 *db, const char *const *migrations, int from, int to)
{
	char version[48];
	int code = SQLITE_OK;

	for (int i = from; i < to && code == SQLITE_OK; i++)
		code = sqlite3_exec(db, migrations[i], NULL, NULL, NULL);
	snprintf(version, sizeof(version), "PRAGMA user_version = %d", to);
	if (code == SQLITE_OK)
		code = sqlite3_exec(db, version, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	return sqlite_error(db, code);
}

int sqlite_migrate(sqlite3 *db, const char *const *migrations, int count)
{
	int version = 0;
	int err = sqlite_check_version(db, count, &version);

	if (err || version == count)
		return err;
	err = sqlite_error(
		db, sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
	if (err)
		return err;
	/* a second instance may have done it meanwhile */
	err = sqlite_check_version(db, count, &version);
	if (!err)
		err = migrate(db, migrations, version, count);
	if (!sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

int sqlite_run(sqlite3 *db, const char *sql)
{
	return sqlite_error(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

int sqlite_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **statement)
{
	return sqlite_error(db, sqlite3_prepare_v3(db, sql, -1,
						   SQLITE_PREPARE_PERSISTENT,
						   statement, NULL));
}
