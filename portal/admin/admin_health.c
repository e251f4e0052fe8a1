/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/admin/admin_health.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "common/array.h"
#include "common/clock.h"

#define GREW_FOR_MS	(15 * 60 * 1000) /* errors are news that long */
#define LAG_LONG_S	7200		 /* an hour's figures, twice missed */
#define HEALTH_TEXT_MAX 160
/* Earlier, what renews it has its chance. */
#define CERTIFICATE_EARLY_S (14 * 86400)
#define CODES_MAX	    16 /* in a heartbeat */

struct finding {
	const char *level; /* "ok", "warn", "error" */
	const char *code;
	const char *zone; /* NULL: it is not one zone's */
};

static void PRINTF_LIKE(3, 4) add(struct json_object *list,
				  const struct finding *f, const char *fmt, ...)
{
	struct json_object *o = json_object_new_object();
	char text[HEALTH_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_object_object_add(o, "level", json_object_new_string(f->level));
	json_object_object_add(o, "code", json_object_new_string(f->code));
	if (f->zone)
		json_object_object_add(o, "zone",
				       json_object_new_string(f->zone));
	json_object_object_add(o, "text", json_object_new_string(text));
	json_object_array_add(list, o);
}

static void add_uplinks(struct json_object *list, const struct admin_site *s,
			const struct ipc_health *h)
{
	if (!h->uplinks_present)
		add(list, &(struct finding){ "error", "uplink_missing", NULL },
		    "No uplink is there: nobody reaches the internet");
	else if (h->uplinks_present < s->settings->uplinks)
		add(list, &(struct finding){ "warn", "uplink_missing", NULL },
		    "%u of %zu uplinks are there", h->uplinks_present,
		    s->settings->uplinks);
}

static void add_zones(struct json_object *list, const struct ipc_health *h)
{
	for (size_t i = 0; i < h->zones; i++) {
		if (!h->zone[i].is_present)
			add(list,
			    &(struct finding){ "error", "zone_missing",
					       h->zone[i].name },
			    "The device of zone %s is not there",
			    h->zone[i].name);
		else if (h->zone[i].is_shut)
			add(list,
			    &(struct finding){ "error", "zone_shut",
					       h->zone[i].name },
			    "Zone %s is shut, as packets pass by its device; "
			    "the controller's log says how",
			    h->zone[i].name);
		else if (h->zone[i].outlet != IPC_OUTLET_OPEN)
			add(list,
			    &(struct finding){ "error", "zone_offline",
					       h->zone[i].name },
			    "Zone %s has no way to the internet; the "
			    "controller's log says why",
			    h->zone[i].name);
		else if (h->zone[i].is_full)
			add(list,
			    &(struct finding){ "warn", "zone_full",
					       h->zone[i].name },
			    "Zone %s has all of its places taken",
			    h->zone[i].name);
	}
}

static void add_troubles(struct json_object *list, const struct ipc_health *h)
{
	static const struct {
		enum ipc_trouble bit;
		const char *level, *text;
	} troubles[] = {
		{ IPC_TROUBLE_OUT_DROPPED, "error",
		  "Packets that the gate lets pass do not leave the box; the "
		  "controller's log says who drops them" },
		{ IPC_TROUBLE_PORTAL_DROPPED, "error",
		  "Packets to the portal do not reach it; the controller's log "
		  "says who drops them" },
		{ IPC_TROUBLE_TABLE_FULL, "warn",
		  "The table of connections is nearly full" },
		{ IPC_TROUBLE_MARKS, "error",
		  "Another table changes the gate's packet marks; the "
		  "controller's log says which" },
		{ IPC_TROUBLE_INGRESS, "error",
		  "A filter of tc takes packets of guests before the gate sees "
		  "them; the controller's log says on which device" },
		{ IPC_TROUBLE_OFFLOAD, "error",
		  "A flow table carries packets of guests past the gate, so "
		  "that caps do not hold; the controller's log says which" },
		{ IPC_TROUBLE_RULES, "error",
		  "The gate's rules cannot be put in place; the controller's "
		  "log says why" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(troubles); i++)
		if (h->troubles & troubles[i].bit)
			add(list,
			    &(struct finding){
				    troubles[i].level,
				    ipc_trouble_to_string(troubles[i].bit),
				    NULL },
			    "%s", troubles[i].text);
}

/* A counter that fell belongs to a netctl that has started anew. */
static void add_netlink(struct json_object *list, struct admin_site *s,
			const struct ipc_health *h)
{
	uint64_t errors = 0;
	uint64_t now_ms = clock_ms();

	for (int i = 0; i < IPC_NETLINK_MAX; i++)
		errors += h->netlink_errors[i];
	if (errors > s->netlink_errors)
		s->netlink_grew_ms = now_ms;
	s->netlink_errors = errors;
	if (s->netlink_grew_ms && now_ms - s->netlink_grew_ms < GREW_FOR_MS)
		add(list, &(struct finding){ "warn", "netlink_errors", NULL },
		    "The kernel refused requests of the controller; its log "
		    "says which");
}

static void add_figures(struct json_object *list, const struct ipc_health *h)
{
	if (!h->time_is_known)
		add(list, &(struct finding){ "warn", "time_unknown", NULL },
		    "The time of day is not known; nothing is counted before "
		    "it is");
	else if (!h->is_counting)
		add(list, &(struct finding){ "warn", "not_counting", NULL },
		    "Nothing is counted for the rest of the day, which began "
		    "for the third time");
	if (!h->usage_is_kept)
		add(list, &(struct finding){ "warn", "usage_not_kept", NULL },
		    "Figures of this hour would not outlive a restart of the "
		    "controller");
	if (h->usage_lag_s > LAG_LONG_S)
		add(list, &(struct finding){ "warn", "usage_waits", NULL },
		    "Figures wait to be stored for more than %llu hours",
		    (unsigned long long)h->usage_lag_s / 3600);
}

/* Nothing is said of time before it is known. */
static void add_certificates(struct json_object *list,
			     const struct admin_site *s)
{
	int64_t now_s = time(NULL);

	for (int i = 0; i < METRICS_CERTIFICATES; i++) {
		int64_t left_s = s->certificate_end_s[i] - now_s;
		const char *name = i == METRICS_CERTIFICATE_PORTAL
					   ? "portal"
					   : "dashboard";

		if (!s->certificate_end_s[i] || left_s > CERTIFICATE_EARLY_S)
			continue;
		if (left_s <= 0)
			add(list,
			    &(struct finding){ "error", "certificate_ended",
					       NULL },
			    "The certificate of the %s has ended: browsers "
			    "refuse the page",
			    name);
		else
			add(list,
			    &(struct finding){ "warn", "certificate_ends",
					       NULL },
			    "The certificate of the %s ends in %d days", name,
			    (int)(left_s / 86400));
	}
}

/* What is renewed then, as a certificate, would not be taken. */
static void add_reload(struct json_object *list, const struct admin_site *s)
{
	if (s->is_reload_refused)
		add(list, &(struct finding){ "warn", "reload_refused", NULL },
		    "The portal cannot take over its config, or a file that it "
		    "names; its log says which");
}

static void add_store(struct json_object *list, const struct admin_site *s)
{
	switch (s->store ? store_health(s->store) : STORE_CANNOT_WRITE) {
	case STORE_ON_DISK:
		return;
	case STORE_IN_MEMORY:
		add(list, &(struct finding){ "ok", "store_in_memory", NULL },
		    "Figures are kept in memory only, as the config says");
		return;
	case STORE_CANNOT_WRITE:
		add(list,
		    &(struct finding){ "error", "store_cannot_write", NULL },
		    "The database cannot be written; figures are kept in "
		    "memory");
		return;
	}
}

static void add_city_troubles(struct json_object *list, unsigned int troubles)
{
	static const struct {
		enum ipc_city_trouble bit;
		struct finding finding;
		const char *text;
	} known[] = {
		{ IPC_CITY_NO_CLOCK,
		  { "warn", "city_no_clock", NULL },
		  "The time of day is not known, so nobody is let in for "
		  "having been elsewhere in the city" },
		{ IPC_CITY_CLOCK_OFF,
		  { "warn", "city_clock_off", NULL },
		  "The clock differs from that of the city's store by more "
		  "than five minutes" },
		{ IPC_CITY_KEYS_BROKEN,
		  { "error", "city_keys_broken", NULL },
		  "The keys of the city cannot be used; the controller's log "
		  "says why" },
		{ IPC_CITY_KEYS_STALE,
		  { "warn", "city_keys_stale", NULL },
		  "The keys of the city are not written anew; the "
		  "controller's log says why" },
		{ IPC_CITY_FULL,
		  { "warn", "city_full", NULL },
		  "Not all devices of the city fit into the controller's "
		  "memory; the others have to tap" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (troubles & known[i].bit)
			add(list, &known[i].finding, "%s", known[i].text);
}

static void add_city(struct json_object *list, const struct city *c)
{
	static const struct {
		struct finding finding; /* code NULL: nothing to say */
		const char *text;
	} states[] = {
		[CITY_OFF] = { { NULL, NULL, NULL }, NULL },
		[CITY_BROKEN] = { { "error", "city_broken", NULL },
				  "What stadttor city join wrote cannot be "
				  "used; the portal's log says why" },
		[CITY_AWAY] = { { "warn", "city_away", NULL },
				"The city's store cannot be reached; who was "
				"known gets in, and figures wait" },
		[CITY_REFUSED] = { { "warn", "city_refused", NULL },
				   "The city's store does not take what is "
				   "sent; the portal's log says why" },
		[CITY_UP] = { { NULL, NULL, NULL }, NULL },
	};
	struct city_status s;

	if (!c)
		return;
	s = city_status(c);
	if (states[s.state].text)
		add(list, &states[s.state].finding, "%s", states[s.state].text);
	add_city_troubles(list, s.troubles);
}

struct json_object *admin_health_list(struct admin_site *s,
				      const struct ipc_health *h)
{
	struct json_object *list = json_object_new_array();

	if (h) {
		add_uplinks(list, s, h);
		add_zones(list, h);
		add_troubles(list, h);
		add_netlink(list, s, h);
		add_figures(list, h);
		if (h->time_is_known)
			add_certificates(list, s);
	} else {
		add(list, &(struct finding){ "error", "netctl_away", NULL },
		    "The controller does not answer; people who are online "
		    "stay online");
	}
	add_store(list, s);
	add_reload(list, s);
	add_city(list, s->city);
	if (!s->is_secure && !s->is_loopback)
		add(list,
		    &(struct finding){ "warn", "admin_without_tls", NULL },
		    "This page comes without TLS: others on the way can read "
		    "passwords");
	if (!json_object_array_length(list))
		add(list, &(struct finding){ "ok", "all_well", NULL },
		    "All parts are working");
	return list;
}

static const char *text_of(struct json_object *list, size_t index,
			   const char *member)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(json_object_array_get_idx(list, index),
				  member, &value);
	return json_object_get_string(value);
}

void admin_health_put_codes(struct admin_site *s, const struct ipc_health *h,
			    struct strbuf *out)
{
	struct json_object *list = admin_health_list(s, h);
	size_t put = 0, count = json_object_array_length(list);

	for (size_t i = 0; i < count && put < CODES_MAX; i++)
		if (strcmp(text_of(list, i, "level"), "ok"))
			strbuf_format(out, "%s\"%s\"", put++ ? "," : "",
				      text_of(list, i, "code"));
	json_object_put(list);
}
