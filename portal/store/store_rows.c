/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/store/store_rows.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "portal/store/day.h"

static const char *const step_names[STORE_STEPS] = {
	[STORE_HOUR] = "hour",	 [STORE_DAY] = "day",	[STORE_WEEK] = "week",
	[STORE_MONTH] = "month", [STORE_YEAR] = "year",
};

/* --- sums -------------------------------------------------------------- */

/* Noise of scale t has the variance 2 t^2, as nearly as matters here. */
struct store_sum store_sum_of(const struct store_cell *c)
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

void store_rows_end(struct store_rows *r)
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

void store_rows_add(struct store_rows *r, const struct store_cell *c)
{
	int64_t key = key_of(r->query->step, c->key);
	struct store_sum s = store_sum_of(c);

	if (!store_step_has(r->query->step, c->metric) ||
	    (r->query->zone && strcmp(r->query->zone, c->zone) != 0))
		return;
	if (key != r->key)
		store_rows_end(r);
	r->key = key;
	store_sum_add(&r->row.sum[c->metric], &s);
}

void store_rows_bounds(const struct store_query *q, int64_t *from, int64_t *to)
{
	bool by_hour = q->step == STORE_HOUR;

	/* figures of a week are those that began in the span */
	*from = by_hour ? day_start_s(q->from) : (int64_t)q->from;
	*to = by_hour ? DAY_TIME_MAX : (int64_t)UINT32_MAX;
	if (q->to)
		*to = by_hour ? day_start_s(day_shift(q->to, 1)) - 1
			      : (int64_t)q->to;
}
