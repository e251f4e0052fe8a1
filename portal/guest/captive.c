/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/guest/captive.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

static void add_text(json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

static void add_count(json_object *o, const char *key, uint64_t count)
{
	if (count > INT64_MAX)
		count = INT64_MAX;
	json_object_object_add(o, key, json_object_new_int64((int64_t)count));
}

/* Whether a tap makes a session longer, now or later: RFC 8908 section 5. */
static bool may_ever_extend(const struct zone_settings *z,
			    const struct ipc_session *s)
{
	bool ends_by_closing = s->change_s && s->left_s != IPC_UNLIMITED &&
			       s->left_s + 60 >= s->change_in_s;

	return settings_zone_offers(z, ZONE_AUTH_CLICK) && !s->is_tagged &&
	       !s->is_closed && !ends_by_closing;
}

static void add_session(json_object *o, const struct zone_settings *z,
			const struct ipc_session *s)
{
	uint64_t used = s->up_bytes + s->down_bytes;
	uint64_t quota = s->limits.quota_bytes;

	if (s->left_s != IPC_UNLIMITED)
		add_count(o, "seconds-remaining", s->left_s);
	/* they are what is left until the gate shuts, not until it slows */
	if (quota && quota != IPC_UNLIMITED && z->over_quota == OVER_QUOTA_END)
		add_count(o, "bytes-remaining",
			  quota > used ? quota - used : 0);
}

size_t captive_build(char out[CAPTIVE_BYTES_MAX],
		     const struct portal_settings *p,
		     const struct zone_settings *z,
		     const struct ipc_session *session)
{
	json_object *o = json_object_new_object();
	/* "captive": the external network cannot be reached (RFC 8908) */
	bool is_captive = session->state != SESSION_GRANTED ||
			  session->outlet != IPC_OUTLET_OPEN;
	char url[300];
	int len;

	if (!o)
		return 0;
	snprintf(url, sizeof(url), "https://%s/", p->hostname);
	json_object_object_add(o, "captive",
			       json_object_new_boolean(is_captive));
	add_text(o, "user-portal-url", url);
	if (*p->venue_url)
		add_text(o, "venue-info-url", p->venue_url);
	json_object_object_add(
		o, "can-extend-session",
		json_object_new_boolean(may_ever_extend(z, session)));
	if (!is_captive)
		add_session(o, z, session);
	len = snprintf(out, CAPTIVE_BYTES_MAX, "%s\n",
		       json_object_to_json_string_ext(
			       o, JSON_C_TO_STRING_PLAIN |
					  JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
	return len > 0 && len < CAPTIVE_BYTES_MAX ? (size_t)len : 0;
}
