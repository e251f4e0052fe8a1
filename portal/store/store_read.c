/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading from the disk and from memory as if they were one. */
#include "common/array.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portal/store/day.h"
#include "portal/store/store.h"
#include "portal/store/store_private.h"

#define EVERYTHING   0x7fffffffU
#define LABELS_SHOWN 512

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

/* Rows of both databases in order of key. */
static int read_merged(struct store *st, enum store_table table,
		       const struct store_span *span,
		       void (*on_row)(const struct store_row *row, void *arg),
		       void *arg)
{
	struct store_db *side[2] = { st->disk, st->ram };
	struct store_row row[2];
	int has[2] = { 0, 0 };

	for (int i = 0; i < 2; i++) {
		if (side[i])
			has[i] = store_db_seek(side[i], table, span);
		if (side[i] && !has[i])
			has[i] = store_db_next(side[i], &row[i]);
	}
	while (has[0] > 0 || has[1] > 0) {
		int i = has[0] <= 0 || (has[1] > 0 && row[1].key < row[0].key);

		on_row(&row[i], arg);
		has[i] = store_db_next(side[i], &row[i]);
	}
	for (int i = 0; i < 2; i++)
		if (side[i])
			store_db_rewind(side[i]);
	return has[0] < 0 ? has[0] : has[1];
}

/* --- figures ----------------------------------------------------------- */

struct reader {
	const struct store_query *query;
	store_row_fn *on_row;
	void *arg;
	bool has_row;
	struct store_row row; /* added up so far */
};

static void flush(struct reader *r)
{
	struct store_figures f;

	if (!r->has_row)
		return;
	if (r->query->step == USAGE_HOUR) {
		f.start_s = r->row.key;
		f.day = day_of(r->row.key);
	} else {
		f.day = (store_day)r->row.key;
		f.start_s = day_start_s(f.day);
	}
	memcpy(f.value, r->row.value, sizeof(f.value));
	r->on_row(&f, r->arg);
	r->has_row = false;
}

static void on_figures(const struct store_row *row, void *arg)
{
	struct reader *r = arg;
	int64_t key = row->key;

	if (r->query->step == USAGE_MONTH && key)
		key = key / 100 * 100 + 1;
	if (r->has_row && r->row.key == key) {
		store_row_add(&r->row, row->value);
		return;
	}
	flush(r);
	r->has_row = true;
	r->row = *row;
	r->row.key = key;
}

int store_read(struct store *st, const struct store_query *q,
	       store_row_fn *on_row, void *arg)
{
	struct reader r = { .query = q, .on_row = on_row, .arg = arg };
	bool by_hour = q->step == USAGE_HOUR;
	struct store_span span = {
		.from = by_hour ? day_start_s(q->from) : (int64_t)q->from,
		.to = by_hour ? DAY_TIME_MAX : (int64_t)UINT32_MAX,
		.zone = q->zone ? q->zone : STORE_ALL,
		.metrics = q->metrics ? q->metrics : EVERYTHING,
	};
	int err;

	if (q->to)
		span.to = by_hour ? day_start_s(day_shift(q->to, 1)) - 1
				  : (int64_t)q->to;
	err = read_merged(st, by_hour ? STORE_HOURS : STORE_DAYS, &span,
			  on_figures, &r);
	if (err)
		return fail(st, err);
	flush(&r);
	return 0;
}

/* --- labels ------------------------------------------------------------ */

struct label_sums {
	struct store_label label[LABELS_SHOWN];
	size_t labels;
};

static void add_label(struct label_sums *s, const struct store_label *l)
{
	size_t i = 0;

	while (i < s->labels && strcmp(s->label[i].label, l->label) != 0)
		i++;
	if (i == LABELS_SHOWN)
		return;
	if (i < s->labels)
		s->label[i].value += l->value > UINT64_MAX - s->label[i].value
					     ? UINT64_MAX - s->label[i].value
					     : l->value;
	else
		s->label[s->labels++] = *l;
}

static int read_labels(struct store_db *db, const struct store_label_query *q,
		       struct label_sums *s)
{
	struct store_label l;
	int err = store_db_seek_labels(db, q->kind, q->from,
				       q->to ? q->to : UINT32_MAX);

	while (!err) {
		err = store_db_next_label(db, &l);
		if (err <= 0)
			break;
		add_label(s, &l);
		err = 0;
	}
	store_db_rewind(db);
	return err;
}

static int compare_labels(const void *a, const void *b)
{
	const struct store_label *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? 1 : -1;
	return strcmp(x->label, y->label);
}

int store_read_labels(struct store *st, const struct store_label_query *q,
		      store_label_fn *on_label, void *arg)
{
	struct label_sums *s = calloc(1, sizeof(*s));
	int err = s ? 0 : -ENOMEM;

	if (!err && st->disk)
		err = read_labels(st->disk, q, s);
	if (!err && st->ram)
		err = read_labels(st->ram, q, s);
	if (err) {
		free(s);
		return fail(st, err);
	}
	qsort(s->label, s->labels, sizeof(s->label[0]), compare_labels);
	for (size_t i = 0; i < s->labels; i++)
		on_label(s->label[i].label, s->label[i].value, arg);
	free(s);
	return 0;
}

/* --- totals ------------------------------------------------------------ */

static struct store_row *total_of(struct store_totals *t, const char *zone)
{
	struct store_row *grown;

	for (size_t i = 0; i < t->rows; i++)
		if (!strcmp(t->row[i].zone, zone))
			return &t->row[i];
	grown = array_grow(t->row, &t->room, t->rows + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	t->row = grown;
	t->row[t->rows] = (struct store_row){ 0 };
	snprintf(t->row[t->rows].zone, sizeof(t->row[0].zone), "%s", zone);
	return &t->row[t->rows++];
}

static void on_total(const struct store_row *row, void *arg)
{
	struct store_totals *t = arg;
	struct store_row *sum;

	if (!strcmp(row->zone, STORE_ALL))
		return;
	sum = total_of(t, row->zone);
	if (sum)
		store_row_add(sum, row->value);
	else
		t->is_current = false;
}

/* Every scrape of the metrics asks for them; they change once an hour. */
static int read_totals(struct store *st)
{
	static const struct store_span everything = {
		.to = UINT32_MAX,
		.metrics = EVERYTHING,
	};
	struct store_totals *t = &st->totals;
	int err;

	t->rows = 0;
	t->is_current = true;
	err = read_merged(st, STORE_DAYS, &everything, on_total, t);
	if (!err && !t->is_current)
		err = -ENOMEM;
	if (err)
		t->is_current = false;
	return err;
}

int store_read_totals(struct store *st, store_total_fn *on_total_row, void *arg)
{
	int err = st->totals.is_current ? 0 : read_totals(st);

	if (err)
		return fail(st, err);
	for (size_t i = 0; i < st->totals.rows; i++)
		on_total_row(st->totals.row[i].zone, st->totals.row[i].value,
			     arg);
	return 0;
}
