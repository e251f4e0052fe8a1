/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/db/city_schema.h"

#include "common/array.h"
#include "common/stringify.h"
#include "portal/util/sqlite.h"

/* Frozen: what is in the field is changed by further elements only. */
const char *const city_migrations[] = {
	"CREATE TABLE places (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL,"
	" name TEXT NOT NULL, UNIQUE (kind, name));"
	"INSERT INTO places VALUES (1, 0, '');"
	"CREATE TABLE zones (id INTEGER PRIMARY KEY,"
	" name TEXT NOT NULL UNIQUE);"
	"INSERT INTO zones VALUES (1, '');"
	"CREATE TABLE metrics (id INTEGER PRIMARY KEY,"
	" name TEXT NOT NULL UNIQUE);"
	"CREATE TABLE site_zones (site INTEGER NOT NULL,"
	" zone INTEGER NOT NULL, PRIMARY KEY (site, zone)) WITHOUT ROWID;"
	"CREATE TABLE cells (place INTEGER NOT NULL, period INTEGER NOT NULL,"
	" metric INTEGER NOT NULL, key INTEGER NOT NULL, zone INTEGER NOT NULL,"
	" scale_n INTEGER NOT NULL, scale_d INTEGER NOT NULL,"
	" cells INTEGER NOT NULL, hours INTEGER NOT NULL,"
	" value INTEGER NOT NULL, PRIMARY KEY (place, period, metric, key,"
	" zone, scale_n, scale_d)) WITHOUT ROWID;"
	"CREATE TABLE streams (site INTEGER NOT NULL, stream INTEGER NOT NULL,"
	" seq INTEGER NOT NULL, used INTEGER NOT NULL,"
	" PRIMARY KEY (site, stream)) WITHOUT ROWID;"
	"CREATE TABLE off (site INTEGER PRIMARY KEY, reason TEXT NOT NULL);",
};
const int city_version = ARRAY_SIZE(city_migrations);

/* Sums stop here, so two of them are still an integer of SQLite. */
#define VALUE_MAX "4611686018427387903"

static const char *const statements[CITY_STATEMENTS] = {
	[CITY_BEGIN] = "BEGIN IMMEDIATE",
	[CITY_COMMIT] = "COMMIT",
	[CITY_ROLLBACK] = "ROLLBACK",
	[CITY_GET_PLACE] = "SELECT id FROM places WHERE kind = ?1"
			   " AND name = ?2",
	[CITY_ADD_PLACE] = "INSERT INTO places (kind, name) VALUES (?1, ?2)",
	[CITY_GET_ZONE] = "SELECT id FROM zones WHERE name = ?1",
	[CITY_ADD_ZONE] = "INSERT INTO zones (name) VALUES (?1)",
	[CITY_HAS_SITE_ZONE] = "SELECT 1 FROM site_zones JOIN zones"
			       " ON id = zone WHERE site = ?1 AND name = ?2",
	[CITY_COUNT_SITE_ZONES] = "SELECT count(*) FROM site_zones"
				  " WHERE site = ?1",
	[CITY_ADD_SITE_ZONE] = "INSERT INTO site_zones VALUES (?1, ?2)",
	[CITY_ADD_CELL] =
		"INSERT INTO cells"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
		" ON CONFLICT DO UPDATE SET"
		" cells = min(cells + excluded.cells, " VALUE_MAX "),"
		" hours = min(hours + excluded.hours, " VALUE_MAX "),"
		" value = max(min(value + excluded.value, " VALUE_MAX "),"
		" -" VALUE_MAX ")",
	[CITY_GET_STREAM] = "SELECT seq FROM streams WHERE site = ?1"
			    " AND stream = ?2",
	/* used: a number that only goes up, no time */
	[CITY_SET_STREAM] =
		"INSERT INTO streams VALUES (?1, ?2, ?3, (SELECT"
		" ifnull(max(used), 0) + 1 FROM streams WHERE site = ?1))"
		" ON CONFLICT DO UPDATE SET seq = excluded.seq,"
		" used = excluded.used",
	[CITY_TRIM_STREAMS] =
		"DELETE FROM streams WHERE site = ?1 AND stream NOT IN"
		" (SELECT stream FROM streams WHERE site = ?1"
		" ORDER BY used DESC LIMIT " STRINGIFY(CITY_STREAMS_MAX) ")",
	[CITY_LAST_STREAM] = "SELECT stream, seq FROM streams WHERE site = ?1"
			     " ORDER BY used DESC LIMIT 1",
	[CITY_GET_OFF] = "SELECT reason FROM off WHERE site = ?1",
	[CITY_SET_OFF] = "INSERT OR REPLACE INTO off VALUES (?1, ?2)",
	[CITY_CLEAR_OFF] = "DELETE FROM off WHERE site = ?1",
};

int city_schema_prepare(sqlite3 *db, sqlite3_stmt *statement[CITY_STATEMENTS])
{
	for (int i = 0; i < CITY_STATEMENTS; i++) {
		int err = sqlite_prepare(db, statements[i], &statement[i]);

		if (err)
			return err;
	}
	return 0;
}
