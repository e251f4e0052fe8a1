/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/controller.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "common/wipe.h"
#include "netctl/rules/ruleset.h"

#define POLL_MS	      5000
#define POLL_QUICK_MS 1000 /* where a quota or a short idle time must end */
#define POLL_MIN_MS   50
#define READ_ATTEMPTS 10

/*
 * The kernel's clock of elements and ours start a moment apart, so an element
 * that is gone this close to its session's end has timed out.
 */
#define EXPIRY_SLACK_MS 500

/*
 * A session ends this much early, by the poll that reads its last counters:
 * they vanish with an element that times out.
 */
#define EXPIRY_EARLY_MS 100
#define READ_SINGLY_MAX 16

struct reading {
	struct gate *g;
	uint16_t zone;
	bool down;
	bool adopting;
	uint64_t now_ms;
	size_t strangers; /* elements of no session, now in the transaction */
};

/* --- one element ------------------------------------------------------- */

static void take_counters(struct reading *r, struct session *s,
			  const struct element *e)
{
	s->seen |= r->down ? 2 : 1;
	if (r->down) {
		s->down_packets = e->packets;
		s->down_bytes = e->bytes;
		return;
	}
	if (e->packets != s->up_packets) {
		s->active_ms = r->now_ms;
		s->leaves_ms = 0; /* it has not gone, or is back */
	}
	s->up_packets = e->packets;
	s->up_bytes = e->bytes;
}

static void put_stranger(struct reading *r, const struct element *e)
{
	struct elements_zone z = gate_elements_zone(r->g, r->zone);

	elements_put_delete_mac(r->g->nft, &z, &e->mac, r->down);
	r->strangers++;
}

static bool is_slot(const struct gate *g, const struct element *e,
		    uint16_t slot)
{
	return slot >= SLOT_FIRST && slot <= SLOT_UNCAPPED &&
	       e->data == (uint32_t)slot << g->settings->gate.mark_shift;
}

/* false: the element was not made by a netctl like this one. */
static bool adopt(struct reading *r, const struct element *e)
{
	struct gate *g = r->g;
	struct session found = { 0 }, *s;

	if (!elements_parse(e, r->now_ms, &found))
		return false;
	s = session_add(g->sessions, r->zone, &e->mac, found.handle);
	if (!s)
		return false;
	s->state = SESSION_GRANTED;
	s->installed = true;
	s->seen = 1;
	s->reduced = found.reduced;
	s->terms = found.terms;
	session_set_tag(g->sessions, s, found.tag);
	s->granted_ms = found.granted_ms;
	s->limits = found.limits;
	s->ends_ms = found.ends_ms;
	s->active_ms = found.active_ms;
	s->up_packets = found.up_packets;
	s->up_bytes = found.up_bytes;
	s->slot = SLOT_UNCAPPED;
	if (!is_slot(g, e, found.slot))
		gate_touch(g, s);
	else if (found.slot != SLOT_UNCAPPED)
		shaper_adopt(g->shaper, r->zone, s->slot = found.slot);
	g->totals.adopted++;
	return true;
}

static void on_element(const struct element *e, void *arg)
{
	struct reading *r = arg;
	struct session *s = session_find(r->g->sessions, r->zone, &e->mac);

	if (s && s->installed)
		take_counters(r, s, e);
	else if (!s && !(r->adopting && !r->down && adopt(r, e)))
		put_stranger(r, e);
}

/* --- all of them ------------------------------------------------------- */

/* Both maps of the zone: the elements of that device, or all. */
static int read_maps(struct reading *r, const struct mac *mac)
{
	struct nft *nft = r->g->nft;
	struct elements_place from = {
		.zone = r->g->settings->zone[r->zone].name,
	};
	int err = 0;

	for (int down = 0; down < 2 && !err; down++) {
		from.down = r->down = down != 0;
		err = mac ? elements_get(nft, &from, mac, on_element, r)
			  : elements_dump(nft, &from, on_element, r);
	}
	return err;
}

/* Nobody but us may let somebody in. */
static void remove_strangers(struct reading *r)
{
	int err = nft_commit(r->g->nft);

	if (!r->strangers)
		return;
	log_warn("zone %s: %zu elements of no session removed%s%s",
		 r->g->settings->zone[r->zone].name, r->strangers,
		 err ? ": " : "", err ? strerror(-err) : "");
}

static int read_once(struct gate *g, uint16_t zone, bool adopting)
{
	struct reading r = {
		.g = g, .zone = zone, .adopting = adopting, .now_ms = clock_ms()
	};
	int err;

	nft_begin(g->nft);
	err = read_maps(&r, NULL);
	if (err == -ENOENT && adopting)
		err = 0; /* no such map yet: nothing is in it */
	if (!err)
		remove_strangers(&r);
	return err;
}

/* Others may change tables while we read; reading twice does no harm. */
static int read_all(struct gate *g, bool adopting)
{
	int err = 0;

	for (uint16_t z = 0; z < g->settings->zones && !err; z++) {
		err = -EINTR;
		for (int i = 0; i < READ_ATTEMPTS && err == -EINTR; i++)
			err = read_once(g, z, adopting);
	}
	return err;
}

int gate_adopt(struct gate *g)
{
	int err = read_all(g, true);

	if (err)
		log_error("nft: reading the sessions in the kernel: %s",
			  strerror(-err));
	else if (session_count(g->sessions))
		log_info("%u sessions found in the kernel go on",
			 session_count(g->sessions));
	return err;
}

/* --- the ends that follow ---------------------------------------------- */

/* Gone from both maps on time: the kernel has ended it. */
static void judge_missing(struct gate *g, struct session *s, uint64_t now_ms,
			  uint32_t *restored)
{
	if (!s->seen)
		s->installed = false;
	if (now_ms + EXPIRY_SLACK_MS >= s->ends_ms) {
		gate_end(g, s, SESSION_REASON_EXPIRED);
		return;
	}
	(*restored)++;
	gate_touch(g, s);
}

static void judge_quota(struct gate *g, struct session *s)
{
	if (g->settings->zone[s->zone].over_quota == OVER_QUOTA_END) {
		gate_end(g, s, SESSION_REASON_QUOTA);
		return;
	}
	if (s->reduced)
		return;
	s->reduced = true;
	gate_touch(g, s);
}

static void judge(struct gate *g, struct session *s, uint64_t now_ms,
		  uint32_t *restored)
{
	uint64_t idle_ms = now_ms > s->active_ms ? now_ms - s->active_ms : 0;

	if (s->state != SESSION_GRANTED || !s->installed)
		return;
	if (s->seen != 3)
		judge_missing(g, s, now_ms, restored);
	else if (s->ends_ms != UINT64_MAX &&
		 now_ms + EXPIRY_EARLY_MS >= s->ends_ms)
		gate_end(g, s, SESSION_REASON_EXPIRED);
	else if (session_is_over_quota(s))
		judge_quota(g, s);
	else if (s->limits.idle_s != IPC_UNLIMITED &&
		 idle_ms > s->limits.idle_s * 1000)
		gate_end(g, s, SESSION_REASON_IDLE);
	else if (s->leaves_ms && now_ms >= s->leaves_ms)
		gate_end(g, s, SESSION_REASON_IDLE);
}

/* --- when to look again ------------------------------------------------ */

static uint64_t until(uint64_t then_ms, uint64_t now_ms)
{
	return then_ms > now_ms ? then_ms - now_ms : 0;
}

static uint64_t interval_of(const struct session *s, uint64_t now_ms)
{
	uint64_t ms = POLL_MS;

	if (s->limits.quota_bytes != IPC_UNLIMITED && !s->reduced)
		ms = POLL_QUICK_MS;
	if (s->limits.idle_s != IPC_UNLIMITED && s->limits.idle_s < 20)
		ms = POLL_QUICK_MS;
	if (s->ends_ms < now_ms + ms + EXPIRY_EARLY_MS)
		ms = until(s->ends_ms, now_ms + EXPIRY_EARLY_MS);
	if (s->leaves_ms && s->leaves_ms < now_ms + ms)
		ms = until(s->leaves_ms, now_ms);
	return ms < POLL_MIN_MS ? POLL_MIN_MS : ms;
}

static void arm(struct event *timer, uint64_t ms)
{
	const struct timeval tv = { .tv_sec = (time_t)(ms / 1000),
				    .tv_usec =
					    (suseconds_t)(ms % 1000 * 1000) };

	event_add(timer, &tv);
}

static void arm_poll(struct gate *g, uint64_t now_ms, uint64_t ms)
{
	if (g->poll_ms > now_ms && g->poll_ms <= now_ms + ms)
		return;
	g->poll_ms = now_ms + ms;
	arm(&g->poll_timer, ms);
}

void gate_plan_poll(struct gate *g, const struct session *s)
{
	uint64_t now_ms = clock_ms();

	arm_poll(g, now_ms, interval_of(s, now_ms));
}

/* --- what all of them add up to ---------------------------------------- */

static bool is_counted(const struct session *s)
{
	return s->state == SESSION_GRANTED && s->installed && s->seen == 3;
}

/* What everybody moved since the minute began. */
static void rate(struct gate *g, uint64_t now_ms)
{
	struct health_minute minute = { 0 };
	struct session *s;

	if (!health_is_due(&g->health, now_ms))
		return;
	SESSION_FOREACH (s, g->sessions) {
		if (g->has_counted && is_counted(s))
			health_add(&minute, s->up_bytes - s->moved_up,
				   s->down_bytes - s->moved_down);
		s->moved_up = s->up_bytes;
		s->moved_down = s->down_bytes;
	}
	health_rate(&g->health, now_ms, &minute,
		    (unsigned int)g->settings->usage.k);
}

static void count_all(struct gate *g, uint64_t now_ms)
{
	struct session *s;

	SESSION_FOREACH (s, g->sessions)
		if (is_counted(s))
			usage_count(g->usage, s);
	for (uint16_t z = 0; z < g->settings->zones; z++)
		usage_peak(g->usage, z, session_count_zone(g->sessions, z));
	if (!g->has_counted)
		usage_reconcile(g->usage, g->sessions, now_ms);
	rate(g, now_ms);
	g->has_counted = true;
}

static void poll_failed(struct gate *g, int err)
{
	if (err == -ENOENT) {
		gate_check_rules(g); /* a stranger took the maps: no end */
		return;
	}
	g->health.errors[IPC_NETLINK_NFTABLES]++;
	log_warn("nft: reading counters: %s", strerror(-err));
}

void gate_poll(struct gate *g)
{
	struct session *s;
	uint64_t now_ms = clock_ms();
	uint64_t start_us = health_clock_us();
	uint32_t restored = 0;
	int err;

	g->poll_ms = 0;
	SESSION_FOREACH (s, g->sessions)
		s->seen = 0;
	err = session_count(g->sessions) ? read_all(g, false) : 0;
	if (err)
		poll_failed(g, err);
	else
		count_all(g, now_ms);
	SESSION_FOREACH (s, g->sessions) {
		if (!err)
			judge(g, s, now_ms, &restored);
		if (s->state == SESSION_GRANTED)
			arm_poll(g, now_ms, interval_of(s, now_ms));
	}
	health_note(&g->health, IPC_LATENCY_POLL, start_us);
	wipe_stack();
	if (restored)
		log_warn("%u sessions were missing in the kernel and are put "
			 "back",
			 restored);
}

/* --- figures of those whose elements are about to be deleted ----------- */

void gate_read(struct gate *g, struct session *s)
{
	struct reading r = { .g = g, .zone = s->zone, .now_ms = clock_ms() };
	int err = read_maps(&r, &s->mac);

	if (err && err != -ENOENT)
		log_debug("nft: reading last counters: %s", strerror(-err));
}

/*
 * One who goes, or whose element is made anew with the counters that we know:
 * nobody shall save quota by changing often. What cannot be read, because it
 * has just gone, was read a poll ago.
 */
void gate_read_pending(struct gate *g)
{
	struct session *s;
	size_t installed = 0;
	int err = 0;

	TAILQ_FOREACH (s, &g->pending, pending)
		installed += s->installed;
	if (installed > READ_SINGLY_MAX)
		err = read_all(g, false);
	else
		TAILQ_FOREACH (s, &g->pending, pending)
			if (s->installed)
				gate_read(g, s);
	if (err)
		log_debug("nft: reading last counters: %s", strerror(-err));
}

void gate_close_hour(struct gate *g)
{
	struct usage_now now = usage_now();

	if (usage_tick(g->usage, &now)) {
		health_tell(&g->health, g->totals.refused);
		usage_apply(g->usage,
			    g->settings); /* zones that found no place */
		if (g->on_batch)
			g->on_batch(g->arg);
	}
	arm(&g->hour_timer, usage_due_ms(g->usage, &now));
}
