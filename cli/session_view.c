/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/session_view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "cli/cli.h"
#include "cli/format.h"
#include "common/array.h"

#define ADDRESSES_MAX (ADDR_TEXT_MAX * (SESSION_ADDRESSES + 1))

int session_list_add(struct session_list *l, const struct ipc_session *s)
{
	struct session_view *v;

	v = array_grow(l->view, &l->room, l->count + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	l->view = v;
	v = &l->view[l->count++];
	memset(v, 0, sizeof(*v));
	v->session = *s;
	v->session.zone[IPC_ZONE_NAME_MAX - 1] = '\0';
	return 0;
}

void session_list_add_address(struct session_list *l,
			      const struct ipc_address *a)
{
	struct session_view *v;

	if (!l->count)
		return;
	v = &l->view[l->count - 1];
	if (a->has_mac) {
		v->mac = a->mac;
		v->has_mac = true;
	}
	if (addr_len(&a->ip) && v->ips < SESSION_ADDRESSES)
		v->ip[v->ips++] = a->ip;
}

void session_list_clear(struct session_list *l)
{
	free(l->view);
	*l = (struct session_list){ 0 };
}

/* --- JSON -------------------------------------------------------------- */

static void add_addresses(struct json_object *o, const struct session_view *v)
{
	struct json_object *list = json_object_new_array();
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < v->ips; i++)
		json_object_array_add(list,
				      json_object_new_string(
					      addr_to_string(&v->ip[i], text)));
	json_object_object_add(
		o, "mac",
		v->has_mac
			? json_object_new_string(mac_to_string(&v->mac, text))
			: NULL);
	json_object_object_add(o, "addresses", list);
}

struct json_object *session_to_json(const struct session_view *v,
				    bool show_addresses)
{
	const struct ipc_session *s = &v->session;
	const struct {
		const char *key;
		uint64_t value;
	} figures[] = {
		{ "age_s", s->age_s },
		{ "left_s", s->left_s },
		{ "up_bytes", s->up_bytes },
		{ "down_bytes", s->down_bytes },
		{ "duration_s", s->limits.duration_s },
		{ "idle_s", s->limits.idle_s },
		{ "quota_bytes", s->limits.quota_bytes },
		{ "up_bps", s->limits.up_bps },
		{ "down_bps", s->limits.down_bps },
	};
	struct json_object *o = json_object_new_object();
	char handle[17];

	snprintf(handle, sizeof(handle), "%016" PRIx64, s->handle);
	json_object_object_add(o, "handle", json_object_new_string(handle));
	json_object_object_add(o, "zone", json_object_new_string(s->zone));
	json_object_object_add(
		o, "state",
		json_object_new_string(session_state_to_string(s->state)));
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++)
		json_object_object_add(o, figures[i].key,
				       cli_json_limit(figures[i].value));
	json_object_object_add(o, "reduced",
			       json_object_new_boolean(s->reduced != 0));
	if (show_addresses)
		add_addresses(o, v);
	return o;
}

/* --- text -------------------------------------------------------------- */

static const char *join_addresses(const struct session_view *v,
				  char text[ADDRESSES_MAX])
{
	char one[ADDR_TEXT_MAX];
	size_t len = 0;

	text[0] = '\0';
	if (v->has_mac)
		len = (size_t)snprintf(text, ADDRESSES_MAX, "%s",
				       mac_to_string(&v->mac, one));
	for (size_t i = 0; i < v->ips; i++)
		len += (size_t)snprintf(text + len, ADDRESSES_MAX - len, "%s%s",
					len ? " " : "",
					addr_to_string(&v->ip[i], one));
	return text;
}

static int add_row(struct table *t, const struct session_view *v)
{
	const struct ipc_session *s = &v->session;
	char handle[FORMAT_MAX], age[FORMAT_MAX], left[FORMAT_MAX];
	char up[FORMAT_MAX], down[FORMAT_MAX], quota[FORMAT_MAX];
	char up_cap[FORMAT_MAX], down_cap[FORMAT_MAX];
	char addresses[ADDRESSES_MAX];
	const char *const cells[] = {
		handle,
		s->zone,
		format_time(s->age_s, age),
		format_time(s->left_s, left),
		format_bytes(s->up_bytes, up),
		format_bytes(s->down_bytes, down),
		format_rate(s->limits.up_bps, up_cap),
		format_rate(s->limits.down_bps, down_cap),
		format_bytes(s->limits.quota_bytes, quota),
		s->reduced ? "slow" : "",
		join_addresses(v, addresses),
	};

	snprintf(handle, sizeof(handle), "%016" PRIx64, s->handle);
	return table_add(t, cells);
}

int session_list_print(const struct session_list *l, bool show_addresses)
{
	static const char *const headings[] = { "HANDLE", "ZONE",     "AGE",
						"LEFT",	  "UP",	      "DOWN",
						"UP CAP", "DOWN CAP", "QUOTA",
						"NOTE",	  "ADDRESSES" };
	struct table *t = table_new(
		show_addresses ? "llrrrrrrrll" : "llrrrrrrrl", headings);
	int err = t ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < l->count; i++)
		err = add_row(t, &l->view[i]);
	if (!err)
		table_print(t, stdout);
	table_free(t);
	return err;
}
