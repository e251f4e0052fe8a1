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
	sqlite3_stmt *reading; /* NULL: nothing is being read */
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

enum usage_period store_db_period(enum usage_metric metric)
{
	return usage_series_info(usage_metric_info(metric)->series)->period;
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

/* The id of a name that is in the table, or is added to it. */
static int get_id(struct store_db *db, enum store_statement get,
		  enum store_statement add, const char *name, int64_t *id)
{
	sqlite3_stmt *s = db->statement[get];
	int code, err;

	bind_text(s, 1, name);
	code = sqlite3_step(s);
	if (code == SQLITE_ROW)
		*id = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	if (code == SQLITE_ROW)
		return 0;
	err = sqlite_error(db->db, code);
	if (err)
		return err;
	bind_text(db->statement[add], 1, name);
	err = run(db, add);
	*id = sqlite3_last_insert_rowid(db->db);
	return !err && *id >= STORE_ZONES_MAX ? -EOVERFLOW : err;
}

static int64_t bounded(int64_t v)
{
	if (v > STORE_VALUE_MAX)
		return STORE_VALUE_MAX;
	return v < -STORE_VALUE_MAX ? -STORE_VALUE_MAX : v;
}

int store_db_add(struct store_db *db, const struct store_cell *c)
{
	sqlite3_stmt *s = db->statement[STORE_ADD_CELL];
	int64_t zone = 0, metric = 0;
	int err = get_id(db, STORE_GET_ZONE, STORE_ADD_ZONE, c->zone, &zone);

	if (!err)
		err = get_id(db, STORE_GET_METRIC, STORE_ADD_METRIC,
			     usage_metric_info(c->metric)->name, &metric);
	if (err)
		return err;
	bind_number(s, 1, store_db_period(c->metric));
	sqlite3_bind_int64(s, 2, c->key);
	sqlite3_bind_int64(s, 3, zone);
	sqlite3_bind_int64(s, 4, metric);
	bind_number(s, 5, c->scale.n);
	bind_number(s, 6, c->scale.d);
	bind_number(s, 7, c->cells);
	bind_number(s, 8, c->hours);
	sqlite3_bind_int64(s, 9, bounded(c->value));
	return run(db, STORE_ADD_CELL);
}

int store_db_trim(struct store_db *db, int64_t before_s)
{
	static const enum store_statement trims[] = { STORE_TRIM,
						      STORE_TRIM_OLD };
	int err = 0;

	for (size_t i = 0; i < 2 && !err; i++) {
		sqlite3_bind_int64(db->statement[trims[i]], 1, before_s);
		err = run(db, trims[i]);
	}
	return err;
}

/* --- for the hub ------------------------------------------------------- */

int store_db_add_outgoing(struct store_db *db, const struct ipc_usage_cell *c)
{
	sqlite3_stmt *s = db->statement[STORE_ADD_OUTGOING];
	enum usage_metric metric = (enum usage_metric)c->metric;
	int err;

	bind_number(s, 1, c->stream);
	bind_number(s, 2, c->seq);
	sqlite3_bind_int64(s, 3, c->start_s);
	bind_text(s, 4, c->zone);
	bind_text(s, 5, usage_metric_info(metric)->name);
	bind_number(s, 6, c->hours);
	sqlite3_bind_int64(s, 7, c->value);
	bind_number(s, 8, c->scale_n);
	bind_number(s, 9, c->scale_d);
	err = run(db, STORE_ADD_OUTGOING);
	return err ? err : run(db, STORE_BOUND_OUTGOING);
}

static void bind_got(struct store_db *db, enum store_statement which,
		     const struct store_checkpoint *got)
{
	bind_number(db->statement[which], 1, got->stream);
	bind_number(db->statement[which], 2, got->seq);
}

int store_db_forget_outgoing(struct store_db *db,
			     const struct store_checkpoint *got)
{
	bind_got(db, STORE_FORGET_OUTGOING, got);
	return run(db, STORE_FORGET_OUTGOING);
}

int store_db_clear_outgoing(struct store_db *db)
{
	return run(db, STORE_CLEAR_OUTGOING);
}

uint64_t store_db_count_outgoing(struct store_db *db,
				 const struct store_checkpoint *got)
{
	sqlite3_stmt *s = db->statement[STORE_COUNT_OUTGOING];
	int64_t count = 0;

	bind_got(db, STORE_COUNT_OUTGOING, got);
	if (sqlite3_step(s) == SQLITE_ROW)
		count = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return (uint64_t)count;
}

int store_db_seek_outgoing(struct store_db *db,
			   const struct store_checkpoint *got)
{
	db->reading = db->statement[STORE_READ_OUTGOING];
	bind_got(db, STORE_READ_OUTGOING, got);
	return 0;
}

/* --- reading ----------------------------------------------------------- */

int store_db_seek(struct store_db *db, bool hours, int64_t from, int64_t to)
{
	db->reading = db->statement[hours ? STORE_READ_HOURS : STORE_READ_DAYS];
	sqlite3_bind_int64(db->reading, 1, from);
	sqlite3_bind_int64(db->reading, 2, to);
	return 0;
}

/* 1 where a row has been found, 0 at the end, -errno */
static int step(struct store_db *db)
{
	int code = sqlite3_step(db->reading);

	return code == SQLITE_ROW ? 1 : sqlite_error(db->db, code);
}

static bool take_cell(struct store_cell *out, sqlite3_stmt *s)
{
	const char *zone = (const char *)sqlite3_column_text(s, 1);
	const char *metric = (const char *)sqlite3_column_text(s, 2);

	out->key = sqlite3_column_int64(s, 0);
	snprintf(out->zone, sizeof(out->zone), "%s", zone ? zone : "");
	out->scale.n = (uint64_t)sqlite3_column_int64(s, 3);
	out->scale.d = (uint64_t)sqlite3_column_int64(s, 4);
	out->cells = (uint64_t)sqlite3_column_int64(s, 5);
	out->hours = (uint64_t)sqlite3_column_int64(s, 6);
	out->value = sqlite3_column_int64(s, 7);
	return out->scale.d && metric &&
	       usage_metric_parse(metric, &out->metric);
}

/* What a later version has counted, or another file says, is passed over. */
int store_db_next(struct store_db *db, struct store_cell *out)
{
	int err;

	do
		err = step(db);
	while (err > 0 && !take_cell(out, db->reading));
	return err;
}

static bool take_outgoing(struct ipc_usage_cell *out, sqlite3_stmt *s)
{
	const char *zone = (const char *)sqlite3_column_text(s, 3);
	const char *name = (const char *)sqlite3_column_text(s, 4);
	enum usage_metric metric;

	memset(out, 0, sizeof(*out));
	if (!zone || !name || !usage_metric_parse(name, &metric))
		return false;
	out->stream = (uint64_t)sqlite3_column_int64(s, 0);
	out->seq = (uint64_t)sqlite3_column_int64(s, 1);
	out->start_s = sqlite3_column_int64(s, 2);
	snprintf(out->zone, sizeof(out->zone), "%s", zone);
	out->metric = (uint16_t)metric;
	out->hours = (uint16_t)sqlite3_column_int(s, 5);
	out->value = sqlite3_column_int64(s, 6);
	out->scale_n = (uint64_t)sqlite3_column_int64(s, 7);
	out->scale_d = (uint64_t)sqlite3_column_int64(s, 8);
	return true;
}

int store_db_next_outgoing(struct store_db *db, struct ipc_usage_cell *out)
{
	int err;

	do
		err = step(db);
	while (err > 0 && !take_outgoing(out, db->reading));
	return err;
}

bool store_db_has_zone(struct store_db *db, const char *zone)
{
	sqlite3_stmt *s = db->statement[STORE_GET_ZONE];
	bool has;

	bind_text(s, 1, zone);
	has = sqlite3_step(s) == SQLITE_ROW;
	sqlite3_reset(s);
	return has;
}

int store_db_seek_old(struct store_db *db, store_day from, store_day to)
{
	db->reading = db->statement[STORE_READ_OLD];
	bind_number(db->reading, 1, from);
	bind_number(db->reading, 2, to);
	return 0;
}

int store_db_next_old(struct store_db *db, store_day *day,
		      uint64_t value[STORE_OLD_COLUMNS])
{
	int err = step(db);

	if (err <= 0)
		return err;
	*day = (store_day)sqlite3_column_int64(db->reading, 0);
	for (int i = 0; i < STORE_OLD_COLUMNS; i++)
		value[i] = (uint64_t)sqlite3_column_int64(db->reading, i + 1);
	return 1;
}

void store_db_rewind(struct store_db *db)
{
	if (db->reading)
		sqlite3_reset(db->reading);
	db->reading = NULL;
}
