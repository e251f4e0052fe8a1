/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/poll.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/wipe.h"
#include "netctl/control/allowance.h"
#include "netctl/control/counters.h"
#include "netctl/control/pending.h"
#include "netctl/control/schedule.h"
#include "netctl/control/state.h"
#include "netctl/control/today.h"

/*
 * The kernel's clock of elements and ours start a moment apart, so an element
 * that is gone this close to its session's end has timed out.
 */
#define EXPIRY_SLACK_MS 500

/* --- the ends that follow ------------------------------------------ */

/* Gone from both maps on time: the kernel has ended it. */
static void judge_missing(struct controller *c, struct session *s,
			  uint64_t now_ms, uint32_t *restored)
{
	if (!s->seen)
		s->installed = false;
	if (now_ms + EXPIRY_SLACK_MS >= s->ends_ms) {
		allowance_end(c, s, SESSION_REASON_EXPIRED);
		return;
	}
	(*restored)++;
	pending_touch(c, s);
}

static void judge_quota(struct controller *c, struct session *s)
{
	if (c->settings->zone[s->zone].over_quota == OVER_QUOTA_END) {
		allowance_end(c, s, SESSION_REASON_QUOTA);
		return;
	}
	if (s->reduced)
		return;
	s->reduced = true;
	pending_touch(c, s);
}

static void judge(struct controller *c, struct session *s, uint64_t now_ms,
		  uint32_t *restored)
{
	uint64_t idle_ms = now_ms > s->active_ms ? now_ms - s->active_ms : 0;

	if (s->state != SESSION_GRANTED || !s->installed)
		return;
	if (s->seen != 3)
		judge_missing(c, s, now_ms, restored);
	else if (now_ms + SCHEDULE_EARLY_MS >= s->ends_ms)
		allowance_end(c, s, SESSION_REASON_EXPIRED);
	else if (s->today_is_over)
		allowance_end(c, s, SESSION_REASON_QUOTA);
	else if (session_is_over_quota(s))
		judge_quota(c, s);
	else if (s->limits.idle_s != IPC_UNLIMITED &&
		 idle_ms > s->limits.idle_s * 1000)
		pending_end(c, s, SESSION_REASON_IDLE);
	else if (s->leaves_ms && now_ms >= s->leaves_ms)
		pending_end(c, s, SESSION_REASON_IDLE);
	else if (s->refill_ms && now_ms >= s->refill_ms)
		pending_touch(c, s);
}

/* --- what all of them add up to ------------------------------------ */

static bool is_counted(const struct session *s)
{
	return s->state == SESSION_GRANTED && s->installed && s->seen == 3 &&
	       !session_is_resident(s);
}

/* What everybody moved since the minute began. */
static void rate(struct controller *c, uint64_t now_ms)
{
	uint64_t up = 0, down = 0;
	struct session *s;

	if (!health_is_due(&c->health, now_ms))
		return;
	SESSION_FOREACH (s, c->sessions) {
		if (c->has_counted && is_counted(s)) {
			up += s->up_bytes - s->moved_up;
			down += s->down_bytes - s->moved_down;
		}
		s->moved_up = s->up_bytes;
		s->moved_down = s->down_bytes;
	}
	health_rate(&c->health, now_ms, up, down);
}

static void count_all(struct controller *c, uint64_t now_ms)
{
	struct session *s;

	SESSION_FOREACH (s, c->sessions) {
		if (!is_counted(s))
			continue;
		today_count(c, s, now_ms);
		usage_count(c->usage, s, now_ms);
	}
	usage_peak(c->usage);
	rate(c, now_ms);
	c->has_counted = true;
}

/* --- the poll ------------------------------------------------------ */

static void poll_failed(struct controller *c, int err)
{
	if (err == -ENOENT) {
		pending_check_rules(c); /* somebody removed the maps: no end */
		return;
	}
	c->health.errors[IPC_NETLINK_NFTABLES]++;
	log_warn("nft: reading counters: %s", strerror(-err));
}

void poll_sessions(struct controller *c)
{
	struct session *s;
	uint64_t now_ms = clock_ms();
	uint64_t start_us = health_clock_us();
	uint32_t restored = 0;
	int err;

	c->poll_ms = 0;
	SESSION_FOREACH (s, c->sessions)
		s->seen = 0;
	err = session_count(c->sessions) ? counters_read_all(c, false) : 0;
	if (err)
		poll_failed(c, err);
	else
		count_all(c, now_ms);
	SESSION_FOREACH (s, c->sessions) {
		if (!err)
			judge(c, s, now_ms, &restored);
		if (s->state == SESSION_GRANTED)
			schedule_poll(c, s, now_ms);
	}
	health_note(&c->health, IPC_LATENCY_POLL, start_us);
	wipe_stack();
	if (restored)
		log_warn("sessions were missing in the kernel: put back");
}

void poll_close_hour(struct controller *c)
{
	struct usage_now now = usage_now();

	if (usage_tick(c->usage, &now) && c->watcher.on_figures)
		c->watcher.on_figures(c->watcher.arg);
	schedule_arm(&c->hour_timer, usage_due_ms(c->usage, &now));
}
