/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/admin/admin_api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "common/array.h"
#include "common/clock.h"
#include "common/config/opening.h"
#include "common/config/settings_valid.h"
#include "common/log.h"
#include "portal/admin/admin_answer.h"
#include "portal/admin/admin_health.h"
#include "portal/admin/admin_history.h"
#include "portal/admin/admin_login.h"
#include "portal/admin/admin_query.h"
#include "portal/admin/admin_site.h"
#include "portal/admin/admin_vouchers.h"
#include "portal/history/history.h"
#include "portal/history/history_notes.h"
#include "portal/store/day.h"
#include "portal/store/usage_report.h"

#define CSV_FIELDS                                                             \
	"Content-Disposition: attachment; "                                    \
	"filename=\"stadttor-usage.csv\"\r\n"

/* --- parameters -------------------------------------------------------- */

struct wishes {
	char step[8], zone[IPC_ZONE_NAME_MAX];
	char from[16], to[16], format[8];
	char metrics[REQUEST_QUERY_MAX];
	struct store_query query;
	uint64_t metric_bits;
	enum usage_report_format report_format;
};

static bool take_days(struct conn *c, struct wishes *w)
{
	if (!usage_report_parse_day(w->from, &w->query.from))
		return admin_query_refuse(c, "from", w->from, "no day");
	if (!usage_report_parse_day(w->to, &w->query.to))
		return admin_query_refuse(c, "to", w->to, "no day");
	if (!strcmp(w->format, "csv"))
		w->report_format = USAGE_REPORT_CSV;
	else if (strcmp(w->format, "json"))
		return admin_query_refuse(c, "format", w->format,
					  "not json or csv");
	return true;
}

static bool take_usage(struct conn *c, struct wishes *w)
{
	if (!store_step_parse(w->step, &w->query.step))
		return admin_query_refuse(c, "step", w->step,
					  "not hour, day, week, month or year");
	if (*w->zone && !valid_zone_name(w->zone))
		return admin_query_refuse(c, "zone", w->zone, "no zone's name");
	if (*w->zone)
		w->query.zone = w->zone;
	if (*w->metrics &&
	    !usage_report_parse_metrics(w->metrics, &w->metric_bits))
		return admin_query_refuse(c, "metrics", w->metrics,
					  "no list of metrics' names");
	return take_days(c, w);
}

static bool parse(struct conn *c, struct wishes *w)
{
	const struct request_extra *e = conn_exchange(c)->request.extra;
	char wrong[ADMIN_QUERY_NAME_MAX];
	const struct admin_parameter all[] = {
		{ "from", w->from, sizeof(w->from) },
		{ "to", w->to, sizeof(w->to) },
		{ "format", w->format, sizeof(w->format) },
		{ "step", w->step, sizeof(w->step) },
		{ "zone", w->zone, sizeof(w->zone) },
		{ "metrics", w->metrics, sizeof(w->metrics) },
	};

	if (admin_query_parse(e->query, all, ARRAY_SIZE(all), wrong))
		return true;
	return admin_query_refuse(c, "query", wrong,
				  "unknown or has a value that cannot "
				  "be");
}

/* --- reports ----------------------------------------------------------- */

static void answer_text(struct conn *c, FILE *f, char **text, size_t *len,
			struct admin_answer *a)
{
	bool good = fclose(f) == 0;

	if (good) {
		a->status = 200;
		a->body = *text;
		a->body_len = *len;
		admin_answer(c, a);
	} else {
		admin_answer_error(c, 503, NULL, "out of memory");
	}
	free(*text);
}

/* With what was noted, where days are rows. */
static int write_usage(struct admin_site *s, const struct wishes *w, FILE *out)
{
	struct usage_report_source source = usage_report_of(s->store);
	struct history_db *db = s->history ? history_borrow(s->history) : NULL;
	struct history_notes *notes = NULL;
	int err;

	if (db && w->query.step == STORE_DAY &&
	    w->report_format == USAGE_REPORT_CSV) {
		err = history_notes_read(db, w->query.from, w->query.to,
					 &notes);
		if (err)
			log_warn("notes: %s", history_db_reason(err));
		source.note = history_notes_of;
		source.notes = notes;
	}
	err = usage_report_write(&source, &w->query, w->metric_bits,
				 w->report_format, out);
	history_notes_free(notes);
	return err;
}

static void answer_report(struct conn *c, const struct wishes *w)
{
	struct admin_site *s = conn_arg(c);
	bool is_csv = w->report_format == USAGE_REPORT_CSV;
	struct admin_answer a = {
		.type = is_csv ? ADMIN_TYPE_CSV : ADMIN_TYPE_JSON,
		.fields = is_csv ? CSV_FIELDS : NULL,
	};
	char *text = NULL;
	size_t len;
	FILE *f = s->store ? open_memstream(&text, &len) : NULL;

	if (f && write_usage(s, w, f) == 0) {
		answer_text(c, f, &text, &len, &a);
		return;
	}
	if (f)
		fclose(f);
	free(text);
	admin_answer_error(c, 503, NULL, "the figures cannot be read");
}

static void answer_usage(struct conn *c)
{
	struct wishes w = { .step = "day", .format = "json" };

	if (parse(c, &w) && take_usage(c, &w))
		answer_report(c, &w);
}

/* --- asking netctl ----------------------------------------------------- */

/* Believed, but not beyond the bounds of the message. */
static void ask_health(struct conn *c,
		       void (*on_health)(const struct ipc_health *h, void *arg))
{
	struct netctl_request *question = conn_exchange(c)->user;
	struct admin_site *s = conn_arg(c);

	question->on_health = on_health;
	question->arg = c;
	if (!netctl_client_is_there(s->netctl))
		on_health(NULL, c);
	else if (!conn_hold(c))
		admin_answer_error(c, 503, "Retry-After: 5\r\n",
				   "too many requests at once");
	else if (netctl_client_ask_health(s->netctl, question))
		on_health(NULL, c);
}

void admin_api_on_close(void *user)
{
	netctl_client_cancel(user);
}

static void health_copy(struct ipc_health *out, const struct ipc_health *h)
{
	*out = *h;
	if (out->zones > IPC_ZONES)
		out->zones = IPC_ZONES;
	for (size_t i = 0; i < out->zones; i++)
		out->zone[i].name[IPC_ZONE_NAME_MAX - 1] = '\0';
}

/* --- /api/now ---------------------------------------------------------- */

static void add_zones(struct json_object *o, const struct settings *s)
{
	struct json_object *zones = json_object_new_array();

	for (size_t i = 0; i < s->zones; i++)
		json_object_array_add(zones,
				      json_object_new_string(s->zone[i].name));
	json_object_object_add(o, "zones", zones);
}

/* What people call network, box and zones. */
static void add_titles(struct json_object *o, const struct settings *s)
{
	struct json_object *titles = json_object_new_object();

	json_object_object_add(o, "network",
			       json_object_new_string(s->portal.network));
	json_object_object_add(o, "provider",
			       json_object_new_string(s->portal.provider));
	json_object_object_add(o, "title",
			       json_object_new_string(s->admin.title));
	for (size_t i = 0; i < s->zones; i++)
		if (*s->zone[i].title)
			json_object_object_add(
				titles, s->zone[i].name,
				json_object_new_string(s->zone[i].title));
	json_object_object_add(o, "titles", titles);
}

static struct json_object *opening_of(const struct zone_settings *z,
				      bool is_time_known)
{
	/* not known is closed, see netctl/control/hours.c */
	struct opening is = { false, OPENING_NEVER };
	struct json_object *o = json_object_new_object();
	struct json_object *change = NULL;
	char text[DAY_TIME_TEXT];

	if (is_time_known)
		is = opening_at(&z->open, &z->open_on, time(NULL));
	if (is.change_s != OPENING_NEVER)
		change = json_object_new_string(
			day_time_to_string(text, is.change_s));
	json_object_object_add(o, "is_open",
			       json_object_new_boolean(is.is_open));
	json_object_object_add(o, "change", change);
	return o;
}

/* Of zones that have hours; where netctl does not answer nobody knows. */
static void add_opening(struct json_object *o, const struct settings *s,
			const struct ipc_health *h)
{
	struct json_object *all = json_object_new_object();

	for (size_t i = 0; h && i < s->zones; i++)
		if (s->zone[i].open.count)
			json_object_object_add(
				all, s->zone[i].name,
				opening_of(&s->zone[i], h->time_is_known));
	json_object_object_add(o, "opening", all);
}

/* null, unless the config tells operators numbers of people at once. */
static void add_live(struct json_object *o, const struct ipc_health *h)
{
	struct json_object *live = NULL, *online;

	if (h && h->is_live) {
		live = json_object_new_object();
		online = json_object_new_object();
		for (size_t i = 0; i < h->zones; i++)
			json_object_object_add(
				online, h->zone[i].name,
				json_object_new_uint64(h->zone[i].online));
		json_object_object_add(live, "online", online);
		json_object_object_add(live, "up_bps",
				       json_object_new_uint64(h->up_bps));
		json_object_object_add(live, "down_bps",
				       json_object_new_uint64(h->down_bps));
	}
	json_object_object_add(o, "live", live);
}

static struct json_object *number_of(const struct ipc_health *h, uint64_t value)
{
	return h ? json_object_new_uint64(value) : NULL;
}

static struct json_object *build_now(struct admin_site *s,
				     const struct ipc_health *h)
{
	struct json_object *o = json_object_new_object();
	uint64_t portal_s = (clock_ms() - s->since_ms) / 1000;
	char clock[DAY_TIME_TEXT];

	json_object_object_add(o, "time", json_object_new_int64(time(NULL)));
	json_object_object_add(
		o, "clock",
		json_object_new_string(day_time_to_string(clock, time(NULL))));
	json_object_object_add(
		o, "profile",
		json_object_new_string(
			usage_profile_words[s->settings->usage.profile]));
	json_object_object_add(
		o, "epsilon",
		json_object_new_uint64(s->settings->usage.epsilon));
	add_zones(o, s->settings);
	add_titles(o, s->settings);
	add_opening(o, s->settings, h);
	add_live(o, h);
	json_object_object_add(o, "uptime_s",
			       number_of(h, h ? h->uptime_s : 0));
	json_object_object_add(o, "portal_uptime_s",
			       json_object_new_uint64(portal_s));
	json_object_object_add(o, "version", json_object_new_string(VERSION));
	json_object_object_add(o, "health", admin_health_list(s, h));
	return o;
}

/* What whoever asks may do, so that no page offers more. */
static void add_rights(struct json_object *o, struct conn *c)
{
	const struct admin_site *s = conn_arg(c);
	const struct account *who = admin_login_account(c);
	enum account_role role = who ? who->role : ACCOUNT_READ;

	json_object_object_add(
		o, "role",
		json_object_new_string(accounts_role_to_string(role)));
	json_object_object_add(o, "has_codes",
			       json_object_new_boolean(s->vouchers != NULL));
}

static void on_health_for_now(const struct ipc_health *h, void *arg)
{
	struct conn *c = arg;
	struct ipc_health copy;
	struct json_object *o;
	struct admin_answer a = { .status = 200, .type = ADMIN_TYPE_JSON };

	if (h)
		health_copy(&copy, h);
	o = build_now(conn_arg(c), h ? &copy : NULL);
	add_rights(o, c);
	a.body = json_object_to_json_string_length(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
		&a.body_len);
	if (a.body)
		admin_answer(c, &a);
	else
		admin_answer_error(c, 503, NULL, "out of memory");
	json_object_put(o);
}

static void answer_now(struct conn *c)
{
	ask_health(c, on_health_for_now);
}

/* --- /metrics ---------------------------------------------------------- */

static void write_metrics(struct conn *c, const struct ipc_health *h)
{
	struct admin_site *s = conn_arg(c);
	bool is_open = conn_exchange(c)->request.extra->wants_openmetrics;
	struct metrics_source m = {
		.health = h,
		.is_connected = netctl_client_is_there(s->netctl),
		.uptime_s = (clock_ms() - s->since_ms) / 1000,
		.generation = s->generation,
		.operators = conns_stats(s->operators),
		.health_of_store =
			s->store ? store_health(s->store) : STORE_CANNOT_WRITE,
		.store = s->store,
		.certificate_end_s = s->certificate_end_s,
		.is_reload_refused = s->is_reload_refused,
		.city = s->city ? city_status(s->city)
				: (struct city_status){ CITY_OFF, 0, 0 },
	};
	struct admin_answer a = {
		.type = is_open ? METRICS_TYPE_OPENMETRICS : METRICS_TYPE_TEXT,
	};
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (f && metrics_write(&m, is_open ? METRICS_OPENMETRICS : METRICS_TEXT,
			       f) == 0) {
		answer_text(c, f, &text, &len, &a);
		return;
	}
	if (f)
		fclose(f);
	free(text);
	admin_answer_error(c, 503, NULL, "out of memory");
}

static void on_health_for_metrics(const struct ipc_health *h, void *arg)
{
	struct ipc_health copy;

	if (h)
		health_copy(&copy, h);
	write_metrics(arg, h ? &copy : NULL);
}

static void answer_metrics(struct conn *c)
{
	ask_health(c, on_health_for_metrics);
}

/* --- the table --------------------------------------------------------- */

const struct admin_route admin_api_routes[] = {
	{ "/api/usage", ADMIN_READING, ADMIN_TOKEN, answer_usage },
	{ "/api/now", ADMIN_READING, ADMIN_TOKEN, answer_now },
	{ "/api/health", ADMIN_READING, ADMIN_TOKEN, admin_history_answer },
	{ "/api/notes", ADMIN_READING, ADMIN_TOKEN, admin_history_list_notes },
	{ "/api/notes/add", ADMIN_WRITING, ADMIN_FULL, admin_history_add_note },
	{ "/api/notes/remove", ADMIN_WRITING, ADMIN_FULL,
	  admin_history_remove_note },
	{ "/api/vouchers", ADMIN_READING, ADMIN_VOUCHERS, admin_vouchers_list },
	{ "/api/vouchers/create", ADMIN_WRITING, ADMIN_VOUCHERS,
	  admin_vouchers_create },
	{ "/api/vouchers/revoke", ADMIN_WRITING, ADMIN_VOUCHERS,
	  admin_vouchers_revoke },
	{ "/metrics", ADMIN_READING, ADMIN_TOKEN, answer_metrics },
};
const size_t admin_api_count = ARRAY_SIZE(admin_api_routes);
