/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/db/city_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "portal/store/store_rows.h"
#include "portal/util/sqlite.h"

#define BUSY_MS 200

enum statement {
	GET_PLACE,
	GET_METRIC,
	READ_HOURS,
	READ_DAYS,
	READ_ZONES,
	READ_SERIES,
	READ_SUMS,
	STATEMENTS
};

struct city_read {
	sqlite3 *db;
	sqlite3_stmt *statement[STATEMENTS];
};

#define SUMMED "2.0 * scale_n * scale_n / scale_d / scale_d * cells"

#define CELL                                                                   \
	"SELECT key, zones.name, metrics.name, scale_n, scale_d, cells,"       \
	" hours, value FROM cells JOIN zones ON zones.id = zone"               \
	" JOIN metrics ON metrics.id = metric WHERE place = ?1"

static const char *const statements[STATEMENTS] = {
	[GET_PLACE] = "SELECT id FROM places WHERE kind = ?1 AND name = ?2",
	[GET_METRIC] = "SELECT id FROM metrics WHERE name = ?1",
	/* of hours there is one metric, so they are in order already */
	[READ_HOURS] = CELL " AND period = 0 AND metric = ?4"
			    " AND key BETWEEN ?2 AND ?3 ORDER BY key",
	[READ_DAYS] = CELL " AND period IN (1, 2) AND key BETWEEN ?2 AND ?3"
			   " ORDER BY key",
	[READ_ZONES] = "SELECT name FROM site_zones JOIN zones ON id = zone"
		       " WHERE site = ?1 ORDER BY name",
	[READ_SERIES] = "SELECT key, value, " SUMMED ", cells, hours FROM cells"
			" WHERE place = ?1 AND period = ?2 AND metric = ?3"
			" AND key BETWEEN ?4 AND ?5 AND (?6 IS NULL OR zone ="
			" (SELECT id FROM zones WHERE name = ?6))"
			" ORDER BY key",
	/* places as they lie are in order of id: nothing is to be sorted */
	[READ_SUMS] = "SELECT places.id, sum(value), sum(" SUMMED "),"
		      " sum(cells), sum(hours) FROM places NOT INDEXED"
		      " CROSS JOIN cells ON place = places.id WHERE kind = 2"
		      " AND period = ?1 AND metric = ?2"
		      " AND key BETWEEN ?3 AND ?4 GROUP BY places.id"
		      " ORDER BY places.id",
};

/* --- life -------------------------------------------------------------- */

int city_read_open(struct city_read **out, const char *path)
{
	struct city_read *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	err = sqlite_error(r->db, sqlite3_open_v2(path, &r->db,
						  SQLITE_OPEN_READONLY |
							  SQLITE_OPEN_NOMUTEX,
						  NULL));
	if (!err) {
		sqlite3_busy_timeout(r->db, BUSY_MS);
		err = sqlite_run(r->db, "PRAGMA cache_size = -65536;"
					"PRAGMA trusted_schema = OFF;");
	}
	for (int i = 0; i < STATEMENTS && !err; i++)
		err = sqlite_prepare(r->db, statements[i], &r->statement[i]);
	if (err)
		city_read_close(r);
	else
		*out = r;
	return err;
}

void city_read_close(struct city_read *r)
{
	if (!r)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(r->statement[i]);
	sqlite3_close(r->db);
	free(r);
}

/* --- rows -------------------------------------------------------------- */

typedef void row_fn(sqlite3_stmt *s, void *arg);

static int each_row(sqlite3_stmt *s, row_fn *on_row, void *arg)
{
	int code;

	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		on_row(s, arg);
	sqlite3_reset(s);
	return sqlite_error(sqlite3_db_handle(s), code);
}

static void take_id(sqlite3_stmt *s, void *arg)
{
	*(int64_t *)arg = sqlite3_column_int64(s, 0);
}

/* Places and metrics have ids above 0. */
static int read_id(sqlite3_stmt *s, int64_t *id)
{
	int err;

	*id = 0;
	err = each_row(s, take_id, id);
	return !err && !*id ? -ENOENT : err;
}

int city_read_place(struct city_read *r, enum city_place_kind kind,
		    const char *name, int64_t *id)
{
	sqlite3_stmt *s = r->statement[GET_PLACE];

	sqlite3_bind_int64(s, 1, kind);
	sqlite3_bind_text(s, 2, name, -1, SQLITE_STATIC);
	return read_id(s, id);
}

static int metric_id(struct city_read *r, enum usage_metric metric, int64_t *id)
{
	sqlite3_stmt *s = r->statement[GET_METRIC];

	sqlite3_bind_text(s, 1, usage_metric_info(metric)->name, -1,
			  SQLITE_STATIC);
	return read_id(s, id);
}

/* --- figures ----------------------------------------------------------- */

static void add_cell(sqlite3_stmt *s, void *arg)
{
	struct store_cell c = {
		.key = sqlite3_column_int64(s, 0),
		.scale.n = (uint64_t)sqlite3_column_int64(s, 3),
		.scale.d = (uint64_t)sqlite3_column_int64(s, 4),
		.cells = (uint64_t)sqlite3_column_int64(s, 5),
		.hours = (uint64_t)sqlite3_column_int64(s, 6),
		.value = sqlite3_column_int64(s, 7),
	};

	snprintf(c.zone, sizeof(c.zone), "%s",
		 (const char *)sqlite3_column_text(s, 1));
	if (c.scale.d &&
	    usage_metric_parse((const char *)sqlite3_column_text(s, 2),
			       &c.metric))
		store_rows_add(arg, &c);
}

int city_read_usage(void *city_figures, const struct store_query *q,
		    store_row_fn *on_row, void *arg)
{
	const struct city_figures *f = city_figures;
	struct store_rows rows = { .query = q, .on_row = on_row, .arg = arg };
	bool by_hour = q->step == STORE_HOUR;
	sqlite3_stmt *s = f->read->statement[by_hour ? READ_HOURS : READ_DAYS];
	int64_t from, to, online;
	int err = metric_id(f->read, USAGE_DEVICES_ONLINE, &online);

	if (err)
		return err;
	store_rows_bounds(q, &from, &to);
	sqlite3_bind_int64(s, 1, f->place);
	sqlite3_bind_int64(s, 2, from);
	sqlite3_bind_int64(s, 3, to);
	if (by_hour)
		sqlite3_bind_int64(s, 4, online);
	err = each_row(s, add_cell, &rows);
	if (!err)
		store_rows_end(&rows);
	return err;
}

struct zones {
	city_zone_fn *on_zone;
	void *arg;
};

static void take_zone(sqlite3_stmt *s, void *arg)
{
	struct zones *z = arg;

	z->on_zone((const char *)sqlite3_column_text(s, 0), z->arg);
}

int city_read_zones(struct city_read *r, int64_t site, city_zone_fn *on_zone,
		    void *arg)
{
	struct zones z = { on_zone, arg };

	sqlite3_bind_int64(r->statement[READ_ZONES], 1, site);
	return each_row(r->statement[READ_ZONES], take_zone, &z);
}

struct sums {
	city_sum_fn *on_sum; /* by place, or by time */
	void *arg;
};

static void take_sum(sqlite3_stmt *s, void *arg)
{
	struct sums *sums = arg;
	struct store_sum sum = {
		.value = sqlite3_column_int64(s, 1),
		.variance = sqlite3_column_double(s, 2),
		.cells = (uint64_t)sqlite3_column_int64(s, 3),
		.hours = (uint64_t)sqlite3_column_int64(s, 4),
	};

	sums->on_sum(sqlite3_column_int64(s, 0), &sum, sums->arg);
}

int city_read_series(struct city_read *r, const struct city_series *series,
		     city_cell_fn *on_cell, void *arg)
{
	sqlite3_stmt *s = r->statement[READ_SERIES];
	struct sums sums = { on_cell, arg };
	int64_t metric;
	int err = metric_id(r, series->metric, &metric);

	if (err)
		return err;
	sqlite3_bind_int64(s, 1, series->place);
	sqlite3_bind_int64(s, 2, store_db_period(series->metric));
	sqlite3_bind_int64(s, 3, metric);
	sqlite3_bind_int64(s, 4, series->from);
	sqlite3_bind_int64(s, 5, series->to);
	sqlite3_bind_text(s, 6, series->zone, -1, SQLITE_STATIC);
	return each_row(s, take_sum, &sums);
}

int city_read_sums(struct city_read *r, const struct city_span *span,
		   city_sum_fn *on_sum, void *arg)
{
	sqlite3_stmt *s = r->statement[READ_SUMS];
	struct sums sums = { on_sum, arg };
	int64_t metric;
	int err = metric_id(r, span->metric, &metric);

	if (err)
		return err;
	sqlite3_bind_int64(s, 1, store_db_period(span->metric));
	sqlite3_bind_int64(s, 2, metric);
	sqlite3_bind_int64(s, 3, span->from);
	sqlite3_bind_int64(s, 4, span->to);
	return each_row(s, take_sum, &sums);
}
