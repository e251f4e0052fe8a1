/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/room.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "netctl/control/counters.h"
#include "netctl/control/pending.h"
#include "netctl/control/state.h"

/* Longer than what is counted only every five seconds can seem. */
#define SILENT_MS	 10000
#define PROVEN_MS	 60000
#define PROVEN_SILENT_MS (5 * 60000)

static void keep_quieter(struct session **quiet, struct session *s)
{
	if (!*quiet || s->active_ms < (*quiet)->active_ms)
		*quiet = s;
}

/* It may have sent something since the last poll. */
static bool is_silent(struct controller *c, struct session *s, uint64_t for_ms)
{
	counters_read(c, s);
	return clock_ms() - s->active_ms >= for_ms;
}

/*
 * The device's sessions with that tag, of whatever zones, make room for another
 * device: a phone has a new address each time it joins, and the old one holds
 * its place. false: it is still there.
 */
static bool yields_tag(struct controller *c, const struct session *device,
		       bool at_once)
{
	struct session *s;
	struct mac mac = device->mac;
	uint64_t tag = device->tag;

	SESSION_FOREACH (s, c->sessions)
		if (s->tag == tag && !memcmp(&s->mac, &mac, sizeof(mac)) &&
		    !at_once && !is_silent(c, s, SILENT_MS))
			return false;
	SESSION_FOREACH (s, c->sessions)
		if (s->tag == tag && !memcmp(&s->mac, &mac, sizeof(mac)))
			pending_end(c, s, SESSION_REASON_IDLE);
	return true;
}

int room_for_tag(struct controller *c, const struct ipc_grant *m,
		 const struct mac *mac)
{
	struct session *s, *quiet = NULL;

	if (!m->tag || session_count_tag(c->sessions, m->tag, mac, clock_ms()) <
			       m->tag_devices)
		return 0;
	SESSION_FOREACH (s, c->sessions)
		if (s->state == SESSION_GRANTED && s->tag == m->tag &&
		    memcmp(&s->mac, mac, sizeof(*mac)))
			keep_quieter(&quiet, s);
	if (!quiet || !yields_tag(c, quiet, m->replace))
		return -EUSERS;
	return session_count_tag(c->sessions, m->tag, mac, clock_ms()) <
			       m->tag_devices
		       ? 0
		       : -EUSERS;
}

/* It has been there for longer than an address that was made up. */
static bool is_proven(const struct session *s)
{
	return s->active_ms >= s->granted_ms + PROVEN_MS;
}

/* Who stays may be silent for longer, as a phone in a pocket is. */
static bool yields_zone(struct controller *c, struct session *s)
{
	return is_silent(c, s, is_proven(s) ? PROVEN_SILENT_MS : SILENT_MS);
}

int room_in_zone(struct controller *c, uint16_t zone)
{
	struct session *s, *unproven = NULL, *quiet = NULL;

	if (session_count_guests(c->sessions, zone) <
	    c->settings->zone[zone].max_sessions)
		return 0;
	SESSION_FOREACH (s, c->sessions)
		if (s->state == SESSION_GRANTED && s->zone == zone &&
		    !session_is_resident(s))
			keep_quieter(is_proven(s) ? &quiet : &unproven, s);
	if (unproven && yields_zone(c, unproven))
		quiet = unproven;
	else if (!quiet || !yields_zone(c, quiet))
		return -ENOSPC;
	pending_end(c, quiet, SESSION_REASON_IDLE);
	return 0;
}
