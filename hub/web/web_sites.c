/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/web/web_sites.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/array.h"
#include "hub/web/web_json.h"
#include "portal/store/day.h"

#define DAY_S	  86400
#define YEAR_DAYS 364 /* weeks */

const char *web_sites_state(enum web_health health)
{
	static const char *const names[] = {
		[WEB_WELL] = "well",	 [WEB_ILL] = "ill",
		[WEB_SILENT] = "silent", [WEB_UNHEARD] = "unheard",
		[WEB_OFF] = "off",
	};

	return names[health];
}

/* --- what the config and the heartbeats say ---------------------------- */

static struct json_object *name_of(const struct web_site *w, size_t i)
{
	return json_object_new_string(w->sites->site[i].name);
}

/* Both are in order of names. */
static struct json_object *title_of(const struct web_site *w, size_t i)
{
	return web_json_text(w->city->site[i].title);
}

static struct json_object *district_of(const struct web_site *w, size_t i)
{
	return web_json_text(w->sites->site[i].district);
}

static struct json_object *state_of(const struct web_site *w, size_t i)
{
	return json_object_new_string(
		web_sites_state(web_health_of(w, &w->sites->site[i])));
}

static struct json_object *heard_of(const struct web_site *w, size_t i)
{
	int64_t seen_s = w->sites->site[i].beat.seen_s;

	return seen_s ? json_object_new_int64(seen_s) : NULL;
}

static struct json_object *version_of(const struct web_site *w, size_t i)
{
	return web_json_text(w->sites->site[i].beat.version);
}

static struct json_object *reason_of(const struct web_site *w, size_t i)
{
	return web_json_text(w->sites->site[i].off);
}

static struct json_object *codes_of(const struct web_site *w, size_t i)
{
	const struct heartbeat *h = &w->sites->site[i].beat;
	struct json_object *a = json_object_new_array();

	for (size_t k = 0; k < h->codes; k++)
		json_object_array_add(a, json_object_new_string(h->code[k]));
	return a;
}

static const struct {
	const char *name;
	struct json_object *(*of)(const struct web_site *w, size_t i);
} columns[] = {
	{ "names", name_of },	      { "titles", title_of },
	{ "districts", district_of }, { "states", state_of },
	{ "heard", heard_of },	      { "versions", version_of },
	{ "reasons", reason_of },     { "codes", codes_of },
};

static void add_columns(struct json_object *o, const struct web_site *w)
{
	for (size_t c = 0; c < ARRAY_SIZE(columns); c++) {
		struct json_object *a = json_object_new_array();

		for (size_t i = 0; i < w->sites->count; i++)
			json_object_array_add(a, columns[c].of(w, i));
		json_object_object_add(o, columns[c].name, a);
	}
}

/* --- figures ----------------------------------------------------------- */

/* Ids of places are given one after the other, so they are few. */
struct found {
	struct store_sum *of; /* by id */
	size_t count;
};

static void take_sum(int64_t place, const struct store_sum *s, void *arg)
{
	struct found *f = arg;

	if (place > 0 && (size_t)place < f->count)
		f->of[place] = *s;
}

/* like: of another span, of as many cells; others say nothing beside it. */
static void add_sums(struct json_object *o, const struct web_site *w,
		     const struct found *f, const struct found *like,
		     const char *const name[2])
{
	static const struct store_sum none;
	struct json_object *values = json_object_new_array();
	struct json_object *bands = json_object_new_array();

	for (size_t i = 0; i < w->sites->count; i++) {
		int64_t id = w->sites->site[i].id;
		bool is_told = f->of[id].cells == like->of[id].cells;

		web_json_add_sum(values, bands, is_told ? &f->of[id] : &none,
				 1);
	}
	json_object_object_add(o, name[0], values);
	json_object_object_add(o, name[1], bands);
}

static size_t highest_id(const struct sites *s)
{
	size_t most = 0;

	for (size_t i = 0; i < s->count; i++)
		if ((size_t)s->site[i].id > most)
			most = (size_t)s->site[i].id;
	return most;
}

static int find_sums(struct found *f, const struct web_site *w,
		     const struct city_span *span)
{
	f->count = highest_id(w->sites) + 1;
	f->of = calloc(f->count, sizeof(*f->of));
	return f->of ? city_read_sums(w->read, span, take_sum, f) : -ENOMEM;
}

/* As many days, right before. */
static struct city_span before(const struct city_span *span)
{
	int64_t days =
		(day_start_s(span->to) - day_start_s(span->from) + DAY_S / 2) /
			DAY_S +
		1;

	return (struct city_span){
		.metric = span->metric,
		.from = day_shift(span->from, (int)-days),
		.to = day_shift(span->from, -1),
	};
}

/* A year ago, on the same days of the week. */
static struct city_span year_before(const struct city_span *span)
{
	return (struct city_span){
		.metric = span->metric,
		.from = day_shift(span->from, -YEAR_DAYS),
		.to = day_shift(span->to, -YEAR_DAYS),
	};
}

#define SPANS 3

static int add_spans(struct json_object *o, const struct web_site *w,
		     const struct city_span span[SPANS])
{
	static const char *const names[SPANS][2] = {
		{ "values", "bands" },
		{ "before", "before_bands" },
		{ "year_before", "year_before_bands" },
	};
	struct found found[SPANS] = { 0 };
	int err = 0;

	for (int i = 0; i < SPANS && !err; i++)
		err = find_sums(&found[i], w, &span[i]);
	for (int i = 0; i < SPANS && !err; i++)
		add_sums(o, w, &found[i], &found[0], names[i]);
	for (int i = 0; i < SPANS; i++)
		free(found[i].of);
	return err;
}

struct json_object *web_sites_build(const struct web_site *w,
				    const struct web_query *q)
{
	struct json_object *o = json_object_new_object();
	struct city_span span[SPANS] = { { .metric = USAGE_VISITORS } };

	span[0].to = q->query.to ? q->query.to : day_of(time(NULL));
	span[0].from =
		q->query.from ? q->query.from : day_shift(span[0].to, -6);
	span[1] = before(&span[0]);
	span[2] = year_before(&span[0]);
	add_columns(o, w);
	if (!add_spans(o, w, span))
		return o;
	json_object_put(o);
	return NULL;
}
