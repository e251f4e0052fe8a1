/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/residents.h"

#include <errno.h>
#include <string.h>

#include "netctl/control/grant.h"
#include "netctl/control/pending.h"
#include "netctl/control/push.h"
#include "netctl/control/state.h"

static bool is_in_zone(const struct controller *c,
		       const struct device_settings *d, uint16_t zone)
{
	return settings_is_for_zone(&d->zone, c->settings->zone[zone].name);
}

static bool is_wanted(const struct controller *c, const struct session *s)
{
	for (size_t i = 0; i < c->settings->devices; i++) {
		const struct device_settings *d = &c->settings->device[i];

		if (!memcmp(&d->mac, &s->mac, sizeof(s->mac)))
			return is_in_zone(c, d, s->zone);
	}
	return false;
}

/* A guest who becomes a resident is in the figures until then. */
static void end_others(struct controller *c)
{
	struct session *s;

	SESSION_FOREACH (s, c->sessions)
		if (s->state == SESSION_GRANTED &&
		    is_wanted(c, s) != session_is_resident(s))
			pending_end(c, s, SESSION_REASON_OPERATOR);
	push_sessions(c);
}

static int let_in(struct controller *c, const struct device_settings *d,
		  uint16_t zone)
{
	const struct ipc_limits caps = { .duration_s = IPC_UNLIMITED,
					 .idle_s = IPC_UNLIMITED,
					 .quota_bytes = IPC_UNLIMITED,
					 .down_bps = d->down_bps,
					 .up_bps = d->up_bps };

	return grant_resident(c, zone, &d->mac, &caps);
}

void residents_sync(struct controller *c)
{
	int err = 0;

	end_others(c);
	for (size_t i = 0; i < c->settings->devices; i++)
		for (uint16_t z = 0; z < c->settings->zones; z++)
			if (!err && is_in_zone(c, &c->settings->device[i], z))
				err = let_in(c, &c->settings->device[i], z);
	if (err)
		log_error("out of memory; not all devices of the config are "
			  "in");
}
