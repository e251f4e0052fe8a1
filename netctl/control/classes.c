/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/classes.h"

#include <string.h>

#include "netctl/control/pending.h"
#include "netctl/rules/ruleset.h"

/* Between two steps of growing the pools. */
static const struct timeval pool_delay = { .tv_usec = 2000 };

/* --- one session --------------------------------------------------- */

static bool needs_class(const struct controller *c, const struct session *s)
{
	if (s->limits.down_bps != IPC_UNLIMITED ||
	    s->limits.up_bps != IPC_UNLIMITED || s->reduced ||
	    c->settings->zone[s->zone].bandwidth_bps)
		return true;
	for (size_t u = 0; u < c->settings->uplinks; u++)
		if (c->settings->uplink[u].bandwidth_bps)
			return true;
	return false;
}

static uint64_t cap_of(const struct controller *c, const struct session *s,
		       uint64_t limit_bps)
{
	uint64_t slow_bps = c->settings->zone[s->zone].slow_bps;

	if (s->reduced && slow_bps < limit_bps)
		return slow_bps;
	return limit_bps == IPC_UNLIMITED ? 0 : limit_bps;
}

static void set_caps(const struct controller *c, struct session *s)
{
	s->down_cap_bps = cap_of(c, s, s->limits.down_bps);
	s->up_cap_bps = cap_of(c, s, s->limits.up_bps);
}

static void put_rates(struct controller *c, const struct session *s,
		      bool restore)
{
	const struct shaper_rates rates = { .down_bps = s->down_cap_bps,
					    .up_bps = s->up_cap_bps };

	shaper_put_rates(c->shaper, s->zone, s->slot, &rates, restore);
}

/* Caps in a zone whose config has none: it becomes shaped now. */
static void prepare_zone(struct controller *c, uint16_t zone)
{
	struct zone_state *z = &c->zone[zone];

	if (z->shaped || z->policed)
		return;
	z->shaped = true;
	event_active(&c->refresh_event, EV_TIMEOUT, 0);
}

void classes_give(struct controller *c, struct session *s)
{
	if (s->slot != SLOT_UNCAPPED && s->slot != SLOT_NONE)
		shaper_give(c->shaper, s->zone, s->slot);
	s->slot = SLOT_UNCAPPED;
}

void classes_choose(struct controller *c, struct session *s)
{
	uint16_t slot;

	set_caps(c, s);
	if (!needs_class(c, s)) {
		classes_give(c, s);
		return;
	}
	prepare_zone(c, s->zone);
	if (c->zone[s->zone].policed) {
		classes_give(c, s);
		return;
	}
	if (s->slot == SLOT_UNCAPPED) {
		slot = shaper_take(c->shaper, s->zone);
		s->slot = slot == SLOT_NONE ? SLOT_UNCAPPED : slot;
		event_active(&c->pool_timer, EV_TIMEOUT, 0);
	}
	if (s->slot != SLOT_UNCAPPED)
		put_rates(c, s, false);
}

/* --- all of them --------------------------------------------------- */

void classes_restore(struct controller *c)
{
	struct session *s;
	int err;

	SESSION_FOREACH (s, c->sessions) {
		bool had = s->slot != SLOT_UNCAPPED;

		if (s->state != SESSION_GRANTED)
			continue;
		set_caps(c, s);
		if (had != (needs_class(c, s) && !c->zone[s->zone].policed))
			pending_touch(c, s);
		else if (had)
			put_rates(c, s, true);
	}
	err = rtnl_commit(c->rtnl);
	if (err)
		log_warn("shaper: restoring classes: %s", strerror(-err));
}

void classes_configure(struct controller *c)
{
	const struct settings *s = c->settings;
	struct shaper_link zone[SETTINGS_ZONES], uplink[SETTINGS_UPLINKS];

	for (size_t i = 0; i < s->zones; i++)
		zone[i] = (struct shaper_link){ s->zone[i].device,
						c->zone[i].ifindex,
						s->zone[i].bandwidth_bps };
	for (size_t i = 0; i < s->uplinks; i++)
		uplink[i] = (struct shaper_link){ s->uplink[i].device,
						  c->uplink_ifindex[i],
						  s->uplink[i].bandwidth_bps };
	shaper_configure(c->shaper, zone, s->zones, uplink, s->uplinks);
	for (size_t i = 0; i < s->zones; i++) {
		bool need = c->zone[i].shaped || c->zone[i].policed ||
			    settings_zone_may_cap(s, i);
		bool good = need && shaper_prepare(c->shaper, i);

		c->zone[i].shaped = good;
		c->zone[i].policed = need && !good;
	}
	event_add(&c->pool_timer, &pool_delay);
}

void classes_grow(struct controller *c)
{
	if (shaper_grow_pool(c->shaper))
		event_add(&c->pool_timer, &pool_delay);
}

void classes_check_roots(struct controller *c)
{
	if (shaper_verify_roots(c->shaper))
		return;
	log_warn("shaper: another program changed a root qdisc");
	event_active(&c->refresh_event, EV_TIMEOUT, 0);
}
