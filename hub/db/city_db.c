/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/db/city_db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/db/city_private.h"
#include "portal/util/sqlite.h"

#define BUSY_MS 2000 /* a copy of the file that is being made */

/*
 * FULL: what a box was told is counted has to survive a power cut. A server
 * has memory for what an hour of all sites touches.
 */
static const char setup[] = "PRAGMA journal_mode = WAL;"
			    "PRAGMA synchronous = FULL;"
			    "PRAGMA cache_size = -65536;"
			    "PRAGMA temp_store = MEMORY;"
			    "PRAGMA trusted_schema = OFF;"
			    "PRAGMA journal_size_limit = 16777216;";

/* --- statements -------------------------------------------------------- */

/* Runs it to its end. */
static int run(sqlite3_stmt *s)
{
	int err = sqlite_error(sqlite3_db_handle(s), sqlite3_step(s));

	sqlite3_reset(s);
	return err;
}

/* The number that it answers. -ENOENT: none. */
static int read_number(sqlite3_stmt *s, int64_t *out)
{
	int code = sqlite3_step(s);

	if (code == SQLITE_ROW)
		*out = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	if (code == SQLITE_DONE)
		return -ENOENT;
	return sqlite_error(sqlite3_db_handle(s), code);
}

static void bind_text(sqlite3_stmt *s, int at, const char *text)
{
	sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
}

static void bind_number(sqlite3_stmt *s, int at, uint64_t v)
{
	sqlite3_bind_int64(s, at, (sqlite3_int64)v);
}

/* --- life -------------------------------------------------------------- */

static int load_metrics(struct city_db *db)
{
	sqlite3_stmt *get = NULL, *add = NULL;
	int err = sqlite_prepare(
		db->db, "SELECT id FROM metrics WHERE name = ?1", &get);

	if (!err)
		err = sqlite_prepare(
			db->db, "INSERT INTO metrics (name) VALUES (?1)", &add);
	for (int i = 0; i < USAGE_METRICS && !err; i++) {
		const char *name = usage_metric_info(i)->name;

		bind_text(get, 1, name);
		err = read_number(get, &db->metric[i]);
		if (err != -ENOENT)
			continue;
		bind_text(add, 1, name);
		err = run(add);
		db->metric[i] = sqlite3_last_insert_rowid(db->db);
	}
	sqlite3_finalize(get);
	sqlite3_finalize(add);
	return err;
}

static int set_up(struct city_db *db)
{
	int version;
	int err = sqlite_check_version(db->db, city_version, &version);

	if (!err)
		err = sqlite_run(db->db, setup);
	if (!err)
		err = sqlite_migrate(db->db, city_migrations, city_version);
	if (!err)
		err = city_schema_prepare(db->db, db->statement);
	if (!err)
		err = city_db_begin(db);
	return err ? err : city_db_end(db, load_metrics(db));
}

int city_db_open(struct city_db **out, const char *path)
{
	struct city_db *db = calloc(1, sizeof(*db));
	int code, err;

	if (!db)
		return -ENOMEM;
	code = sqlite3_open_v2(path, &db->db,
			       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
				       SQLITE_OPEN_NOMUTEX,
			       NULL);
	err = sqlite_error(db->db, code);
	if (!err) {
		sqlite3_extended_result_codes(db->db, 1);
		sqlite3_busy_timeout(db->db, BUSY_MS);
		err = set_up(db);
	}
	if (err)
		city_db_close(db);
	else
		*out = db;
	return err;
}

void city_db_close(struct city_db *db)
{
	if (!db)
		return;
	for (int i = 0; i < CITY_STATEMENTS; i++)
		sqlite3_finalize(db->statement[i]);
	sqlite3_close(db->db);
	free(db);
}

/* --- one transaction --------------------------------------------------- */

int city_db_begin(struct city_db *db)
{
	return run(db->statement[CITY_BEGIN]);
}

int city_db_end(struct city_db *db, int err)
{
	int rolled;

	if (!err)
		err = run(db->statement[CITY_COMMIT]);
	if (!err || sqlite3_get_autocommit(db->db))
		return err; /* or SQLite has taken it back already */
	rolled = run(db->statement[CITY_ROLLBACK]);
	if (rolled)
		log_error("database: taking back a transaction: %s",
			  strerror(-rolled));
	return err;
}

/* get has found -ENOENT: adds it, of which the id is known then. */
static int add_row(struct city_db *db, sqlite3_stmt *add, int err, int64_t *id)
{
	if (err != -ENOENT)
		return err;
	err = run(add);
	*id = sqlite3_last_insert_rowid(db->db);
	return err;
}

int city_db_place(struct city_db *db, enum city_place_kind kind,
		  const char *name, int64_t *id)
{
	sqlite3_stmt *get = db->statement[CITY_GET_PLACE];
	sqlite3_stmt *add = db->statement[CITY_ADD_PLACE];

	bind_number(get, 1, kind);
	bind_text(get, 2, name);
	bind_number(add, 1, kind);
	bind_text(add, 2, name);
	return add_row(db, add, read_number(get, id), id);
}

static int zone_id(struct city_db *db, const char *name, int64_t *id)
{
	sqlite3_stmt *get = db->statement[CITY_GET_ZONE];
	sqlite3_stmt *add = db->statement[CITY_ADD_ZONE];

	bind_text(get, 1, name);
	bind_text(add, 1, name);
	return add_row(db, add, read_number(get, id), id);
}

int city_db_check_zone(struct city_db *db, int64_t site, const char *zone)
{
	sqlite3_stmt *has = db->statement[CITY_HAS_SITE_ZONE];
	sqlite3_stmt *count = db->statement[CITY_COUNT_SITE_ZONES];
	sqlite3_stmt *add = db->statement[CITY_ADD_SITE_ZONE];
	int64_t n, id;
	int err;

	sqlite3_bind_int64(has, 1, site);
	bind_text(has, 2, zone);
	err = read_number(has, &n);
	if (err != -ENOENT)
		return err;
	sqlite3_bind_int64(count, 1, site);
	err = read_number(count, &n);
	if (!err && n >= CITY_SITE_ZONES_MAX)
		return -EDQUOT;
	if (!err)
		err = zone_id(db, zone, &id);
	if (err)
		return err;
	sqlite3_bind_int64(add, 1, site);
	sqlite3_bind_int64(add, 2, id);
	return run(add);
}

static enum usage_period period_of(enum usage_metric metric)
{
	return usage_series_info(usage_metric_info(metric)->series)->period;
}

int city_db_add(struct city_db *db, const struct city_cell *c)
{
	sqlite3_stmt *s = db->statement[CITY_ADD_CELL];
	int64_t zone;
	int err = zone_id(db, c->zone, &zone);

	if (err)
		return err;
	sqlite3_bind_int64(s, 1, c->place);
	bind_number(s, 2, period_of(c->metric));
	sqlite3_bind_int64(s, 3, db->metric[c->metric]);
	sqlite3_bind_int64(s, 4, c->key);
	sqlite3_bind_int64(s, 5, zone);
	bind_number(s, 6, c->scale.n);
	bind_number(s, 7, c->scale.d);
	bind_number(s, 8, c->cells);
	bind_number(s, 9, c->hours);
	sqlite3_bind_int64(s, 10, c->value);
	return run(s);
}

int city_db_get_stream(struct city_db *db, struct city_stream *out)
{
	sqlite3_stmt *s = db->statement[CITY_GET_STREAM];
	int64_t seq = 0;
	int err;

	sqlite3_bind_int64(s, 1, out->site);
	bind_number(s, 2, out->stream);
	err = read_number(s, &seq);
	out->seq = (uint64_t)seq;
	return err;
}

int city_db_set_stream(struct city_db *db, const struct city_stream *stream)
{
	sqlite3_stmt *s = db->statement[CITY_SET_STREAM];
	int err;

	sqlite3_bind_int64(s, 1, stream->site);
	bind_number(s, 2, stream->stream);
	bind_number(s, 3, stream->seq);
	err = run(s);
	if (err)
		return err;
	s = db->statement[CITY_TRIM_STREAMS];
	sqlite3_bind_int64(s, 1, stream->site);
	return run(s);
}

/* --- sites ------------------------------------------------------------- */

int city_db_last_stream(struct city_db *db, struct city_stream *out)
{
	sqlite3_stmt *s = db->statement[CITY_LAST_STREAM];
	int code;

	sqlite3_bind_int64(s, 1, out->site);
	code = sqlite3_step(s);
	if (code == SQLITE_ROW) {
		out->stream = (uint64_t)sqlite3_column_int64(s, 0);
		out->seq = (uint64_t)sqlite3_column_int64(s, 1);
	}
	sqlite3_reset(s);
	return code == SQLITE_DONE ? -ENOENT : sqlite_error(db->db, code);
}

int city_db_get_off(struct city_db *db, int64_t site,
		    char reason[CITY_REASON_MAX])
{
	sqlite3_stmt *s = db->statement[CITY_GET_OFF];
	int code;

	sqlite3_bind_int64(s, 1, site);
	code = sqlite3_step(s);
	snprintf(reason, CITY_REASON_MAX, "%s",
		 code == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0)
				    : "");
	sqlite3_reset(s);
	return sqlite_error(db->db, code);
}

int city_db_set_off(struct city_db *db, int64_t site, const char *reason)
{
	sqlite3_stmt *s = db->statement[reason ? CITY_SET_OFF : CITY_CLEAR_OFF];

	sqlite3_bind_int64(s, 1, site);
	if (reason)
		bind_text(s, 2, reason);
	return run(s);
}
