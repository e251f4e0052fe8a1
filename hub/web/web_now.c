/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/web/web_now.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "hub/web/web_sites.h"

#define TEXT_MAX    160
#define CLOCK_OFF_S 120

static void PRINTF_LIKE(4, 5) add(struct json_object *list, const char *level,
				  const char *code, const char *fmt, ...)
{
	struct json_object *o = json_object_new_object();
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_object_object_add(o, "level", json_object_new_string(level));
	json_object_object_add(o, "code", json_object_new_string(code));
	json_object_object_add(o, "text", json_object_new_string(text));
	json_object_array_add(list, o);
}

/* --- of the hub -------------------------------------------------------- */

static void add_store(struct json_object *list, const struct round_state *s)
{
	if (!s->is_up)
		add(list, "error", "city_store_away",
		    "The city's store cannot be reached; the hub's log says "
		    "why");
	if (s->is_full)
		add(list, "error", "city_store_full",
		    "The city's store takes no records");
	if (s->clock_off_s > CLOCK_OFF_S || s->clock_off_s < -CLOCK_OFF_S)
		add(list, "warn", "city_clock",
		    "The clocks of store and hub are apart");
	if (s->is_older)
		add(list, "warn", "city_database_older",
		    "The database is an older copy: figures are missing");
}

static void add_counts(struct json_object *o, const struct web_site *w)
{
	size_t count[WEB_OFF + 1] = { 0 };

	for (size_t i = 0; i < w->sites->count; i++)
		count[web_health_of(w, &w->sites->site[i])]++;
	for (int i = 0; i <= WEB_OFF; i++)
		json_object_object_add(o, web_sites_state((enum web_health)i),
				       json_object_new_uint64(count[i]));
}

static struct json_object *describe_city(const struct web_site *w)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "name",
			       json_object_new_string(w->city->name));
	json_object_object_add(o, "sites",
			       json_object_new_uint64(w->sites->count));
	add_counts(o, w);
	return o;
}

/* --- of a site --------------------------------------------------------- */

static void add_site(struct json_object *list, const struct web_site *w,
		     const struct site *s)
{
	enum web_health health = web_health_of(w, s);

	if (health == WEB_OFF)
		add(list, "error", "site_off", "Switched off: %s", s->off);
	if (health == WEB_SILENT || health == WEB_UNHEARD)
		add(list, "error", "site_silent",
		    "The box has not been heard of");
	for (size_t i = 0; i < s->beat.codes; i++)
		add(list, "warn", s->beat.code[i], "%s", s->beat.code[i]);
}

static void add_zone(const char *zone, void *arg)
{
	if (*zone)
		json_object_array_add(arg, json_object_new_string(zone));
}

/* --- all of it --------------------------------------------------------- */

static struct json_object *list_health(const struct web_site *w,
				       const struct site *s)
{
	struct json_object *list = json_object_new_array();

	if (s)
		add_site(list, w, s);
	else
		add_store(list, poller_state(w->poller));
	if (!json_object_array_length(list))
		add(list, "ok", "all_well", "All is well");
	return list;
}

static void add_box(struct json_object *o, const struct web_site *w,
		    const struct site *s)
{
	struct json_object *zones = json_object_new_array();
	uint64_t up_s =
		s ? s->beat.uptime_s : (clock_ms() - w->admin.since_ms) / 1000;

	if (s && city_read_zones(w->read, s->id, add_zone, zones))
		log_warn("the zones of a site cannot be read");
	json_object_object_add(o, "zones", zones);
	json_object_object_add(o, "uptime_s", json_object_new_uint64(up_s));
	json_object_object_add(o, "health", list_health(w, s));
}

struct json_object *web_now_build(struct web_site *w, const struct web_query *q)
{
	const struct site *s = *q->site ? sites_find(w->sites, q->site) : NULL;
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "time", json_object_new_int64(time(NULL)));
	json_object_object_add(o, "profile", json_object_new_string("hours"));
	json_object_object_add(o, "live", NULL);
	json_object_object_add(o, "version", json_object_new_string(VERSION));
	json_object_object_add(o, "city", describe_city(w));
	add_box(o, w, s);
	return o;
}
