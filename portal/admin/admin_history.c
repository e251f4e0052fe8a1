/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/admin/admin_history.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "common/array.h"
#include "common/config/settings_valid.h"
#include "common/quantity.h"
#include "portal/admin/admin_answer.h"
#include "portal/admin/admin_login.h"
#include "portal/admin/admin_query.h"
#include "portal/history/history_report.h"
#include "portal/store/usage_report.h"

#define CSV_FIELDS                                                             \
	"Content-Disposition: attachment; "                                    \
	"filename=\"stadttor-health.csv\"\r\n"

struct wishes {
	char from[16], to[16], zone[IPC_ZONE_NAME_MAX], format[8];
	store_day from_day, to_day;
};

/* --- what is asked for ------------------------------------------------- */

static bool parse(struct conn *c, struct wishes *w)
{
	const struct admin_parameter all[] = {
		{ "from", w->from, sizeof(w->from) },
		{ "to", w->to, sizeof(w->to) },
		{ "zone", w->zone, sizeof(w->zone) },
		{ "format", w->format, sizeof(w->format) },
	};
	char wrong[ADMIN_QUERY_NAME_MAX];

	*w = (struct wishes){ .format = "json" };
	if (!admin_query_parse(conn_exchange(c)->request.extra->query, all,
			       ARRAY_SIZE(all), wrong))
		return admin_query_refuse(
			c, "query", wrong,
			"unknown or has a value that cannot be");
	if (!usage_report_parse_day(w->from, &w->from_day))
		return admin_query_refuse(c, "from", w->from, "no day");
	if (!usage_report_parse_day(w->to, &w->to_day))
		return admin_query_refuse(c, "to", w->to, "no day");
	if (*w->zone && !valid_zone_name(w->zone))
		return admin_query_refuse(c, "zone", w->zone, "no zone's name");
	if (strcmp(w->format, "json") != 0 && strcmp(w->format, "csv") != 0)
		return admin_query_refuse(c, "format", w->format,
					  "not json or csv");
	return true;
}

/* --- health ------------------------------------------------------------ */

static int write_report(struct history *h, const struct wishes *w, bool is_csv,
			FILE *out)
{
	struct history_query q = {
		.from = w->from_day,
		.to = w->to_day,
		.zone = *w->zone ? w->zone : NULL,
	};

	return is_csv ? history_report_csv(h, &q, out)
		      : history_report_json(h, &q, out);
}

void admin_history_answer(struct conn *c)
{
	struct admin_site *s = conn_arg(c);
	struct admin_answer a = { .status = 200 };
	struct wishes w;
	char *text = NULL;
	bool is_csv;
	int err = 0;
	FILE *f;

	if (!parse(c, &w))
		return;
	is_csv = !strcmp(w.format, "csv");
	a.type = is_csv ? ADMIN_TYPE_CSV : ADMIN_TYPE_JSON;
	a.fields = is_csv ? CSV_FIELDS : NULL;
	f = s->history ? open_memstream(&text, &a.body_len) : NULL;
	if (f)
		err = write_report(s->history, &w, is_csv, f);
	if (f && fclose(f) == 0 && !err) {
		a.body = text;
		admin_answer(c, &a);
	} else {
		admin_answer_error(c, 503, NULL, "the history cannot be read");
	}
	free(text);
}

/* --- notes ------------------------------------------------------------- */

/* NULL: it has been answered. */
static struct history_db *borrow(struct conn *c)
{
	struct admin_site *s = conn_arg(c);
	struct history_db *db = s->history ? history_borrow(s->history) : NULL;

	if (!db)
		admin_answer_error(c, 503, NULL, "the notes cannot be used");
	return db;
}

static void answer_object(struct conn *c, struct json_object *o)
{
	struct admin_answer a = { .status = 200, .type = ADMIN_TYPE_JSON };

	a.body = json_object_to_json_string_length(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
		&a.body_len);
	if (a.body)
		admin_answer(c, &a);
	else
		admin_answer_error(c, 503, NULL, "out of memory");
	json_object_put(o);
}

static void add_note(const struct history_note *n, void *arg)
{
	struct json_object *o = json_object_new_object();
	char day[16];

	snprintf(day, sizeof(day), "%04u-%02u-%02u", n->day / 10000,
		 n->day / 100 % 100, n->day % 100);
	json_object_object_add(o, "id", json_object_new_int64(n->id));
	json_object_object_add(o, "day", json_object_new_string(day));
	json_object_object_add(o, "text", json_object_new_string(n->text));
	json_object_array_add(arg, o);
}

void admin_history_list_notes(struct conn *c)
{
	struct json_object *o, *list;
	struct history_db *db;
	struct wishes w;
	int err;

	if (!parse(c, &w) || !(db = borrow(c)))
		return;
	o = json_object_new_object();
	list = json_object_new_array();
	json_object_object_add(o, "notes", list);
	err = history_db_list_notes(db, w.from_day, w.to_day, add_note, list);
	if (!err) {
		answer_object(c, o);
		return;
	}
	json_object_put(o);
	admin_answer_error(c, 503, NULL, "%s", history_db_reason(err));
}

static void answer_changed(struct conn *c, int err, int64_t id)
{
	struct json_object *o;

	if (err == -ENOSPC) {
		admin_answer_error(c, 409, NULL,
				   "there are %d notes, which is the most",
				   HISTORY_NOTES_MAX);
	} else if (err == -ENOENT) {
		admin_answer_error(c, 404, NULL, "there is no such note");
	} else if (err) {
		admin_answer_error(c, 503, NULL, "%s", history_db_reason(err));
	} else {
		o = json_object_new_object();
		json_object_object_add(o, "id", json_object_new_int64(id));
		answer_object(c, o);
	}
}

static void say_changed(struct conn *c, const char *what, int64_t id)
{
	const struct account *who = admin_login_account(c);

	log_info("admin: %s has %s note %" PRId64, who ? who->name : "somebody",
		 what, id);
}

void admin_history_add_note(struct conn *c)
{
	struct history_note n = { .id = 0 };
	struct history_db *db;
	const char *day, *text;
	struct form f;
	int err;

	if (!admin_query_take_form(c, &f))
		return;
	day = form_find(&f, "day");
	text = form_find(&f, "text");
	if (!day || !*day || !usage_report_parse_day(day, &n.day)) {
		admin_query_refuse(c, "day", day ? day : "", "no day");
		return;
	}
	if (!text || !history_note_is_valid(text)) {
		admin_answer_error(c, 400, NULL,
				   "text: not 1 to %d bytes without control "
				   "characters",
				   HISTORY_NOTE_MAX - 1);
		return;
	}
	snprintf(n.text, sizeof(n.text), "%s", text);
	db = borrow(c);
	if (!db)
		return;
	err = history_db_add_note(db, &n);
	if (!err)
		say_changed(c, "written", n.id);
	answer_changed(c, err, n.id);
}

void admin_history_remove_note(struct conn *c)
{
	struct history_db *db;
	const char *text;
	struct form f;
	uint64_t id;
	int err;

	if (!admin_query_take_form(c, &f))
		return;
	text = form_find(&f, "id");
	if (!text || !quantity_parse_number(text, &id) || id > INT64_MAX) {
		admin_query_refuse(c, "id", text ? text : "",
				   "no number of a note");
		return;
	}
	db = borrow(c);
	if (!db)
		return;
	err = history_db_remove_note(db, (int64_t)id);
	if (!err)
		say_changed(c, "removed", (int64_t)id);
	answer_changed(c, err, (int64_t)id);
}
