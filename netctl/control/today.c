/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/today.h"

#include <errno.h>

#include "common/clock.h"
#include "netctl/control/state.h"
#include "netctl/usage/daily.h"

static bool zone_has_limit(const struct controller *c, uint16_t zone)
{
	const struct zone_settings *z = &c->settings->zone[zone];

	return z->daily_s || z->daily_bytes;
}

/* Who was let in by the operator or the config has no terms. */
static bool is_counted(const struct controller *c, const struct session *s)
{
	return zone_has_limit(c, s->zone) && s->terms && !s->tag &&
	       !s->is_account;
}

static struct daily_device device_of(const struct controller *c, uint16_t zone,
				     const struct mac *mac)
{
	const struct zone_settings *z = &c->settings->zone[zone];

	return (struct daily_device){
		.zone = z->name,
		.mac = *mac,
		.limit = { z->daily_s ? z->daily_s * 1000 : UINT64_MAX,
			   z->daily_bytes ? z->daily_bytes : UINT64_MAX },
	};
}

static struct daily_amount left_of(struct controller *c, uint16_t zone,
				   const struct mac *mac)
{
	struct daily_device d = device_of(c, zone, mac);

	return daily_left(usage_ledger(c->usage), &d);
}

static bool is_used_up(const struct daily_amount *left)
{
	return left->ms < 1000 || !left->bytes; /* sessions have seconds */
}

int today_admit(struct controller *c, uint16_t zone, const struct mac *mac,
		struct session *s, struct ipc_limits *limits)
{
	struct daily_amount left;

	if (!zone_has_limit(c, zone))
		return 0;
	if (s)
		today_count(c, s, clock_ms());
	left = left_of(c, zone, mac);
	if (is_used_up(&left))
		return -EDQUOT;
	if (left.ms != UINT64_MAX && limits->duration_s > left.ms / 1000)
		limits->duration_s = left.ms / 1000;
	if (limits->quota_bytes > left.bytes)
		limits->quota_bytes = left.bytes;
	return 0;
}

/* A counter that is lower than before has started anew. */
static uint64_t growth(uint64_t now, uint64_t before)
{
	return now >= before ? now - before : now;
}

/*
 * One that was in before we started is counted from its grant on, unless
 * whoever ran before us has done so.
 */
static void begin(struct session *s, uint64_t now_ms, bool is_known)
{
	s->today_ms = is_known ? now_ms : s->granted_ms;
	s->today_bytes = is_known ? s->up_bytes + s->down_bytes : 0;
}

void today_count(struct controller *c, struct session *s, uint64_t now_ms)
{
	struct ledger *l = usage_ledger(c->usage);
	struct daily_device d = device_of(c, s->zone, &s->mac);
	uint64_t bytes = s->up_bytes + s->down_bytes;
	struct daily_amount more, left;

	if (!is_counted(c, s))
		return;
	if (!s->today_ms)
		begin(s, now_ms, !s->moved_ms && daily_is_known(l, &d));
	more.ms = now_ms > s->today_ms ? now_ms - s->today_ms : 0;
	more.bytes = growth(bytes, s->today_bytes);
	if (!daily_take(l, &d, &more, &s->today_at, &left))
		return;
	s->today_ms = now_ms;
	s->today_bytes = bytes;
	s->today_is_over = !left.ms || !left.bytes;
}

void today_describe(struct controller *c, uint16_t zone, const struct mac *mac,
		    const struct session *s, struct ipc_session *m)
{
	struct daily_amount left;

	if (m->is_closed || !zone_has_limit(c, zone) ||
	    (s && !is_counted(c, s)))
		return;
	left = left_of(c, zone, mac);
	if (s ? left.ms != UINT64_MAX && left.ms / 1000 < m->left_s + 60
	      : is_used_up(&left))
		m->is_closed = IPC_CLOSED_TODAY;
}
