/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `stadttor city list` and `show SITE`: what the hub's files and the store know
 * of the boxes. What a box says of itself is not believed, only shown.
 */
#include "cli/city/city_hub.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "cli/format.h"
#include "common/array.h"
#include "common/text.h"

#define SILENT_S      300
#define HEARTBEAT_MAX 2048
#define JSON_DEPTH    4
#define CODES_MAX     256
#define COLUMNS	      "llllll"

enum state {
	STATE_OK,
	STATE_ILL,
	STATE_OLD_KEY,
	STATE_SILENT,
	STATE_NEVER,
	STATE_SHUT_OUT,
	STATE_UNKNOWN,
};

static const char *const state_name[] = {
	[STATE_OK] = "ok",
	[STATE_ILL] = "ill",
	[STATE_OLD_KEY] = "old key",
	[STATE_SILENT] = "silent",
	[STATE_NEVER] = "never seen",
	[STATE_SHUT_OUT] = "shut out",
	[STATE_UNKNOWN] = "unknown",
};

struct site_view {
	const struct city_site *site;
	size_t logins;	/* how many servers have one */
	int64_t seen_s; /* 0: never */
	int64_t uptime_s;
	int generation; /* -1: it has not said */
	char version[FORMAT_MAX];
	char health[CODES_MAX]; /* codes with blanks between */
};

struct view {
	struct city_hub hub;
	struct site_view *site;
	bool is_reached;
	size_t reached; /* servers */
};

/* --- a heartbeat ------------------------------------------------------- */

static void take_text(struct json_object *o, const char *key, char *out,
		      size_t max)
{
	struct json_object *v = json_object_object_get(o, key);

	if (json_object_is_type(v, json_type_string))
		snprintf(out, max, "%s", json_object_get_string(v));
	text_show(out, max);
}

static int64_t take_number(struct json_object *o, const char *key,
			   int64_t otherwise)
{
	struct json_object *v = json_object_object_get(o, key);

	return json_object_is_type(v, json_type_int) ? json_object_get_int64(v)
						     : otherwise;
}

static void take_health(struct json_object *o, char out[CODES_MAX])
{
	struct json_object *codes = json_object_object_get(o, "health");
	size_t used = 0;

	if (!json_object_is_type(codes, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(codes); i++) {
		struct json_object *c = json_object_array_get_idx(codes, i);

		if (json_object_is_type(c, json_type_string) &&
		    used < CODES_MAX)
			used += (size_t)snprintf(out + used, CODES_MAX - used,
						 "%s%s", used ? " " : "",
						 json_object_get_string(c));
	}
	text_show(out, CODES_MAX);
}

static void take_heartbeat(struct site_view *v, const redisReply *text)
{
	struct json_tokener *parser = json_tokener_new_ex(JSON_DEPTH);
	struct json_object *o = NULL;

	if (parser && text->type == REDIS_REPLY_STRING &&
	    (size_t)text->len <= HEARTBEAT_MAX)
		o = json_tokener_parse_ex(parser, text->str, (int)text->len);
	if (json_object_is_type(o, json_type_object)) {
		take_text(o, "version", v->version, sizeof(v->version));
		take_health(o, v->health);
		v->uptime_s = take_number(o, "uptime_s", 0);
		v->generation = (int)take_number(o, "generation", -1);
	}
	json_object_put(o);
	if (parser)
		json_tokener_free(parser);
}

/* [["MILLISECONDS-N", ["h", "{...}"]]] */
static void take_entry(struct site_view *v, const redisReply *r)
{
	const redisReply *entry, *fields;

	if (r->type != REDIS_REPLY_ARRAY || r->elements != 1)
		return;
	entry = r->element[0];
	if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 ||
	    entry->element[0]->type != REDIS_REPLY_STRING)
		return;
	v->seen_s = strtoll(entry->element[0]->str, NULL, 10) / 1000;
	fields = entry->element[1];
	if (fields->type == REDIS_REPLY_ARRAY && fields->elements == 2)
		take_heartbeat(v, fields->element[1]);
}

/* --- all of them ------------------------------------------------------- */

static bool ask_heartbeat(struct city_store *node, const struct city_site *site,
			  char why[CITY_WHY_MAX])
{
	char key[CITY_NAME_MAX + 4];
	const char *const word[] = { "XREVRANGE", key, "+", "-",
				     "COUNT",	  "1", NULL };
	const struct city_command c = { .word = word };

	snprintf(key, sizeof(key), "hb:%s", site->name);
	return city_store_send(node, &c, why);
}

/* From the first one on, no more than may be under way. */
static bool read_some(struct view *v, struct city_store *node, size_t first,
		      size_t count, char why[CITY_WHY_MAX])
{
	redisReply *r;

	for (size_t i = first; i < first + count; i++)
		if (!ask_heartbeat(node, v->site[i].site, why))
			return false;
	for (size_t i = first; i < first + count; i++) {
		r = city_store_read(node, why);
		if (!r)
			return false;
		take_entry(&v->site[i], r);
		freeReplyObject(r);
	}
	return true;
}

/* The master's, or any replica's, which may be a moment behind. */
static bool read_heartbeats(struct view *v, char why[CITY_WHY_MAX])
{
	struct city_store *node = v->hub.master;
	size_t sites = v->hub.secret.sites;

	for (size_t i = 0; !node && i < v->hub.secret.nodes; i++)
		node = v->hub.node[i];
	for (size_t i = 0; i < sites; i += CITY_PIPE_MAX) {
		size_t count =
			sites - i < CITY_PIPE_MAX ? sites - i : CITY_PIPE_MAX;

		if (!read_some(v, node, i, count, why))
			return false;
	}
	return true;
}

static bool on_login(const char *name, void *arg)
{
	struct view *v = arg;
	struct city_site *site = city_secret_find(&v->hub.secret, name);

	if (site)
		v->site[site - v->hub.secret.site].logins++;
	return true;
}

static bool count_logins(struct view *v, char why[CITY_WHY_MAX])
{
	for (size_t i = 0; i < v->hub.secret.nodes; i++) {
		if (!v->hub.node[i])
			continue;
		v->reached++;
		if (!city_acl_each(v->hub.node[i], on_login, v, why))
			return false;
	}
	return true;
}

/* Without the store the sites are still told of. */
static enum cli_exit look(struct view *v)
{
	struct city_secret *s = &v->hub.secret;
	char why[CITY_WHY_MAX];
	enum cli_exit code;

	v->site = calloc(s->sites + 1, sizeof(*v->site));
	if (!v->site)
		return cli_fail(v->hub.cli, CLI_FAILED, "out of memory");
	for (size_t i = 0; i < s->sites; i++) {
		v->site[i].site = &s->site[i];
		v->site[i].generation = -1;
	}
	code = city_hub_connect(&v->hub, false);
	if (code)
		return code;
	v->is_reached = count_logins(v, why) && read_heartbeats(v, why);
	if (v->is_reached)
		return CLI_DONE;
	return cli_fail(v->hub.cli, CLI_UNREACHABLE, "%s", why);
}

static enum state state_of(const struct view *v, const struct site_view *site)
{
	if (!v->is_reached)
		return STATE_UNKNOWN;
	if (site->logins < v->reached)
		return STATE_SHUT_OUT;
	if (!site->seen_s)
		return STATE_NEVER;
	if (site->seen_s < v->hub.now_s - SILENT_S)
		return STATE_SILENT;
	if (*site->health)
		return STATE_ILL;
	if (site->generation >= 0 &&
	    site->generation != v->hub.secret.generation)
		return STATE_OLD_KEY;
	return STATE_OK;
}

/* --- as a table and as JSON -------------------------------------------- */

static const char *seen(const struct site_view *site, char text[FORMAT_MAX])
{
	return site->seen_s ? format_date(site->seen_s, text) : "-";
}

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

static enum cli_exit print_table(const struct view *v)
{
	static const char *const headings[] = {
		"SITE", "STATE", "SEEN", "VERSION", "DISTRICT", "TITLE"
	};
	struct table *t = table_new(COLUMNS, headings);
	bool is_good = t != NULL;
	char date[FORMAT_MAX];

	for (size_t i = 0; is_good && i < v->hub.secret.sites; i++) {
		const struct site_view *s = &v->site[i];
		const char *const cells[] = {
			s->site->name,
			state_name[state_of(v, s)],
			seen(s, date),
			or_dash(s->version),
			or_dash(s->site->district),
			s->site->title,
		};

		is_good = !table_add(t, cells);
	}
	if (is_good)
		table_print(t, stdout);
	table_free(t);
	return is_good ? CLI_DONE
		       : cli_fail(v->hub.cli, CLI_FAILED, "out of memory");
}

static void add_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key,
			       *text ? json_object_new_string(text) : NULL);
}

static void add_number(struct json_object *o, const char *key, int64_t value,
		       bool is_known)
{
	json_object_object_add(o, key,
			       is_known ? json_object_new_int64(value) : NULL);
}

static struct json_object *site_to_json(const struct view *v,
					const struct site_view *s)
{
	struct json_object *o = json_object_new_object();

	add_text(o, "site", s->site->name);
	add_text(o, "state", state_name[state_of(v, s)]);
	add_text(o, "district", s->site->district);
	add_text(o, "title", s->site->title);
	add_text(o, "lat", s->site->lat);
	add_text(o, "lon", s->site->lon);
	add_number(o, "seen_s", s->seen_s, s->seen_s);
	add_text(o, "version", s->version);
	add_number(o, "uptime_s", s->uptime_s, s->seen_s);
	add_number(o, "generation", s->generation, s->generation >= 0);
	add_text(o, "health", s->health);
	return o;
}

static struct json_object *servers_to_json(const struct view *v)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < v->hub.secret.nodes; i++) {
		struct json_object *o = json_object_new_object();
		struct city_store *node = v->hub.node[i];

		add_text(o, "server", v->hub.secret.node[i]);
		json_object_object_add(o, "reached",
				       json_object_new_boolean(node != NULL));
		json_object_object_add(
			o, "master",
			json_object_new_boolean(node && node == v->hub.master));
		add_text(o, "error", v->hub.why[i]);
		json_object_array_add(list, o);
	}
	return list;
}

static void print_json(const struct view *v)
{
	struct json_object *o = json_object_new_object();
	struct json_object *sites = json_object_new_array();

	for (size_t i = 0; i < v->hub.secret.sites; i++)
		json_object_array_add(sites, site_to_json(v, &v->site[i]));
	add_text(o, "city", v->hub.secret.city);
	add_number(o, "generation", v->hub.secret.generation, true);
	json_object_object_add(o, "servers", servers_to_json(v));
	json_object_object_add(o, "sites", sites);
	cli_print_json(o);
}

static enum cli_exit print_list(const struct view *v)
{
	if (v->hub.cli->json) {
		print_json(v);
		return CLI_DONE;
	}
	if (v->hub.secret.sites)
		return print_table(v);
	puts("There are no sites yet: stadttor city add SITE");
	return CLI_DONE;
}

static void print_site(const struct view *v, const struct site_view *s)
{
	char date[FORMAT_MAX], uptime[FORMAT_MAX], key[FORMAT_MAX];
	const struct {
		const char *name, *value;
	} lines[] = {
		{ "site", s->site->name },
		{ "title", or_dash(s->site->title) },
		{ "district", or_dash(s->site->district) },
		{ "latitude", or_dash(s->site->lat) },
		{ "longitude", or_dash(s->site->lon) },
		{ "state", state_name[state_of(v, s)] },
		{ "last seen", seen(s, date) },
		{ "version", or_dash(s->version) },
		{ "running for",
		  s->uptime_s > 0 ? format_time((uint64_t)s->uptime_s, uptime)
				  : "-" },
		{ "key", key },
		{ "health", or_dash(s->health) },
	};

	snprintf(key, sizeof(key), "-");
	if (s->generation >= 0)
		snprintf(key, sizeof(key), "generation %d", s->generation);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		printf("%-12s %s\n", lines[i].name, lines[i].value);
}

/* --- the commands ------------------------------------------------------ */

/* Not reaching the store is told by both, behind what is known without it. */
static enum cli_exit show(const struct cli *cli,
			  enum cli_exit (*print)(const struct view *v))
{
	struct view v = { .site = NULL };
	enum cli_exit code = city_hub_open(&v.hub, cli, CITY_HUB_READ);
	enum cli_exit printed;

	if (!code) {
		code = look(&v);
		printed = v.site && (!code || !cli->json) ? print(&v) : code;
		code = code ? code : printed;
	}
	free(v.site);
	city_hub_close(&v.hub);
	return code;
}

static enum cli_exit print_one(const struct view *v)
{
	const struct cli *cli = v->hub.cli;
	const struct city_site *site =
		city_secret_find(&v->hub.secret, cli->args[0]);
	const struct site_view *s;

	if (!site)
		return cli_fail(cli, CLI_NOT_FOUND, "site '%.40s' not found",
				cli->args[0]);
	s = &v->site[site - v->hub.secret.site];
	if (cli->json)
		cli_print_json(site_to_json(v, s));
	else
		print_site(v, s);
	return CLI_DONE;
}

enum cli_exit cli_city_list(const struct cli *cli)
{
	return show(cli, print_list);
}

enum cli_exit cli_city_show(const struct cli *cli)
{
	return show(cli, print_one);
}
