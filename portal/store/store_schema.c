/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/store/store_schema.h"

#include <errno.h>

#include "common/array.h"
#include "common/stringify.h"
#include "common/usage.h"
#include "portal/util/sqlite.h"

/* Frozen: what is in the field is changed by further elements only. */
#define V1_METRIC(name) ", " name " INTEGER NOT NULL DEFAULT 0"
#define V1_METRICS                                                             \
	V1_METRIC("visitors")                                                  \
	V1_METRIC("sessions")                                                  \
	V1_METRIC("portal_shown")                                              \
	V1_METRIC("accepted")                                                  \
	V1_METRIC("ended_expired")                                             \
	V1_METRIC("ended_idle")                                                \
	V1_METRIC("ended_quota")                                               \
	V1_METRIC("ended_logout")                                              \
	V1_METRIC("ended_operator")                                            \
	V1_METRIC("dwell_5")                                                   \
	V1_METRIC("dwell_15")                                                  \
	V1_METRIC("dwell_30")                                                  \
	V1_METRIC("dwell_60")                                                  \
	V1_METRIC("dwell_120")                                                 \
	V1_METRIC("dwell_240")                                                 \
	V1_METRIC("dwell_more")                                                \
	V1_METRIC("bytes_up")                                                  \
	V1_METRIC("bytes_down")                                                \
	V1_METRIC("peak")                                                      \
	V1_METRIC("visitors_day")

const char *const store_migrations[] = {
	"CREATE TABLE meta (one INTEGER PRIMARY KEY CHECK (one = 1),"
	" stream INTEGER NOT NULL, seq INTEGER NOT NULL);"
	"INSERT INTO meta VALUES (1, 0, 0);"
	"CREATE TABLE zones (id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
	"INSERT INTO zones VALUES (0, '*'), (1, '');"
	"CREATE TABLE hours (id INTEGER PRIMARY KEY" V1_METRICS ");"
	"CREATE TABLE hours_all (id INTEGER PRIMARY KEY" V1_METRICS ");"
	"CREATE TABLE days (id INTEGER PRIMARY KEY" V1_METRICS ");"
	"CREATE TABLE labels (day INTEGER NOT NULL, kind TEXT NOT NULL,"
	" label TEXT NOT NULL, value INTEGER NOT NULL,"
	" PRIMARY KEY (day, kind, label)) WITHOUT ROWID;",
	/*
	 * What k devices shared is of another kind than what is noisy: it stays
	 * in tables of its own. A row is of cells that have the same noise.
	 */
	"ALTER TABLE hours RENAME TO k_hours;"
	"ALTER TABLE days RENAME TO k_days;"
	"ALTER TABLE labels RENAME TO k_labels;"
	"DROP TABLE hours_all;"
	"CREATE TABLE metrics (id INTEGER PRIMARY KEY,"
	" name TEXT NOT NULL UNIQUE);"
	"CREATE TABLE cells (period INTEGER NOT NULL, key INTEGER NOT NULL,"
	" zone INTEGER NOT NULL, metric INTEGER NOT NULL,"
	" scale_n INTEGER NOT NULL, scale_d INTEGER NOT NULL,"
	" cells INTEGER NOT NULL, hours INTEGER NOT NULL,"
	" value INTEGER NOT NULL,"
	" PRIMARY KEY (period, key, zone, metric, scale_n, scale_d))"
	" WITHOUT ROWID;",
	/* What the city's hub has not got: as it came, cell by cell. */
	"CREATE TABLE outgoing (id INTEGER PRIMARY KEY,"
	" stream INTEGER NOT NULL, seq INTEGER NOT NULL,"
	" start INTEGER NOT NULL, zone TEXT NOT NULL, metric TEXT NOT NULL,"
	" hours INTEGER NOT NULL, value INTEGER NOT NULL,"
	" scale_n INTEGER NOT NULL, scale_d INTEGER NOT NULL);",
};
const int store_version = ARRAY_SIZE(store_migrations);

#define VALUE_MAX     STRINGIFY(STORE_VALUE_MAX)
#define OUTGOING_MAX  STRINGIFY(STORE_OUTGOING_MAX)
#define NOT_COMMITTED "(stream <> ?1 OR seq > ?2)"
#define CELL                                                                   \
	"key, zones.name, metrics.name, scale_n, scale_d, cells, hours, value" \
	" FROM cells CROSS JOIN zones ON zones.id = zone"                      \
	" CROSS JOIN metrics ON metrics.id = metric"

static const char *const statements[STORE_STATEMENTS] = {
	[STORE_BEGIN] = "BEGIN IMMEDIATE",
	[STORE_COMMIT] = "COMMIT",
	[STORE_ROLLBACK] = "ROLLBACK",
	[STORE_GET_META] = "SELECT stream, seq FROM meta",
	[STORE_SET_META] = "UPDATE meta SET stream = ?1, seq = ?2",
	[STORE_GET_ZONE] = "SELECT id FROM zones WHERE name = ?1",
	[STORE_ADD_ZONE] = "INSERT INTO zones (name) VALUES (?1)",
	[STORE_GET_METRIC] = "SELECT id FROM metrics WHERE name = ?1",
	[STORE_ADD_METRIC] = "INSERT INTO metrics (name) VALUES (?1)",
	[STORE_ADD_CELL] =
		"INSERT INTO cells"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
		" ON CONFLICT DO UPDATE SET"
		" cells = min(cells + excluded.cells, " VALUE_MAX "),"
		" hours = min(hours + excluded.hours, " VALUE_MAX "),"
		" value = max(min(value + excluded.value, " VALUE_MAX "),"
		" -" VALUE_MAX ")",
	[STORE_TRIM] = "DELETE FROM cells WHERE period = 0 AND key < ?1",
	/* those of earlier, whose id is hour << 10 | zone; 0: time unknown */
	[STORE_TRIM_OLD] = "DELETE FROM k_hours WHERE id BETWEEN 1024"
			   " AND (?1 << 10) - 1",
	[STORE_READ_HOURS] = "SELECT " CELL " WHERE period = 0"
			     " AND key BETWEEN ?1 AND ?2 ORDER BY key",
	[STORE_READ_DAYS] = "SELECT " CELL " WHERE period IN (1, 2)"
			    " AND key BETWEEN ?1 AND ?2 ORDER BY key",
	[STORE_READ_OLD] =
		"SELECT id >> 10, visitors_day, visitors, sessions,"
		" portal_shown, accepted, ended_expired, ended_idle,"
		" ended_quota, ended_logout, ended_operator, dwell_5,"
		" dwell_15, dwell_30, dwell_60, dwell_120, dwell_240,"
		" dwell_more, bytes_up, bytes_down, peak FROM k_days"
		" WHERE id & 1023 = 0 AND id >> 10 BETWEEN ?1 AND ?2"
		" ORDER BY id",
	[STORE_ADD_OUTGOING] =
		"INSERT INTO outgoing (stream, seq, start, zone, metric, hours,"
		" value, scale_n, scale_d)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[STORE_BOUND_OUTGOING] =
		"DELETE FROM outgoing WHERE id <="
		" (SELECT max(id) FROM outgoing) - " OUTGOING_MAX,
	[STORE_FORGET_OUTGOING] =
		"DELETE FROM outgoing WHERE stream = ?1 AND seq <= ?2",
	[STORE_CLEAR_OUTGOING] = "DELETE FROM outgoing",
	[STORE_READ_OUTGOING] =
		"SELECT stream, seq, start, zone, metric, hours, value,"
		" scale_n, scale_d FROM outgoing WHERE " NOT_COMMITTED
		" ORDER BY id",
	[STORE_COUNT_OUTGOING] =
		"SELECT count(*) FROM outgoing WHERE " NOT_COMMITTED,
};

int store_schema_check(sqlite3 *db)
{
	int version = 0;
	int err = sqlite_check_version(db, store_version, &version);

	if (!err && version < store_version)
		return -ENODATA;
	return err;
}

int store_schema_prepare(sqlite3 *db, sqlite3_stmt *statement[STORE_STATEMENTS])
{
	for (int i = 0; i < STORE_STATEMENTS; i++) {
		int err = sqlite_prepare(db, statements[i], &statement[i]);

		if (err)
			return err;
	}
	return 0;
}
