/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading from the disk and from memory as if they were one. */
#include "portal/store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "portal/store/day.h"
#include "portal/store/store_private.h"
#include "portal/store/store_rows.h"

const char *const store_old_columns[STORE_OLD_COLUMNS] = {
	"visitors_day", "visitors",	  "sessions",	"portal_shown",
	"accepted",	"ended_expired",  "ended_idle", "ended_quota",
	"ended_logout", "ended_operator", "dwell_5",	"dwell_15",
	"dwell_30",	"dwell_60",	  "dwell_120",	"dwell_240",
	"dwell_more",	"bytes_up",	  "bytes_down", "peak",
};

/* A damaged file is set aside with the next batch, or by store_retry(). */
static int fail(struct store *st, int err)
{
	if (st->is_reader)
		return err; /* its caller says so */
	if (err == -EUCLEAN && st->disk)
		store_lose_disk(st, err);
	else
		log_warn("usage figures cannot be read: %s", strerror(-err));
	return err;
}

/* --- figures ----------------------------------------------------------- */

/* Cells of both databases in order of key. */
static int read_merged(struct store *st, bool hours, int64_t from, int64_t to,
		       struct store_rows *r)
{
	struct store_db *side[2] = { st->disk, st->ram };
	struct store_cell cell[2];
	int has[2] = { 0, 0 };

	for (int i = 0; i < 2; i++) {
		if (side[i])
			has[i] = store_db_seek(side[i], hours, from, to);
		if (side[i] && !has[i])
			has[i] = store_db_next(side[i], &cell[i]);
	}
	while (has[0] > 0 || has[1] > 0) {
		int i = has[0] <= 0 ||
			(has[1] > 0 && cell[1].key < cell[0].key);

		store_rows_add(r, &cell[i]);
		has[i] = store_db_next(side[i], &cell[i]);
	}
	for (int i = 0; i < 2; i++)
		if (side[i])
			store_db_rewind(side[i]);
	return has[0] < 0 ? has[0] : has[1];
}

int store_read(struct store *st, const struct store_query *q,
	       store_row_fn *on_row, void *arg)
{
	struct store_rows r = { .query = q, .on_row = on_row, .arg = arg };
	int64_t from, to;
	int err;

	store_rows_bounds(q, &from, &to);
	err = read_merged(st, q->step == STORE_HOUR, from, to, &r);
	if (err)
		return fail(st, err);
	store_rows_end(&r);
	return 0;
}

bool store_has_zone(struct store *st, const char *zone)
{
	return (st->disk && store_db_has_zone(st->disk, zone)) ||
	       (st->ram && store_db_has_zone(st->ram, zone));
}

/* --- the last of each -------------------------------------------------- */

#define LAST_DAYS  40 /* a week and what is late */
#define LAST_ZONES 32

struct last {
	char zone[LAST_ZONES][IPC_ZONE_NAME_MAX];
	size_t zones;
	struct {
		int64_t key;
		struct store_sum sum;
	} of[LAST_ZONES][USAGE_METRICS];
};

/* LAST_ZONES: there is no place. */
static size_t zone_place(struct last *l, const char *zone)
{
	size_t i = 0;

	while (i < l->zones && strcmp(l->zone[i], zone) != 0)
		i++;
	if (i == l->zones && i < LAST_ZONES)
		memcpy(l->zone[l->zones++], zone, IPC_ZONE_NAME_MAX);
	return i;
}

static int read_last(struct store_db *db, bool hours, int64_t from,
		     struct last *l)
{
	struct store_cell c;
	int err = store_db_seek(db, hours, from, INT64_MAX);

	while (!err && (err = store_db_next(db, &c)) > 0) {
		struct store_sum s = store_sum_of(&c);
		size_t i = zone_place(l, c.zone);

		err = 0;
		if (i == LAST_ZONES || l->of[i][c.metric].key > c.key)
			continue;
		if (l->of[i][c.metric].key < c.key)
			memset(&l->of[i][c.metric], 0, sizeof(l->of[i][0]));
		l->of[i][c.metric].key = c.key;
		store_sum_add(&l->of[i][c.metric].sum, &s);
	}
	store_db_rewind(db);
	return err;
}

static int read_all_last(struct store *st, struct last *l)
{
	struct store_db *side[2] = { st->disk, st->ram };
	store_day from = day_shift(day_of((int64_t)time(NULL)), -LAST_DAYS);
	int err = 0;

	for (int i = 0; i < 4 && !err; i++)
		if (side[i / 2])
			err = read_last(side[i / 2], i & 1,
					i & 1 ? day_start_s(from) : from, l);
	return err;
}

int store_read_last(struct store *st, store_last_fn *on_last, void *arg)
{
	struct last *l = calloc(1, sizeof(*l));
	int err = l ? read_all_last(st, l) : -ENOMEM;

	for (size_t i = 0; !err && i < l->zones; i++)
		for (int m = 0; m < USAGE_METRICS; m++)
			if (l->of[i][m].key)
				on_last(l->zone[i], (enum usage_metric)m,
					&l->of[i][m].sum, arg);
	free(l);
	return err ? fail(st, err) : 0;
}

/* --- what k devices shared --------------------------------------------- */

int store_read_old(struct store *st, store_day from, store_day to,
		   store_old_fn *on_day, void *arg)
{
	uint64_t value[STORE_OLD_COLUMNS];
	store_day day;
	int err = st->disk ? store_db_seek_old(st->disk, from,
					       to ? to : UINT32_MAX)
			   : 0;

	while (st->disk && !err) {
		err = store_db_next_old(st->disk, &day, value);
		if (err <= 0)
			break;
		on_day(day, value, arg);
		err = 0;
	}
	if (st->disk)
		store_db_rewind(st->disk);
	return err ? fail(st, err) : 0;
}
