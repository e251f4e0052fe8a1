/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/store/store_db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "portal/store/store_schema.h"
#include "portal/util/sqlite.h"

#define BUSY_MS	     200  /* longer would keep guests waiting */
#define BUSY_READ_MS 2000 /* the command line has time */
#define URI_MAX	     1024

struct store_db {
	sqlite3 *db;
	sqlite3_stmt *statement[STORE_STATEMENTS];
	sqlite3_stmt *reading;	      /* NULL: nothing is being read */
	uint32_t metrics;	      /* that are wanted of it */
	bool has_names;		      /* so has each row of it */
	char zone[IPC_ZONE_NAME_MAX]; /* else it is all of this zone */
};

/*
 * A transaction writes each page that it touches as a whole, so pages are
 * small. FULL: what is acknowledged has to survive a power cut, which NORMAL
 * does not promise in WAL mode.
 */
static const char setup[] = "PRAGMA page_size = 512;"
			    "PRAGMA synchronous = FULL;"
			    "PRAGMA cache_size = -256;"
			    "PRAGMA mmap_size = 0;"
			    "PRAGMA temp_store = MEMORY;"
			    "PRAGMA trusted_schema = OFF;"
			    "PRAGMA wal_autocheckpoint = 400;"
			    "PRAGMA journal_size_limit = 1048576;";

/* More than half a megabyte is worth neither the RAM nor the time. */
static const char copy_setup[] = "PRAGMA journal_mode = MEMORY;"
				 "PRAGMA synchronous = OFF;"
				 "PRAGMA max_page_count = 1024;";

static int exec(struct store_db *db, const char *sql)
{
	return sqlite_error(db->db,
			    sqlite3_exec(db->db, sql, NULL, NULL, NULL));
}

static bool only_reads(const struct store_db *db, enum store_db_mode mode)
{
	return mode == STORE_DB_READ || mode == STORE_DB_STILL ||
	       store_db_is_readonly(db);
}

static int set_up_journal(struct store_db *db, enum store_db_mode mode)
{
	switch (mode) {
	case STORE_DB_WRITE:
	case STORE_DB_ALONE:
		return exec(db, "PRAGMA journal_mode = WAL");
	case STORE_DB_SPILL:
		return exec(db, copy_setup);
	case STORE_DB_MEMORY:
	case STORE_DB_READ:
	case STORE_DB_STILL:
		break;
	}
	return 0;
}

static int set_up(struct store_db *db, enum store_db_mode mode)
{
	int err = 0;

	if (mode == STORE_DB_ALONE)
		err = exec(db, "PRAGMA locking_mode = EXCLUSIVE");
	if (!err)
		err = exec(db, setup);
	if (err)
		return err;
	/* what is not ours is not to be turned into WAL mode */
	err = store_schema_check(db->db);
	if (err == -ENODATA && !only_reads(db, mode))
		err = 0;
	if (!err && mode == STORE_DB_STILL)
		err = sqlite_verify(db->db);
	if (err)
		return err;
	if (!only_reads(db, mode)) {
		err = set_up_journal(db, mode);
		if (!err)
			err = sqlite_migrate(db->db, store_migrations,
					     store_version);
	}
	return err ? err : store_schema_prepare(db->db, db->statement);
}

static int try_open(struct store_db **out, const char *name, int flags,
		    enum store_db_mode mode)
{
	struct store_db *db = calloc(1, sizeof(*db));
	int code, err;

	if (!db)
		return -ENOMEM;
	code = sqlite3_open_v2(name, &db->db, flags | SQLITE_OPEN_NOMUTEX,
			       NULL);
	err = sqlite_error(db->db, code);
	if (!err) {
		sqlite3_extended_result_codes(db->db, 1);
		sqlite3_busy_timeout(
			db->db, mode == STORE_DB_READ ? BUSY_READ_MS : BUSY_MS);
		err = set_up(db, mode);
	}
	if (!err) {
		*out = db;
		return 0;
	}
	store_db_close(db);
	return err;
}

/* "file:" and the path with what means something in a URI as %XX. */
static bool build_uri(char uri[URI_MAX], const char *path)
{
	size_t len = (size_t)snprintf(uri, URI_MAX, "file:");

	for (; *path && len < URI_MAX - 32; path++)
		len += (size_t)snprintf(uri + len, URI_MAX - len,
					strchr("%?#", *path) ? "%%%02X" : "%c",
					(unsigned char)*path);
	snprintf(uri + len, URI_MAX - len, "?immutable=1");
	return !*path;
}

static int open_still(struct store_db **out, const char *path,
		      enum store_db_mode mode)
{
	char name[URI_MAX];

	if (!build_uri(name, path))
		return -ENAMETOOLONG;
	return try_open(out, name, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
			mode);
}

/*
 * Where its companion files cannot be made, as on a read-only file system, a
 * file may be read all the same, if it is complete.
 */
static int open_reading(struct store_db **out, const char *path)
{
	int err = try_open(out, path, SQLITE_OPEN_READONLY, STORE_DB_READ);
	char name[URI_MAX];
	struct stat s;

	if (!err || err == -EUCLEAN || err == -EPROTONOSUPPORT ||
	    err == -EMEDIUMTYPE || err == -ENODATA)
		return err;
	if ((size_t)snprintf(name, sizeof(name), "%s-wal", path) >=
		    sizeof(name) ||
	    (!stat(name, &s) && s.st_size))
		return err;
	return open_still(out, path, STORE_DB_READ);
}

/*
 * Readers and the writer get along in WAL mode, for which they share memory.
 * Some flash file systems cannot map it; there the file is ours alone.
 */
static int open_writing(struct store_db **out, const char *path, int flags)
{
	int err = try_open(out, path, flags, STORE_DB_WRITE);

	switch (err) {
	case 0:
	case -EUCLEAN:
	case -EPROTONOSUPPORT:
	case -EMEDIUMTYPE:
	case -EBUSY:
	case -ENOSPC:
	case -EROFS:
		return err;
	}
	return try_open(out, path, flags, STORE_DB_ALONE) ? err : 0;
}

int store_db_open(struct store_db **out, const char *path,
		  enum store_db_mode mode)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

	switch (mode) {
	case STORE_DB_MEMORY:
		return try_open(out, ":memory:", flags, mode);
	case STORE_DB_READ:
		return open_reading(out, path);
	case STORE_DB_STILL:
		return open_still(out, path, mode);
	case STORE_DB_WRITE:
		return open_writing(out, path, flags);
	case STORE_DB_ALONE:
	case STORE_DB_SPILL:
		break;
	}
	return try_open(out, path, flags, mode);
}

void store_db_close(struct store_db *db)
{
	if (!db)
		return;
	for (int i = 0; i < STORE_STATEMENTS; i++)
		sqlite3_finalize(db->statement[i]);
	sqlite3_close(db->db);
	free(db);
}

bool store_db_is_readonly(const struct store_db *db)
{
	return sqlite3_db_readonly(db->db, "main") == 1;
}

/* --- statements -------------------------------------------------------- */

/* Runs it to its end. */
static int run(struct store_db *db, enum store_statement which)
{
	sqlite3_stmt *s = db->statement[which];
	int err = sqlite_error(db->db, sqlite3_step(s));

	sqlite3_reset(s);
	return err;
}

static void bind_number(sqlite3_stmt *s, int at, uint64_t v)
{
	sqlite3_bind_int64(s, at, (sqlite3_int64)v);
}

static void bind_text(sqlite3_stmt *s, int at, const char *text)
{
	sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
}

static uint64_t clamped(uint64_t v)
{
	return v < STORE_VALUE_MAX ? v : STORE_VALUE_MAX;
}

int store_db_get_checkpoint(struct store_db *db, struct store_checkpoint *out)
{
	sqlite3_stmt *s = db->statement[STORE_GET_META];
	int code = sqlite3_step(s);

	if (code == SQLITE_ROW) {
		out->stream = (uint64_t)sqlite3_column_int64(s, 0);
		out->seq = (uint64_t)sqlite3_column_int64(s, 1);
	}
	sqlite3_reset(s);
	if (code == SQLITE_DONE)
		return -EUCLEAN;
	return sqlite_error(db->db, code);
}

int store_db_suspend(struct store_db *db, struct store_checkpoint *out)
{
	int err = exec(db, "BEGIN");

	return err ? err : store_db_get_checkpoint(db, out);
}

int store_db_set_checkpoint(struct store_db *db,
			    const struct store_checkpoint *checkpoint)
{
	sqlite3_stmt *s = db->statement[STORE_SET_META];

	bind_number(s, 1, checkpoint->stream);
	bind_number(s, 2, checkpoint->seq);
	return run(db, STORE_SET_META);
}

int store_db_begin(struct store_db *db)
{
	return run(db, STORE_BEGIN);
}

int store_db_end(struct store_db *db, int err)
{
	if (!err)
		err = run(db, STORE_COMMIT);
	if (!sqlite3_get_autocommit(db->db) && run(db, STORE_ROLLBACK) && !err)
		err = -EIO;
	return err;
}

/* id: as in the table, -1: no such zone */
static int find_zone(struct store_db *db, const char *name, int64_t *id)
{
	sqlite3_stmt *s = db->statement[STORE_GET_ZONE];
	int code;

	bind_text(s, 1, name);
	code = sqlite3_step(s);
	*id = code == SQLITE_ROW ? sqlite3_column_int64(s, 0) : -1;
	sqlite3_reset(s);
	return sqlite_error(db->db, code);
}

static int get_zone(struct store_db *db, const char *name, int64_t *id)
{
	int err = find_zone(db, name, id);

	if (err || *id >= 0)
		return err;
	bind_text(db->statement[STORE_ADD_ZONE], 1, name);
	err = run(db, STORE_ADD_ZONE);
	*id = sqlite3_last_insert_rowid(db->db);
	return !err && *id >= STORE_ZONES_MAX ? -EOVERFLOW : err;
}

int store_db_add(struct store_db *db, enum store_table table,
		 const struct store_row *row)
{
	enum store_statement which =
		table == STORE_HOURS ? STORE_ADD_HOUR : STORE_ADD_DAY;
	sqlite3_stmt *s = db->statement[which];
	int64_t zone;
	int err = get_zone(db, row->zone, &zone);

	if (err)
		return err;
	if (table == STORE_HOURS)
		which = zone ? STORE_ADD_HOUR : STORE_ADD_HOUR_ALL;
	s = db->statement[which];
	sqlite3_bind_int64(s, 1, row->key << STORE_ZONE_BITS | zone);
	for (int i = 0; i < USAGE_METRICS; i++)
		bind_number(s, i + 2, clamped(row->value[i]));
	return run(db, which);
}

int store_db_add_label(struct store_db *db, enum usage_kind kind,
		       const struct store_label *label)
{
	sqlite3_stmt *s = db->statement[STORE_ADD_LABEL];

	bind_number(s, 1, label->day);
	bind_text(s, 2, usage_kind_to_string(kind));
	bind_text(s, 3, label->label);
	bind_number(s, 4, clamped(label->value));
	return run(db, STORE_ADD_LABEL);
}

int store_db_trim(struct store_db *db, int64_t before_s)
{
	static const enum store_statement trims[] = { STORE_TRIM_HOURS,
						      STORE_TRIM_HOURS_ALL };
	int err = 0;

	for (size_t i = 0; i < 2 && !err; i++) {
		sqlite3_bind_int64(db->statement[trims[i]], 1,
				   (before_s << STORE_ZONE_BITS) - 1);
		err = run(db, trims[i]);
	}
	return err;
}

/* --- reading ----------------------------------------------------------- */

/* zone: 0 all together, -1 one that has no rows */
static enum store_statement statement_of(enum store_table table,
					 const struct store_span *span,
					 int64_t zone)
{
	if (table == STORE_DAYS)
		return span->zone ? STORE_READ_DAYS : STORE_DUMP_DAYS;
	if (!span->zone)
		return STORE_DUMP_HOURS;
	return zone ? STORE_READ_HOURS : STORE_READ_HOURS_ALL;
}

int store_db_seek(struct store_db *db, enum store_table table,
		  const struct store_span *span)
{
	int64_t zone = -1;
	int err = span->zone ? find_zone(db, span->zone, &zone) : 0;
	sqlite3_stmt *s;

	if (err)
		return err;
	s = db->statement[statement_of(table, span, zone)];
	sqlite3_bind_int64(s, 1, span->from << STORE_ZONE_BITS);
	sqlite3_bind_int64(s, 2,
			   span->to << STORE_ZONE_BITS | (STORE_ZONES_MAX - 1));
	if (span->zone && (zone || table == STORE_DAYS))
		sqlite3_bind_int64(s, 3, zone);
	db->reading = s;
	db->metrics = span->metrics;
	db->has_names = !span->zone;
	snprintf(db->zone, sizeof(db->zone), "%s",
		 span->zone ? span->zone : "");
	return 0;
}

static void copy_text(char *to, size_t max, sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);

	snprintf(to, max, "%s", text ? text : "");
}

/* 1 where a row has been found, 0 at the end, -errno */
static int step(struct store_db *db)
{
	int code = sqlite3_step(db->reading);

	return code == SQLITE_ROW ? 1 : sqlite_error(db->db, code);
}

int store_db_next(struct store_db *db, struct store_row *out)
{
	sqlite3_stmt *s = db->reading;
	int err = step(db);

	if (err <= 0)
		return err;
	out->key = sqlite3_column_int64(s, 0);
	for (int i = 0; i < USAGE_METRICS; i++)
		out->value[i] =
			db->metrics >> i & 1
				? (uint64_t)sqlite3_column_int64(s, i + 1)
				: 0;
	memcpy(out->zone, db->zone, sizeof(out->zone));
	if (db->has_names)
		copy_text(out->zone, sizeof(out->zone), s, USAGE_METRICS + 1);
	return 1;
}

int store_db_seek_labels(struct store_db *db, enum usage_kind kind,
			 store_day from, store_day to)
{
	sqlite3_stmt *s = db->statement[STORE_READ_LABELS];

	bind_number(s, 1, from);
	bind_number(s, 2, to);
	bind_text(s, 3, usage_kind_to_string(kind));
	db->reading = s;
	return 0;
}

int store_db_next_label(struct store_db *db, struct store_label *out)
{
	sqlite3_stmt *s = db->reading;
	int err = step(db);

	if (err <= 0)
		return err;
	out->day = (store_day)sqlite3_column_int64(s, 0);
	copy_text(out->label, sizeof(out->label), s, 1);
	out->value = (uint64_t)sqlite3_column_int64(s, 2);
	return 1;
}

void store_db_rewind(struct store_db *db)
{
	if (db->reading)
		sqlite3_reset(db->reading);
	db->reading = NULL;
}
