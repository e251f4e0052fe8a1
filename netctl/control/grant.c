/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/grant.h"

#include <errno.h>
#include <string.h>

#include "common/array.h"
#include "common/clock.h"
#include "netctl/control/allowance.h"
#include "netctl/control/counters.h"
#include "netctl/control/hours.h"
#include "netctl/control/pending.h"
#include "netctl/control/refill.h"
#include "netctl/control/roaming.h"
#include "netctl/control/room.h"
#include "netctl/control/schedule.h"
#include "netctl/control/state.h"
#include "netctl/control/today.h"
#include "netctl/rules/ruleset.h"

#define MOVE_MIN_MS 30000

/* --- limits -------------------------------------------------------- */

/* A wish of 0 takes the zone's own; the zone's 0 means that there is none. */
static uint64_t limit_of(uint64_t wish, uint64_t own, uint64_t ceiling,
			 enum grant_asker asker)
{
	if (!wish)
		wish = own ? own : IPC_UNLIMITED;
	if (asker == GRANT_ASKER_PORTAL && ceiling && wish > ceiling)
		wish = ceiling;
	return wish;
}

static uint64_t rate_of(uint64_t wish, uint64_t own, uint64_t ceiling,
			enum grant_asker asker)
{
	uint64_t bps = limit_of(wish, own, ceiling, asker);

	if (bps >= SHAPER_RATE_ANY_BPS)
		return IPC_UNLIMITED;
	return bps < SETTINGS_RATE_MIN_BPS ? SETTINGS_RATE_MIN_BPS : bps;
}

static struct ipc_limits limits_of(const struct zone_settings *z,
				   const struct ipc_limits *wish,
				   enum grant_asker asker)
{
	const struct ipc_limits *own = &z->limits, *top = &z->ceiling;
	struct ipc_limits l = {
		.duration_s = limit_of(wish->duration_s, own->duration_s,
				       top->duration_s, asker),
		.idle_s =
			limit_of(wish->idle_s, own->idle_s, top->idle_s, asker),
		.quota_bytes = limit_of(wish->quota_bytes, own->quota_bytes,
					top->quota_bytes, asker),
		.down_bps = rate_of(wish->down_bps, own->down_bps,
				    top->down_bps, asker),
		.up_bps =
			rate_of(wish->up_bps, own->up_bps, top->up_bps, asker),
	};

	if (l.duration_s != IPC_UNLIMITED &&
	    l.duration_s > SETTINGS_DURATION_MAX_S)
		l.duration_s = SETTINGS_DURATION_MAX_S;
	return l;
}

/* --- who asks ------------------------------------------------------ */

int grant_find(struct controller *c, const struct addr *client, uint16_t *zone,
	       struct mac *mac, struct session **s)
{
	int err = -ENOENT;

	*s = NULL;
	for (uint16_t i = 0; i < c->settings->zones && err; i++) {
		uint32_t ifindex = c->zone[i].ifindex;

		if (!ifindex || (client->ifindex && client->ifindex != ifindex))
			continue;
		err = rtnl_find_neighbour(c->rtnl, ifindex, client, mac);
		if (!err && !mac_is_device(mac))
			err = -ENOENT;
		*zone = i;
	}
	if (err)
		return err == -ENOENT || err == -EINVAL ? -ENOENT : err;
	*s = session_find(c->sessions, *zone, mac);
	return 0;
}

/* Only operators name a device so, which need not be there. */
static int find_by_mac(struct controller *c, const struct addr *client,
		       uint16_t *zone, struct mac *mac, struct session **s)
{
	bool is_only_zone = c->settings->zones == 1;

	memcpy(mac, client->byte, sizeof(*mac));
	if (!mac_is_device(mac))
		return -EINVAL;
	for (uint16_t i = 0; i < c->settings->zones; i++) {
		*zone = i;
		*s = session_find(c->sessions, i, mac);
		if (client->ifindex ? client->ifindex == c->zone[i].ifindex
				    : *s || is_only_zone)
			return 0;
	}
	*s = NULL;
	return client->ifindex ? -ENOENT : -EXDEV;
}

static int find_for_operator(struct controller *c, const struct addr *client,
			     uint16_t *zone, struct mac *mac,
			     struct session **s)
{
	return client->family == AF_PACKET
		       ? find_by_mac(c, client, zone, mac, s)
		       : grant_find(c, client, zone, mac, s);
}

/* --- what a grant changes ------------------------------------------- */

static bool grant_is_valid(const struct ipc_grant *m)
{
	if (m->extend > 1 || m->replace > 1 || m->account > 1 ||
	    m->terms > IPC_TERMS_MAX)
		return false;
	if (m->account && (m->tag || m->extend))
		return false;
	if (!m->tag)
		return !m->tag_devices && !m->replace;
	if (m->tag == SESSION_TAG_RESIDENT)
		return false;
	return m->tag_devices && m->tag_devices <= IPC_TAG_DEVICES;
}

static uint64_t end_of(uint64_t duration_s)
{
	if (duration_s == IPC_UNLIMITED)
		return UINT64_MAX;
	return clock_ms() + duration_s * 1000;
}

static void set_duration(struct session *s, uint64_t duration_s)
{
	s->limits.duration_s = duration_s;
	s->ends_ms = end_of(duration_s);
	s->moved_ms = clock_ms();
}

/* The counters of one who is in stay, so a used-up quota may stay so. */
static void set_limits(struct session *s, const struct ipc_limits *limits)
{
	s->limits = *limits;
	set_duration(s, limits->duration_s);
	s->active_ms = clock_ms();
	s->reduced = s->reduced && session_is_over_quota(s);
}

/*
 * true: somebody's code, or wish for more time, moves the session's end. By
 * less than half a minute is not at all: its elements are made anew for it, and
 * a new limit (where zones are policed) is full again.
 */
static bool moves_end(const struct session *s, const struct ipc_grant *m,
		      const struct ipc_limits *limits)
{
	uint64_t ends_ms = end_of(limits->duration_s);
	bool is_later = ends_ms > s->ends_ms;
	uint64_t by_ms = is_later ? ends_ms - s->ends_ms : s->ends_ms - ends_ms;

	if (m->tag)
		return m->tag != s->tag || by_ms >= MOVE_MIN_MS;
	return m->extend && !s->tag && is_later && by_ms >= MOVE_MIN_MS;
}

/* Its limits are what a server has said, once. */
static bool becomes_account(struct session *s, const struct ipc_grant *m)
{
	if (!m->account || s->is_account)
		return false;
	s->is_account = true;
	return true;
}

static void change_session(struct controller *c, struct session *s,
			   const struct ipc_grant *m,
			   const struct ipc_limits *limits,
			   enum grant_asker asker)
{
	bool is_changed = true;

	if (asker == GRANT_ASKER_OPERATOR || becomes_account(s, m))
		set_limits(s, limits);
	else if (!s->is_account && moves_end(s, m, limits))
		set_duration(s, limits->duration_s);
	else
		is_changed = false;
	if (m->tag && !s->is_account)
		session_set_tag(c->sessions, s, m->tag);
	if (m->terms && m->terms != s->terms) {
		s->terms = m->terms;
		is_changed = true;
	}
	if (is_changed)
		pending_touch(c, s);
}

static struct session *start_session(struct controller *c, uint16_t zone,
				     const struct mac *mac,
				     const struct ipc_grant *m,
				     const struct ipc_limits *limits)
{
	struct session *s = session_add(c->sessions, zone, mac, 0);

	if (!s)
		return NULL;
	session_enter(s, SESSION_GRANTED, SESSION_REASON_NONE);
	s->slot = SLOT_UNCAPPED;
	s->is_new = true;
	s->granted_ms = clock_ms();
	s->terms = m->terms;
	s->is_account = m->account;
	session_set_tag(c->sessions, s, m->tag);
	set_limits(s, limits);
	c->totals.granted++;
	conntrack_spare(c->conntrack, c->zone[zone].ifindex, mac);
	pending_touch(c, s);
	return s;
}

/* --- what speaks against it ------------------------------------------ */

/* limits: what is left of them by those who ask for less. */
struct demand {
	const struct ipc_grant *m;
	enum grant_asker asker;
	uint16_t zone;
	struct mac mac;
	struct session *s; /* NULL: it is not in */
	struct ipc_limits limits;
};

static int zone_has_accounts(struct controller *c, struct demand *d)
{
	const char *radius = c->settings->zone[d->zone].radius;

	return d->m->account && !*radius ? -EINVAL : 0;
}

static int zone_is_open(struct controller *c, struct demand *d)
{
	return hours_admit(c, d->zone, &d->limits.duration_s);
}

static int limit_is_not_new_again(struct controller *c, struct demand *d)
{
	if (d->s || d->asker != GRANT_ASKER_PORTAL)
		return 0;
	return refill_is_too_soon(c, d->zone, &d->mac, clock_ms()) ? -EAGAIN
								   : 0;
}

/* Codes and accounts have limits of their own. */
static int day_has_something_left(struct controller *c, struct demand *d)
{
	if (d->asker != GRANT_ASKER_PORTAL || d->m->tag || d->m->account)
		return 0;
	return today_admit(c, d->zone, &d->mac, d->s, &d->limits);
}

/* With a second code: where limits are elements, a new one is full again. */
static int change_is_not_too_soon(struct controller *c, struct demand *d)
{
	const struct session *s = d->s;

	if (!s || d->asker != GRANT_ASKER_PORTAL || !c->zone[s->zone].policed ||
	    !d->m->tag || d->m->tag == s->tag)
		return 0;
	return clock_ms() - s->moved_ms < MOVE_MIN_MS ? -EAGAIN : 0;
}

static int tag_has_room(struct controller *c, struct demand *d)
{
	return room_for_tag(c, d->m, &d->mac);
}

static int zone_has_room(struct controller *c, struct demand *d)
{
	return d->s ? 0 : room_in_zone(c, d->zone);
}

/* Those who end others' sessions come last. */
static int (*const objections[])(struct controller *c, struct demand *d) = {
	zone_has_accounts,	zone_is_open,		limit_is_not_new_again,
	day_has_something_left, change_is_not_too_soon, tag_has_room,
	zone_has_room,
};

static int admit(struct controller *c, struct demand *d)
{
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(objections); i++)
		err = objections[i](c, d);
	return err;
}

/* --- in -------------------------------------------------------------- */

static int find_device(struct controller *c, struct demand *d)
{
	int err = d->asker == GRANT_ASKER_OPERATOR
			  ? find_for_operator(c, &d->m->client, &d->zone,
					      &d->mac, &d->s)
			  : grant_find(c, &d->m->client, &d->zone, &d->mac,
				       &d->s);

	if (!err && d->s && d->s->state == SESSION_ENDED)
		return -EAGAIN; /* it ends in this very turn */
	return err;
}

static struct session *enter(struct controller *c, const struct demand *d)
{
	struct session *s = d->s;

	if (s)
		change_session(c, s, d->m, &d->limits, d->asker);
	else
		s = start_session(c, d->zone, &d->mac, d->m, &d->limits);
	if (s && d->asker == GRANT_ASKER_PORTAL) {
		allowance_tapped(c, s);
		roaming_tapped(c, s);
	}
	return s;
}

int grant_session(struct controller *c, const struct ipc_grant *m,
		  enum grant_asker asker, struct session **out)
{
	struct demand d = { .m = m, .asker = asker };
	int err;

	if (!grant_is_valid(m))
		return -EINVAL;
	err = find_device(c, &d);
	if (err)
		return err;
	if (d.s && session_is_resident(d.s)) {
		*out = d.s;
		return asker == GRANT_ASKER_OPERATOR ? -EEXIST : 0;
	}
	d.limits = limits_of(&c->settings->zone[d.zone], &m->limits, asker);
	err = admit(c, &d);
	if (err)
		return err;
	*out = enter(c, &d);
	return *out ? 0 : -ENOMEM;
}

int grant_resident(struct controller *c, uint16_t zone, const struct mac *mac,
		   const struct ipc_limits *caps)
{
	const struct ipc_grant m = { .tag = SESSION_TAG_RESIDENT };
	struct ipc_limits limits =
		limits_of(&c->settings->zone[zone], caps, GRANT_ASKER_OPERATOR);
	struct session *s = session_find(c->sessions, zone, mac);

	if (!s)
		return start_session(c, zone, mac, &m, &limits) ? 0 : -ENOMEM;
	if (memcmp(&s->limits, &limits, sizeof(limits)) != 0)
		change_session(c, s, &m, &limits, GRANT_ASKER_OPERATOR);
	return 0;
}

int grant_roaming(struct controller *c, uint16_t zone, const struct mac *mac,
		  uint64_t left_s)
{
	const struct zone_settings *z = &c->settings->zone[zone];
	const struct ipc_grant m = {
		.terms = (uint32_t)c->settings->portal.terms_version,
	};
	struct ipc_limits limits = limits_of(z, &m.limits, GRANT_ASKER_PORTAL);
	struct session *s;
	int err;

	if (session_find(c->sessions, zone, mac))
		return -EEXIST;
	if (limits.duration_s > left_s)
		limits.duration_s = left_s;
	err = hours_admit(c, zone, &limits.duration_s);
	if (!err)
		err = today_admit(c, zone, mac, NULL, &limits);
	if (!err)
		err = room_in_zone(c, zone);
	if (err)
		return err;
	s = start_session(c, zone, mac, &m, &limits);
	if (!s)
		return -ENOMEM;
	roaming_settle(c, s);
	return 0;
}

/* --- out ----------------------------------------------------------- */

/* Here, and wherever its city would let it in. */
static void shut_out(struct controller *c, struct session *s,
		     enum session_reason reason)
{
	pending_end(c, s, reason);
	roaming_shut_out(c, s);
}

/* Those of one tag; 0: all. */
static uint32_t end_tagged(struct controller *c, uint64_t tag)
{
	struct session *s;
	uint32_t count = 0;

	SESSION_FOREACH (s, c->sessions) {
		if (s->state != SESSION_GRANTED || session_is_resident(s) ||
		    (tag && s->tag != tag))
			continue;
		shut_out(c, s, SESSION_REASON_OPERATOR);
		count++;
	}
	return count;
}

static int end_one(struct controller *c, const struct ipc_revoke *m,
		   uint32_t *count)
{
	struct session *s = NULL;
	struct mac mac;
	uint16_t zone;
	int err = 0;

	if (m->handle)
		s = session_find_handle(c->sessions, m->handle);
	else
		err = find_for_operator(c, &m->client, &zone, &mac, &s);
	if (!s)
		return err ? err : -ENOENT;
	if (session_is_resident(s))
		return -EEXIST;
	shut_out(c, s, SESSION_REASON_OPERATOR);
	*count = 1;
	return 0;
}

int grant_log_out(struct controller *c, struct session *s)
{
	if (session_is_resident(s))
		return -EEXIST;
	shut_out(c, s, SESSION_REASON_LOGOUT);
	return 0;
}

/* A wish of 0 keeps what the session has. */
static struct ipc_limits changed_limits(const struct session *s,
					const struct ipc_limits *wish,
					const struct zone_settings *z)
{
	struct ipc_limits l = s->limits, w = *wish;

	if (!w.duration_s)
		w.duration_s = session_left_s(s, clock_ms());
	if (!w.idle_s)
		w.idle_s = l.idle_s;
	if (!w.quota_bytes)
		w.quota_bytes = l.quota_bytes;
	if (!w.down_bps)
		w.down_bps = l.down_bps;
	if (!w.up_bps)
		w.up_bps = l.up_bps;
	return limits_of(z, &w, GRANT_ASKER_PORTAL);
}

int grant_change_account(struct controller *c,
			 const struct ipc_account_change *m, struct session **s)
{
	struct ipc_limits limits;
	int err;

	*s = m->handle ? session_find_handle(c->sessions, m->handle) : NULL;
	if (!*s || !(*s)->is_account || (*s)->state != SESSION_GRANTED)
		return -ENOENT;
	if (m->end > 1)
		return -EINVAL;
	if (m->end) {
		shut_out(c, *s, SESSION_REASON_OPERATOR);
		return 0;
	}
	limits = changed_limits(*s, &m->limits, &c->settings->zone[(*s)->zone]);
	err = hours_admit(c, (*s)->zone, &limits.duration_s);
	if (err)
		return err;
	set_limits(*s, &limits);
	pending_touch(c, *s);
	return 0;
}

int grant_revoke(struct controller *c, const struct ipc_revoke *m,
		 uint32_t *count)
{
	int ways = (m->client.family != AF_UNSPEC) + (m->handle != 0) +
		   (m->tag != 0) + (m->all != 0);

	if (ways != 1 || m->all > 1)
		return -EINVAL;
	if (!m->all && !m->tag)
		return end_one(c, m, count);
	*count = end_tagged(c, m->tag);
	return m->tag && !*count ? -ENOENT : 0;
}

void grant_left(struct controller *c, const struct mac *mac)
{
	for (uint16_t z = 0; z < c->settings->zones; z++) {
		uint64_t leave_s = c->settings->zone[z].leave_s;
		struct session *s = session_find(c->sessions, z, mac);

		if (!leave_s || !s || s->state != SESSION_GRANTED ||
		    !s->installed || session_is_resident(s))
			continue;
		counters_read(c, s); /* what it sent before is not a return */
		s->leaves_ms = clock_ms() + leave_s * 1000;
		schedule_poll(c, s, clock_ms());
	}
}
