/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/web/web_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/array.h"
#include "hub/web/web_json.h"
#include "portal/store/day.h"

#define PARTS_MAX 200
#define DAYS_MAX  31 /* of hours: a year's of 200 sites are too many */
#define DAY_HOURS 24
#define HOUR_S	  3600
#define SLOTS_MAX ((DAYS_MAX + 1) * (DAY_HOURS + 1))

enum part_kind { PART_DISTRICT, PART_SITE, PART_ZONE };

static const char *const kind_name[] = {
	[PART_DISTRICT] = "district",
	[PART_SITE] = "site",
	[PART_ZONE] = "zone",
};

struct part {
	enum part_kind kind;
	char name[CITY_NAME_MAX];
	const char *title;
	int64_t place;
	struct store_sum visitors;
	struct hour {
		struct store_sum sum;
		uint64_t days;
		int64_t last; /* key */
	} hour[DAY_HOURS];
};

struct parts {
	const struct web_site *w;
	store_day from, to;
	int64_t start_s, end_s;
	uint8_t hour_of[SLOTS_MAX]; /* of the day, by hours from the start */
	size_t count, room;
	struct part *part;
	struct part *at; /* that is read */
	int err;
};

/* --- which ------------------------------------------------------------- */

static void add_part(struct parts *p, enum part_kind kind, const char *name,
		     int64_t place)
{
	struct part *grown =
		array_grow(p->part, &p->room, p->count + 1, sizeof(*grown));
	struct part *new;

	if (!grown) {
		p->err = -ENOMEM;
		return;
	}
	p->part = grown;
	new = &p->part[p->count++];
	*new = (struct part){ .kind = kind, .place = place, .title = "" };
	snprintf(new->name, sizeof(new->name), "%s", name);
}

static bool has_place(const struct parts *p, int64_t place)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->part[i].place == place)
			return true;
	return false;
}

static void add_site(struct parts *p, size_t i)
{
	const struct site *s = &p->w->sites->site[i];

	add_part(p, PART_SITE, s->name, s->id);
	if (!p->err) /* both are in order of names */
		p->part[p->count - 1].title = p->w->city->site[i].title;
}

static void add_districts(struct parts *p)
{
	const struct sites *all = p->w->sites;

	for (size_t i = 0; i < all->count && !p->err; i++)
		if (all->site[i].district_id &&
		    !has_place(p, all->site[i].district_id))
			add_part(p, PART_DISTRICT, all->site[i].district,
				 all->site[i].district_id);
	for (size_t i = 0; i < all->count && !p->err; i++)
		if (!all->site[i].district_id)
			add_site(p, i);
}

static void add_sites(struct parts *p, const char *district)
{
	for (size_t i = 0; i < p->w->sites->count && !p->err; i++)
		if (!strcmp(p->w->sites->site[i].district, district))
			add_site(p, i);
}

static void add_zone(const char *zone, void *arg)
{
	struct parts *p = arg;

	if (*zone && !p->err)
		add_part(p, PART_ZONE, zone, 0);
}

static void add_zones(struct parts *p, const char *name)
{
	const struct site *s = sites_find(p->w->sites, name);

	if (s && !p->err)
		p->err = city_read_zones(p->w->read, s->id, add_zone, p);
	for (size_t i = 0; i < p->count; i++)
		p->part[i].place = s->id;
}

static void find_parts(struct parts *p, const struct web_query *q)
{
	if (q->kind == CITY_SITE)
		add_zones(p, q->name);
	else if (q->kind == CITY_DISTRICT)
		add_sites(p, q->name);
	else
		add_districts(p);
}

/* --- figures ----------------------------------------------------------- */

static int read_part(struct parts *p, struct part *part,
		     enum usage_metric metric, city_cell_fn *on_cell)
{
	bool by_hour = metric == USAGE_DEVICES_ONLINE;
	struct city_series series = {
		.place = part->place,
		.zone = part->kind == PART_ZONE ? part->name : NULL,
		.metric = metric,
		.from = by_hour ? p->start_s : (int64_t)p->from,
		.to = by_hour ? p->end_s - 1 : (int64_t)p->to,
	};

	p->at = part;
	return city_read_series(p->w->read, &series, on_cell, p);
}

static void take_day(int64_t key, const struct store_sum *s, void *arg)
{
	struct parts *p = arg;

	(void)key;
	store_sum_add(&p->at->visitors, s);
}

static void take_hour(int64_t key, const struct store_sum *s, void *arg)
{
	struct parts *p = arg;
	struct hour *h = &p->at->hour[p->hour_of[(key - p->start_s) / HOUR_S]];

	store_sum_add(&h->sum, s);
	h->days += h->last != key;
	h->last = key;
}

static int compare_parts(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	int64_t v = x->visitors.cells ? x->visitors.value : INT64_MIN;
	int64_t u = y->visitors.cells ? y->visitors.value : INT64_MIN;

	return v != u ? (v < u) - (v > u) : strcmp(x->name, y->name);
}

static void read_parts(struct parts *p)
{
	for (size_t i = 0; i < p->count && !p->err; i++)
		p->err = read_part(p, &p->part[i], USAGE_VISITORS, take_day);
	if (p->count)
		qsort(p->part, p->count, sizeof(*p->part), compare_parts);
	for (size_t i = 0; i < p->count && i < PARTS_MAX && !p->err; i++)
		p->err = read_part(p, &p->part[i], USAGE_DEVICES_ONLINE,
				   take_hour);
}

/* --- the answer -------------------------------------------------------- */

static struct json_object *add_column(struct json_object *o, const char *name)
{
	struct json_object *a = json_object_new_array();

	json_object_object_add(o, name, a);
	return a;
}

static void add_hours(struct json_object *values, struct json_object *bands,
		      const struct part *part)
{
	struct json_object *v = json_object_new_array();
	struct json_object *b = json_object_new_array();

	for (size_t h = 0; h < DAY_HOURS; h++)
		web_json_add_sum(v, b, &part->hour[h].sum, part->hour[h].days);
	json_object_array_add(values, v);
	json_object_array_add(bands, b);
}

static struct json_object *build(const struct parts *p)
{
	struct json_object *o = json_object_new_object();
	struct json_object *count = json_object_new_uint64(p->count);
	struct json_object *names, *titles, *kinds, *values, *bands;
	struct json_object *hours, *hour_bands;

	json_object_object_add(o, "count", count);
	names = add_column(o, "names");
	titles = add_column(o, "titles");
	kinds = add_column(o, "kinds");
	values = add_column(o, "visitors");
	bands = add_column(o, "visitors_bands");
	hours = add_column(o, "online");
	hour_bands = add_column(o, "online_bands");
	for (size_t i = 0; i < p->count && i < PARTS_MAX; i++) {
		const struct part *part = &p->part[i];

		json_object_array_add(names, web_json_text(part->name));
		json_object_array_add(titles, web_json_text(part->title));
		json_object_array_add(kinds,
				      web_json_text(kind_name[part->kind]));
		web_json_add_sum(values, bands, &part->visitors, 1);
		add_hours(hours, hour_bands, part);
	}
	return o;
}

static void take_span(struct parts *p, const struct store_query *q)
{
	store_day today = day_of(time(NULL));
	store_day earliest;

	p->to = q->to ? q->to : day_shift(today, -1);
	p->from = q->from ? q->from : day_shift(p->to, 1 - 28);
	earliest = day_shift(p->to, 1 - DAYS_MAX);
	if (p->from < earliest)
		p->from = earliest;
	p->start_s = day_start_s(p->from);
	p->end_s = day_start_s(day_shift(p->to, 1));
	for (size_t i = 0; i < SLOTS_MAX; i++) {
		time_t t = (time_t)(p->start_s + (int64_t)i * HOUR_S);
		struct tm tm = { 0 };

		localtime_r(&t, &tm);
		p->hour_of[i] = (uint8_t)tm.tm_hour;
	}
}

struct json_object *web_parts_build(const struct web_site *w,
				    const struct web_query *q)
{
	struct parts p = { .w = w };
	struct json_object *o = NULL;

	take_span(&p, &q->query);
	find_parts(&p, q);
	if (!p.err)
		read_parts(&p);
	if (!p.err)
		o = build(&p);
	free(p.part);
	return o;
}
