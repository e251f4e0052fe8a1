/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/hours.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "common/clock.h"
#include "common/config/opening.h"
#include "netctl/control/allowance.h"
#include "netctl/control/pending.h"
#include "netctl/control/schedule.h"
#include "netctl/control/state.h"

#define LOOK_MS	 30000 /* a step of the wall clock is seen by then */
#define SLACK_MS 2000  /* clocks that are set gently drift by less */

static bool has_hours(const struct controller *c, size_t zone)
{
	return c->settings->zone[zone].open.count != 0;
}

/* Not known is closed. */
static struct opening opening_of(const struct controller *c, size_t zone,
				 uint64_t now_ms)
{
	const struct zone_settings *z = &c->settings->zone[zone];

	if (has_hours(c, zone) && !c->clock.is_known)
		return (struct opening){ false, OPENING_NEVER };
	return opening_at(&z->open, &z->open_on,
			  wallclock_at(&c->clock, now_ms));
}

static void tell(const struct controller *c, size_t zone)
{
	const struct zone_state *z = &c->zone[zone];
	const char *name = c->settings->zone[zone].name;
	time_t change = (time_t)z->change_s;
	char when[32] = "";
	struct tm tm;

	if (!c->clock.is_known)
		log_warn("zone %s: the clock is not set, so it stays closed",
			 name);
	else if (change && localtime_r(&change, &tm) &&
		 strftime(when, sizeof(when), "%F %H:%M", &tm))
		log_info("zone %s: %s until %s", name,
			 z->is_closed ? "closed" : "open", when);
	else
		log_info("zone %s: %s", name, z->is_closed ? "closed" : "open");
}

/* true: it opens or closes now, or at another time than was known. */
static bool look_at(struct controller *c, size_t zone, uint64_t now_ms)
{
	struct opening o = opening_of(c, zone, now_ms);
	struct zone_state *z = &c->zone[zone];
	struct zone_state before = *z;

	z->is_closed = !o.is_open;
	z->change_s = o.change_s == OPENING_NEVER ? 0 : o.change_s;
	z->change_ms = UINT64_MAX;
	if (z->change_s)
		z->change_ms =
			(uint64_t)(z->change_s * 1000 - c->clock.offset_ms);
	if (before.is_closed == z->is_closed && before.change_s == z->change_s)
		return false;
	tell(c, zone);
	return true;
}

static void cut(struct controller *c, struct session *s)
{
	const struct zone_state *z = &c->zone[s->zone];

	if (s->state != SESSION_GRANTED || session_is_resident(s))
		return;
	if (z->is_closed) {
		allowance_end(c, s, SESSION_REASON_EXPIRED);
	} else if (z->change_ms != UINT64_MAX &&
		   s->ends_ms > z->change_ms + SLACK_MS) {
		s->ends_ms = z->change_ms;
		pending_touch(c, s);
	}
}

static void plan(struct controller *c, uint64_t now_ms)
{
	uint64_t next_ms = UINT64_MAX;

	for (size_t i = 0; i < c->settings->zones; i++) {
		if (has_hours(c, i) && next_ms > now_ms + LOOK_MS)
			next_ms = now_ms + LOOK_MS;
		if (next_ms > c->zone[i].change_ms)
			next_ms = c->zone[i].change_ms;
	}
	if (next_ms == UINT64_MAX)
		event_del(&c->hours_timer);
	else
		schedule_arm(&c->hours_timer, clock_until_ms(next_ms, now_ms));
}

void hours_look(struct controller *c)
{
	struct usage_now now = usage_now();
	struct session *s;
	bool has_changed = false;

	wallclock_see(&c->clock, now.boot_ms, now.wall_ms);
	for (size_t i = 0; i < c->settings->zones; i++)
		has_changed |= look_at(c, i, now.boot_ms);
	SESSION_FOREACH (s, c->sessions)
		cut(c, s);
	plan(c, now.boot_ms);
	if (has_changed && c->watcher.on_zones)
		c->watcher.on_zones(c->watcher.arg);
}

uint64_t hours_change_in_s(const struct controller *c, size_t zone)
{
	uint64_t change_ms = c->zone[zone].change_ms;

	if (change_ms == UINT64_MAX)
		return IPC_UNLIMITED;
	return clock_until_ms(change_ms, clock_ms()) / 1000;
}

int hours_admit(const struct controller *c, uint16_t zone, uint64_t *duration_s)
{
	uint64_t left_s = hours_change_in_s(c, zone);

	if (c->zone[zone].is_closed || !left_s)
		return -ESHUTDOWN;
	if (*duration_s > left_s)
		*duration_s = left_s;
	return 0;
}
