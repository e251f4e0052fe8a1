/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/store/store_batch.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "portal/store/day.h"

#define DAY_S 86400

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The row of that key and zone, which is made if there is none. */
static struct store_row *row_of(struct store_row *rows, size_t *count,
				int64_t key, const char *zone)
{
	struct store_row *r;

	for (size_t i = 0; i < *count; i++)
		if (rows[i].key == key && !strcmp(rows[i].zone, zone))
			return &rows[i];
	r = &rows[(*count)++];
	*r = (struct store_row){ .key = key };
	snprintf(r->zone, sizeof(r->zone), "%s", zone);
	return r;
}

void store_row_add(struct store_row *r, const uint64_t value[USAGE_METRICS])
{
	for (int i = 0; i < USAGE_METRICS; i++)
		r->value[i] = usage_metric_info((enum usage_metric)i)->is_max
				      ? larger(r->value[i], value[i])
				      : sum(r->value[i], value[i]);
}

/* Zones peak together, for all that is known, so that of all is the sum. */
static void add_hour(struct store_changes *c, const struct ipc_usage_row *m)
{
	uint64_t value[USAGE_METRICS];
	struct store_row *all =
		row_of(c->hour, &c->hours, m->part.start_s, STORE_ALL);
	uint64_t peak = sum(all->value[USAGE_PEAK], m->value[USAGE_PEAK]);

	memcpy(value, m->value, sizeof(value));
	value[USAGE_DAY_VISITORS] = 0;
	store_row_add(all, value);
	all->value[USAGE_PEAK] = peak;
	store_row_add(row_of(c->hour, &c->hours, m->part.start_s, m->zone),
		      value);
}

/* A device may visit many zones of a day: only the box knows how many all
 * together had. */
static void add_day(struct store_changes *c, const struct ipc_usage_row *m)
{
	uint64_t value[USAGE_METRICS];
	int64_t day = day_of(m->part.start_s);

	memcpy(value, m->value, sizeof(value));
	if (*m->zone)
		value[USAGE_DAY_VISITORS] = 0;
	store_row_add(row_of(c->day, &c->days, day, STORE_ALL), value);
	store_row_add(row_of(c->day, &c->days, day, m->zone), m->value);
}

/*
 * With the end of a day go the hours that are older than hours are kept. A day
 * that has not been yet is no reason: it was dated by a clock that was wrong.
 */
static int64_t trim_time(const struct store_changes *c, int64_t start_s)
{
	int64_t end_s = day_start_s(day_shift(day_of(start_s), 1));
	int64_t now_s = (int64_t)time(NULL) + DAY_S;

	if (end_s > now_s)
		end_s = now_s;
	return end_s > 0 && (uint64_t)end_s > c->keep_hours_s
		       ? end_s - (int64_t)c->keep_hours_s
		       : 0;
}

void store_batch_build(struct store_changes *c, const struct usage_batch *b)
{
	c->hours = 0;
	c->days = 0;
	c->trim_s = 0;
	for (size_t i = 0; i < b->rows; i++) {
		const struct ipc_usage_row *m = &b->row[i];

		if (m->step == USAGE_HOUR) {
			add_hour(c, m);
			continue;
		}
		add_day(c, m);
		if (m->part.start_s)
			c->trim_s = trim_time(c, m->part.start_s);
	}
	for (size_t i = 0; i < c->hours; i++)
		store_row_add(row_of(c->day, &c->days, day_of(c->hour[i].key),
				     c->hour[i].zone),
			      c->hour[i].value);
}

static bool zone_is_valid(const char zone[IPC_ZONE_NAME_MAX])
{
	size_t len = strnlen(zone, IPC_ZONE_NAME_MAX);

	return len < IPC_ZONE_NAME_MAX &&
	       strspn(zone, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static bool time_is_valid(int64_t start_s)
{
	return start_s >= 0 && start_s < DAY_TIME_MAX;
}

bool store_batch_is_valid(const struct usage_batch *b)
{
	if (!b->stream || !b->seq || b->rows > STORE_ROWS_MAX ||
	    b->labels > STORE_LABELS_MAX)
		return false;
	for (size_t i = 0; i < b->rows; i++)
		if ((b->row[i].step != USAGE_HOUR &&
		     b->row[i].step != USAGE_DAY) ||
		    !time_is_valid(b->row[i].part.start_s) ||
		    !zone_is_valid(b->row[i].zone))
			return false;
	for (size_t i = 0; i < b->labels; i++)
		if (b->label[i].kind >= USAGE_KINDS ||
		    !time_is_valid(b->label[i].part.start_s) ||
		    !usage_label_is_valid(b->label[i].label))
			return false;
	return true;
}

/* --- applying ---------------------------------------------------------- */

static int add_labels(struct store_db *db, const struct usage_batch *b)
{
	struct store_label l;
	int err = 0;

	for (size_t i = 0; i < b->labels && !err; i++) {
		l = (struct store_label){
			.day = day_of(b->label[i].part.start_s),
			.value = b->label[i].value,
		};
		memcpy(l.label, b->label[i].label, sizeof(l.label));
		err = store_db_add_label(db, (enum usage_kind)b->label[i].kind,
					 &l);
	}
	return err;
}

static int apply_changes(struct store_db *db, const struct store_changes *c,
			 const struct usage_batch *b)
{
	struct store_checkpoint checkpoint = { b->stream, b->seq };
	int err = 0;

	for (size_t i = 0; i < c->hours && !err; i++)
		err = store_db_add(db, STORE_HOURS, &c->hour[i]);
	for (size_t i = 0; i < c->days && !err; i++)
		err = store_db_add(db, STORE_DAYS, &c->day[i]);
	if (!err)
		err = add_labels(db, b);
	if (!err && c->trim_s > 0)
		err = store_db_trim(db, c->trim_s);
	return err ? err : store_db_set_checkpoint(db, &checkpoint);
}

bool store_batch_is_applied(const struct store_checkpoint *checkpoint,
			    const struct usage_batch *b)
{
	return checkpoint->stream == b->stream && b->seq <= checkpoint->seq;
}

/* The database's own checkpoint decides: a second instance may have been
 * quicker. */
int store_batch_apply(struct store_db *db, const struct store_changes *c,
		      const struct usage_batch *b,
		      struct store_checkpoint *checkpoint)
{
	struct store_checkpoint now;
	int err = store_db_begin(db);

	if (err)
		return err;
	err = store_db_get_checkpoint(db, &now);
	if (!err && !store_batch_is_applied(&now, b)) {
		err = apply_changes(db, c, b);
		now = (struct store_checkpoint){ b->stream, b->seq };
	}
	err = store_db_end(db, err);
	if (!err)
		*checkpoint = now;
	return err;
}
