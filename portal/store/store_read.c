/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading from the disk and from memory as if they were one. */
#include "portal/store/store.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "portal/store/day.h"
#include "portal/store/store_private.h"

const char *const store_old_columns[STORE_OLD_COLUMNS] = {
	"visitors_day", "visitors",	  "sessions",	"portal_shown",
	"accepted",	"ended_expired",  "ended_idle", "ended_quota",
	"ended_logout", "ended_operator", "dwell_5",	"dwell_15",
	"dwell_30",	"dwell_60",	  "dwell_120",	"dwell_240",
	"dwell_more",	"bytes_up",	  "bytes_down", "peak",
};

static const char *const step_names[STORE_STEPS] = {
	[STORE_HOUR] = "hour",	 [STORE_DAY] = "day",	[STORE_WEEK] = "week",
	[STORE_MONTH] = "month", [STORE_YEAR] = "year",
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

/* --- sums -------------------------------------------------------------- */

/* Noise of scale t has the variance 2 t^2, as nearly as matters here. */
static struct store_sum sum_of(const struct store_cell *c)
{
	double t = (double)c->scale.n / (double)c->scale.d;

	return (struct store_sum){
		.value = c->value,
		.variance = 2 * t * t * (double)c->cells,
		.cells = c->cells,
		.hours = c->hours,
	};
}

/* 3 t of one cell: beyond it lie 5 of 100 draws. Sums are nearly normal. */
double store_band(const struct store_sum *s)
{
	return s->cells == 1 ? 3 * sqrt(s->variance / 2)
			     : 2 * sqrt(s->variance);
}

void store_sum_add(struct store_sum *sum, const struct store_sum *other)
{
	if (__builtin_add_overflow(sum->value, other->value, &sum->value))
		sum->value = other->value < 0 ? INT64_MIN : INT64_MAX;
	sum->variance += other->variance;
	sum->cells += other->cells;
	sum->hours += other->hours;
}

/* --- steps ------------------------------------------------------------- */

/* The most at once is no sum of weeks. */
bool store_step_has(enum store_step step, enum usage_metric metric)
{
	enum usage_period period = store_db_period(metric);

	if (step == STORE_HOUR || period == USAGE_HOUR)
		return step == STORE_HOUR && period == USAGE_HOUR;
	if (metric == USAGE_MOST)
		return step == STORE_WEEK;
	return period == USAGE_DAY || step >= STORE_WEEK;
}

const char *store_step_to_string(enum store_step step)
{
	return (unsigned int)step < STORE_STEPS ? step_names[step] : "?";
}

bool store_step_parse(const char *name, enum store_step *out)
{
	for (int i = 0; i < STORE_STEPS; i++) {
		if (!strcmp(step_names[i], name)) {
			*out = (enum store_step)i;
			return true;
		}
	}
	return false;
}

/* As netctl has it: from Mondays, and from the first of a month. */
static store_day week_of(store_day day)
{
	time_t noon = (time_t)day_start_s(day) + 12 * 3600;
	struct tm tm = { 0 };
	int back;

	localtime_r(&noon, &tm);
	back = (tm.tm_wday + 6) % 7;
	return day_shift(day, -(back < tm.tm_mday ? back : tm.tm_mday - 1));
}

static int64_t key_of(enum store_step step, int64_t key)
{
	switch (step) {
	case STORE_HOUR:
	case STORE_DAY:
		return key;
	case STORE_WEEK:
		return week_of((store_day)key);
	case STORE_MONTH:
		return key / 100 * 100 + 1;
	case STORE_YEAR:
	case STORE_STEPS:
		break;
	}
	return key / 10000 * 10000 + 101;
}

/* --- figures ----------------------------------------------------------- */

struct reader {
	const struct store_query *query;
	store_row_fn *on_row;
	void *arg;
	int64_t key; /* of the row; 0: there is none */
	struct store_figures row;
};

static void flush(struct reader *r)
{
	struct store_figures *f = &r->row;

	if (!r->key)
		return;
	if (r->query->step == STORE_HOUR) {
		f->start_s = r->key;
		f->day = day_of(r->key);
	} else {
		f->day = (store_day)r->key;
		f->start_s = day_start_s(f->day);
	}
	r->on_row(f, r->arg);
	memset(f, 0, sizeof(*f));
	r->key = 0;
}

static void on_cell(struct reader *r, const struct store_cell *c)
{
	int64_t key = key_of(r->query->step, c->key);
	struct store_sum s = sum_of(c);

	if (!store_step_has(r->query->step, c->metric) ||
	    (r->query->zone && strcmp(r->query->zone, c->zone) != 0))
		return;
	if (key != r->key)
		flush(r);
	r->key = key;
	store_sum_add(&r->row.sum[c->metric], &s);
}

/* Cells of both databases in order of key. */
static int read_merged(struct store *st, bool hours, int64_t from, int64_t to,
		       struct reader *r)
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

		on_cell(r, &cell[i]);
		has[i] = store_db_next(side[i], &cell[i]);
	}
	for (int i = 0; i < 2; i++)
		if (side[i])
			store_db_rewind(side[i]);
	return has[0] < 0 ? has[0] : has[1];
}

static void bounds_of(const struct store_query *q, int64_t *from, int64_t *to)
{
	bool by_hour = q->step == STORE_HOUR;

	/* figures of a week are those that began in the span */
	*from = by_hour ? day_start_s(q->from) : (int64_t)q->from;
	*to = by_hour ? DAY_TIME_MAX : (int64_t)UINT32_MAX;
	if (q->to)
		*to = by_hour ? day_start_s(day_shift(q->to, 1)) - 1
			      : (int64_t)q->to;
}

int store_read(struct store *st, const struct store_query *q,
	       store_row_fn *on_row, void *arg)
{
	struct reader r = { .query = q, .on_row = on_row, .arg = arg };
	int64_t from, to;
	int err;

	bounds_of(q, &from, &to);
	err = read_merged(st, q->step == STORE_HOUR, from, to, &r);
	if (err)
		return fail(st, err);
	flush(&r);
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
		struct store_sum s = sum_of(&c);
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
