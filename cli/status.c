/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `stadttor status`: totals since netctl's start, and its zones. */
#include "cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <json-c/json.h>

#include "cli/city_state.h"
#include "cli/format.h"
#include "cli/netctl_status.h"
#include "common/array.h"

static const char *const shaping_name[] = {
	[IPC_SHAPING_NONE] = "none",
	[IPC_SHAPING_HTB] = "htb",
	[IPC_SHAPING_POLICED] = "policed",
};

static const char *shaping_to_string(uint32_t shaping)
{
	return shaping <= IPC_SHAPING_POLICED ? shaping_name[shaping] : "?";
}

static const struct {
	const char *key, *text;
} flow_table_words[] = {
	[IPC_FLOW_TABLE_OFF] = { "off", "off" },
	[IPC_FLOW_TABLE_ON] = { "on", "on" },
	[IPC_FLOW_TABLE_REFUSED] = { "refused",
				     "refused by the kernel; see the log" },
};

/* For people; for programs there is ipc_outlet_to_string(). */
static const char *const outlet_words[IPC_OUTLET_MAX] = {
	[IPC_OUTLET_OPEN] = "reached",
	[IPC_OUTLET_DOWN] = "uplink down",
	[IPC_OUTLET_NO_ROUTE] = "no route",
	[IPC_OUTLET_ELSEWHERE] = "route by no uplink",
	[IPC_OUTLET_NO_ADDRESS] = "uplink without address",
	[IPC_OUTLET_OVERLAP] = "same network as uplink",
	[IPC_OUTLET_DROPPED] = "dropped by another table",
	[IPC_OUTLET_SILENT] = "gateway is silent",
};

static const struct {
	enum ipc_trouble bit;
	const char *text;
} trouble_words[] = {
	{ IPC_TROUBLE_OUT_DROPPED,
	  "packets that the gate lets pass do not leave; see the log" },
	{ IPC_TROUBLE_PORTAL_DROPPED,
	  "packets to the portal do not reach it; see the log" },
	{ IPC_TROUBLE_TABLE_FULL, "the table of connections is nearly full" },
	{ IPC_TROUBLE_MARKS,
	  "another table changes the gate's packet marks; see the log" },
	{ IPC_TROUBLE_INGRESS,
	  "tc takes packets before the gate sees them; see the log" },
	{ IPC_TROUBLE_OFFLOAD,
	  "a flow table carries packets past the gate; see the log" },
	{ IPC_TROUBLE_RULES,
	  "the gate's rules cannot be put in place; see the log" },
};

static struct json_object *zone_to_json(const struct ipc_zone *z, bool people)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "zone", json_object_new_string(z->zone));
	json_object_object_add(o, "present",
			       json_object_new_boolean(z->ifindex != 0));
	json_object_object_add(o, "shut",
			       json_object_new_boolean(z->is_shut != 0));
	json_object_object_add(
		o, "outlet",
		json_object_new_string(ipc_outlet_to_string(z->outlet)));
	json_object_object_add(o, "closed",
			       json_object_new_boolean(z->is_closed != 0));
	json_object_object_add(o, "change_s",
			       z->change_s ? json_object_new_int64(z->change_s)
					   : NULL);
	json_object_object_add(
		o, "full",
		json_object_new_boolean(z->sessions >= z->max_sessions));
	if (people)
		json_object_object_add(o, "sessions",
				       json_object_new_uint64(z->sessions));
	json_object_object_add(o, "max_sessions",
			       json_object_new_uint64(z->max_sessions));
	json_object_object_add(
		o, "shaping",
		json_object_new_string(shaping_to_string(z->shaping)));
	return o;
}

/* people: with numbers of them, which not everybody who looks may see. */
static void print_json(const struct netctl_status *s, bool people)
{
	const struct ipc_totals *t = &s->totals;
	const struct {
		const char *key;
		uint64_t value;
		bool is_of_people;
	} figures[] = {
		{ "uptime_s", t->uptime_s, false },
		{ "granted", t->granted, true },
		{ "adopted", t->adopted, true },
		{ "refused", t->refused, true },
		{ "reinstalled", t->reinstalled, false },
		{ "netlink_errors", t->netlink_errors, false },
		{ "uplinks_present", t->uplinks_present, false },
	};
	struct json_object *o = json_object_new_object();
	struct json_object *ended = json_object_new_object();
	struct json_object *zones = json_object_new_array();
	struct json_object *troubles = json_object_new_array();

	for (size_t i = 0; i < ARRAY_SIZE(trouble_words); i++)
		if (t->troubles & trouble_words[i].bit)
			json_object_array_add(
				troubles,
				json_object_new_string(ipc_trouble_to_string(
					trouble_words[i].bit)));
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++)
		if (people || !figures[i].is_of_people)
			json_object_object_add(
				o, figures[i].key,
				json_object_new_uint64(figures[i].value));
	for (int i = SESSION_REASON_EXPIRED; people && i < SESSION_REASON_MAX;
	     i++)
		json_object_object_add(ended, session_reason_to_string(i),
				       json_object_new_uint64(t->ended[i]));
	for (size_t i = 0; i < s->zones; i++)
		json_object_array_add(zones, zone_to_json(&s->zone[i], people));
	json_object_object_add(
		o, "flow_table",
		json_object_new_string(
			flow_table_words[t->flow_table %
					 ARRAY_SIZE(flow_table_words)]
				.key));
	if (people)
		json_object_object_add(o, "ended", ended);
	else
		json_object_put(ended);
	json_object_object_add(o, "zones", zones);
	json_object_object_add(o, "troubles", troubles);
	if (s->city.is_joined)
		json_object_object_add(o, "city",
				       city_state_to_json(&s->city, people));
	cli_print_json(o);
}

static void print_troubles(uint32_t troubles)
{
	for (size_t i = 0; i < ARRAY_SIZE(trouble_words); i++)
		if (troubles & trouble_words[i].bit)
			printf("%strouble%s       %s\n",
			       format_mood(FORMAT_BAD),
			       format_mood(FORMAT_GOOD), trouble_words[i].text);
}

static void print_totals(const struct ipc_totals *t)
{
	char up[FORMAT_MAX];

	printf("running       %s\n", format_time(t->uptime_s, up));
	printf("uplinks       %" PRIu32 " present\n", t->uplinks_present);
	printf("flow table    %s\n",
	       flow_table_words[t->flow_table % ARRAY_SIZE(flow_table_words)]
		       .text);
	printf("granted       %" PRIu64 ", and %" PRIu64
	       " found in the kernel at the start\n",
	       t->granted, t->adopted);
	printf("ended        ");
	for (int i = SESSION_REASON_EXPIRED; i < SESSION_REASON_MAX; i++)
		printf("%s %" PRIu64 " %s",
		       i == SESSION_REASON_EXPIRED ? "" : ",", t->ended[i],
		       session_reason_to_string(i));
	printf("\nrefused       %" PRIu64 "\n", t->refused);
	printf("put back      %" PRIu64
	       " times, after somebody removed rules\n",
	       t->reinstalled);
	printf("kernel errors %" PRIu64 "\n", t->netlink_errors);
	print_troubles(t->troubles);
}

static int print_zones(const struct netctl_status *s)
{
	static const char *const headings[] = { "ZONE",	    "DEVICE",
						"INTERNET", "SESSIONS",
						"OF",	    "SHAPING" };
	struct table *t = table_new("lllrrl", headings);
	int err = t ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < s->zones; i++) {
		const struct ipc_zone *z = &s->zone[i];
		char sessions[FORMAT_MAX], max[FORMAT_MAX];
		const char *cells[] = {
			z->zone,
			!z->ifindex  ? "missing"
			: z->is_shut ? "shut"
				     : "present",
			z->ifindex ? outlet_words[z->outlet % IPC_OUTLET_MAX]
				   : "-",
			sessions,
			max,
			shaping_to_string(z->shaping)
		};

		snprintf(sessions, sizeof(sessions), "%" PRIu32, z->sessions);
		snprintf(max, sizeof(max), "%" PRIu32, z->max_sessions);
		err = table_add(t, cells);
	}
	if (!err)
		table_print(t, stdout);
	table_free(t);
	return err;
}

/* Of zones with opening hours. */
static void print_hours(const struct netctl_status *s)
{
	const char *gap = "\n";

	for (size_t i = 0; i < s->zones; i++) {
		const struct ipc_zone *z = &s->zone[i];
		char when[FORMAT_MAX];

		if (!z->is_closed && !z->change_s)
			continue;
		printf("%szone %s is %s", gap, z->zone,
		       z->is_closed ? "closed" : "open");
		gap = "";
		if (z->change_s)
			printf(" until %s", format_moment(z->change_s, when));
		putchar('\n');
	}
}

enum cli_exit cli_status(const struct cli *cli)
{
	struct netctl_status s = { 0 };
	struct netctl_call t;
	enum cli_exit code = cli_open(cli, &t);
	int err;

	if (code)
		return code;
	err = netctl_status_fetch(&t, &s);
	netctl_call_close(&t);
	if (!err && (cli->json || cli->state)) {
		print_json(&s, !cli->state);
	} else if (!err) {
		print_totals(&s.totals);
		city_state_print(&s.city);
		putchar('\n');
		err = print_zones(&s);
		print_hours(&s);
	}
	return err ? cli_refused(cli, err, "status") : CLI_DONE;
}
