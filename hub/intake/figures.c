/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/intake/figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config/settings_valid.h"
#include "hub/intake/json.h"
#include "portal/store/day.h"

#define DAY_NUMBER_MAX 99991231 /* above: seconds */
#define OLDEST_S       (400LL * 86400)
#define LATE_S	       86400
#define NOON_S	       43200
#define QUARTER_S      900 /* time zones are off by so many */
#define HOURS_MAX      200 /* of a week, on a day that clocks go back */
#define DEVICES_MAX    100000
#define SCALE_SLACK    10 /* of profiles to come */

/* --- a cell ------------------------------------------------------------ */

static const struct usage_series_info *series_of(enum usage_metric metric)
{
	return usage_series_info(usage_metric_info(metric)->series);
}

static bool take_names(struct figure *f, struct json_object *o)
{
	const char *zone = json_text_of(o, "zone");
	const char *metric = json_text_of(o, "metric");

	if (!zone || !metric || !usage_metric_parse(metric, &f->metric) ||
	    (*zone && !valid_zone_name(zone)))
		return false;
	snprintf(f->zone, sizeof(f->zone), "%s", zone);
	return true;
}

static bool is_quarter(int64_t start)
{
	return start % QUARTER_S == 0;
}

/* Its midnight is no other day here, wherever the box thinks that it is. 0: it
 * is none. */
static int64_t day_from(int64_t start)
{
	if (start <= DAY_NUMBER_MAX && day_is_valid((uint32_t)start))
		return start;
	return is_quarter(start) ? day_of(start + NOON_S) : 0;
}

static bool take_start(struct figure *f, struct json_object *o, int64_t now_s)
{
	bool is_hour = series_of(f->metric)->period == USAGE_HOUR;
	int64_t from = now_s > OLDEST_S ? now_s - OLDEST_S : 1;
	int64_t to = now_s + LATE_S;
	int64_t start;

	if (!json_take_number(o, "start", 1, DAY_TIME_MAX - LATE_S, &start))
		return false;
	if (is_hour) {
		f->key = is_quarter(start) ? start : 0;
	} else {
		f->key = day_from(start);
		from = day_of(from);
		to = day_of(to);
	}
	f->is_untimely = f->key < from || f->key > to;
	return f->key != 0;
}

/* What devices may add to it, each on each of its days. */
static int64_t value_max(enum usage_metric metric)
{
	const struct usage_series_info *i = series_of(metric);
	int64_t days = i->period == USAGE_WEEK ? 7 : 1;
	bool is_bytes = usage_metric_info(metric)->series == USAGE_BYTES;

	return DEVICES_MAX * days * (is_bytes ? (int64_t)i->bound : 1);
}

/* n / d up to some times what the profile of most noise makes. */
static bool take_scale(struct figure *f, struct json_object *o)
{
	enum usage_series series = usage_metric_info(f->metric)->series;
	uint64_t most = usage_series_info(series)->bound * 200 * SCALE_SLACK;
	int64_t d_max = 200 * SCALE_SLACK * USAGE_EPSILON_MAX;

	return json_take_count(o, "n", 1, (int64_t)most, &f->scale.n) &&
	       json_take_count(o, "d", 1, d_max, &f->scale.d) &&
	       f->scale.n * usage_least_share(series) <= most * f->scale.d;
}

static bool take_value(struct figure *f, struct json_object *o)
{
	int64_t max = value_max(f->metric);

	return json_take_number(o, "value", -max, max, &f->value) &&
	       json_take_count(o, "hours", 0, HOURS_MAX, &f->hours) &&
	       take_scale(f, o);
}

static bool take_cell(struct figure *f, struct json_object *o, int64_t now_s)
{
	return json_object_is_type(o, json_type_object) &&
	       json_take_count(o, "seq", 1, INT64_MAX - 1, &f->seq) &&
	       take_names(f, o) && take_start(f, o, now_s) && take_value(f, o);
}

/* --- the entry --------------------------------------------------------- */

static bool take_stream(struct figures *out, struct json_object *o)
{
	const char *text = json_text_of(o, "stream");

	if (!text || strlen(text) != 16 ||
	    strspn(text, "0123456789abcdef") != 16)
		return false;
	out->stream = strtoull(text, NULL, 16);
	return out->stream != 0;
}

static bool take_cells(struct figures *out, struct json_object *o,
		       int64_t now_s)
{
	struct json_object *a = json_array_of(o, "cells", FIGURES_CELLS_MAX);

	out->count = a ? json_object_array_length(a) : 0;
	for (size_t i = 0; i < out->count; i++)
		if (!take_cell(&out->cell[i], json_object_array_get_idx(a, i),
			       now_s) ||
		    (i && out->cell[i].seq != out->cell[i - 1].seq + 1))
			return false;
	out->untimely = 0;
	for (size_t i = 0; i < out->count; i++)
		out->untimely += out->cell[i].is_untimely;
	return out->count != 0;
}

static bool take_first(struct figures *out, struct json_object *o)
{
	out->first = out->cell[0].seq;
	return !json_object_object_get_ex(o, "first", NULL) ||
	       json_take_count(o, "first", 1, (int64_t)out->cell[0].seq,
			       &out->first);
}

bool figures_parse(struct figures *out, const char *text, size_t len,
		   int64_t now_s)
{
	struct json_object *o = json_read(text, len, FIGURES_BYTES_MAX);
	bool is_good = o && take_stream(out, o) && take_cells(out, o, now_s) &&
		       take_first(out, o);

	json_object_put(o);
	return is_good;
}
