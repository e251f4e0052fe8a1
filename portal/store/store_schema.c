/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/store/store_schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

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
	/* what is asked for most, in a ninth of the pages */
	"CREATE TABLE hours_all (id INTEGER PRIMARY KEY" V1_METRICS ");"
	"CREATE TABLE days (id INTEGER PRIMARY KEY" V1_METRICS ");"
	"CREATE TABLE labels (day INTEGER NOT NULL, kind TEXT NOT NULL,"
	" label TEXT NOT NULL, value INTEGER NOT NULL,"
	" PRIMARY KEY (day, kind, label)) WITHOUT ROWID;",
};
const int store_version = ARRAY_SIZE(store_migrations);

#define BITS	  STRINGIFY(STORE_ZONE_BITS)
#define VALUE_MAX STRINGIFY(STORE_VALUE_MAX)
#define ZONE_MASK "((1 << " BITS ") - 1)"

/* "@" stands for the columns of the metrics, "?@" for a parameter for each,
 * "+@" for their upsert. */
static const char *const statements[STORE_STATEMENTS] = {
	[STORE_BEGIN] = "BEGIN IMMEDIATE",
	[STORE_COMMIT] = "COMMIT",
	[STORE_ROLLBACK] = "ROLLBACK",
	[STORE_GET_META] = "SELECT stream, seq FROM meta",
	[STORE_SET_META] = "UPDATE meta SET stream = ?1, seq = ?2",
	[STORE_GET_ZONE] = "SELECT id FROM zones WHERE name = ?1",
	[STORE_ADD_ZONE] = "INSERT INTO zones (name) VALUES (?1)",
	[STORE_ADD_HOUR] = "INSERT INTO hours (id@) VALUES (?1?@)"
			   " ON CONFLICT (id) DO UPDATE SET +@",
	[STORE_ADD_HOUR_ALL] = "INSERT INTO hours_all (id@) VALUES (?1?@)"
			       " ON CONFLICT (id) DO UPDATE SET +@",
	[STORE_ADD_DAY] = "INSERT INTO days (id@) VALUES (?1?@)"
			  " ON CONFLICT (id) DO UPDATE SET +@",
	[STORE_ADD_LABEL] =
		"INSERT INTO labels VALUES (?1, ?2, ?3, ?4)"
		" ON CONFLICT (day, kind, label) DO UPDATE"
		" SET value = min(value + excluded.value, " VALUE_MAX ")",
	/* time unknown, key 0, stays */
	[STORE_TRIM_HOURS] =
		"DELETE FROM hours WHERE id BETWEEN 1 << " BITS " AND ?1",
	[STORE_TRIM_HOURS_ALL] =
		"DELETE FROM hours_all WHERE id BETWEEN 1 << " BITS " AND ?1",
	[STORE_READ_HOURS] =
		"SELECT id >> " BITS "@ FROM hours"
		" WHERE id BETWEEN ?1 AND ?2 AND id & " ZONE_MASK " = ?3"
		" ORDER BY id",
	[STORE_READ_HOURS_ALL] = "SELECT id >> " BITS "@ FROM hours_all"
				 " WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
	[STORE_READ_DAYS] =
		"SELECT id >> " BITS "@ FROM days"
		" WHERE id BETWEEN ?1 AND ?2 AND id & " ZONE_MASK " = ?3"
		" ORDER BY id",
	[STORE_DUMP_HOURS] =
		"SELECT hours.id >> " BITS "@, name FROM hours"
		" CROSS JOIN zones ON zones.id = hours.id & " ZONE_MASK
		" WHERE hours.id BETWEEN ?1 AND ?2"
		" ORDER BY hours.id",
	[STORE_DUMP_DAYS] =
		"SELECT days.id >> " BITS "@, name FROM days"
		" CROSS JOIN zones ON zones.id = days.id & " ZONE_MASK
		" WHERE days.id BETWEEN ?1 AND ?2"
		" ORDER BY days.id",
	[STORE_READ_LABELS] = "SELECT day, label, value FROM labels"
			      " WHERE day BETWEEN ?1 AND ?2 AND kind = ?3",
};

int store_schema_check(sqlite3 *db)
{
	int version = 0;
	int err = sqlite_check_version(db, store_version, &version);

	if (!err && version < store_version)
		return -ENODATA;
	return err;
}

/* --- statements -------------------------------------------------------- */

static void write_metrics(FILE *f, char how)
{
	for (int i = 0; i < USAGE_METRICS; i++) {
		const struct usage_metric_info *m =
			usage_metric_info((enum usage_metric)i);

		if (how == '?')
			fprintf(f, ", ?%d", i + 2);
		else if (how != '+')
			fprintf(f, ", %s", m->name);
		else if (m->is_max)
			fprintf(f, "%s%s = max(%s, excluded.%s)", i ? ", " : "",
				m->name, m->name, m->name);
		else
			fprintf(f,
				"%s%s = min(%s + excluded.%s, " VALUE_MAX ")",
				i ? ", " : "", m->name, m->name, m->name);
	}
}

/* The caller frees it. NULL: no memory. */
static char *statement_text(const char *pattern)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	for (const char *p = pattern; *p; p++) {
		if (*p == '@')
			write_metrics(f, '@');
		else if ((*p == '?' || *p == '+') && p[1] == '@')
			write_metrics(f, *p++);
		else
			fputc(*p, f);
	}
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

int store_schema_prepare(sqlite3 *db, sqlite3_stmt *statement[STORE_STATEMENTS])
{
	for (int i = 0; i < STORE_STATEMENTS; i++) {
		char *text = statement_text(statements[i]);
		int err = text ? sqlite_prepare(db, text, &statement[i])
			       : -ENOMEM;

		free(text);
		if (err)
			return err;
	}
	return 0;
}
