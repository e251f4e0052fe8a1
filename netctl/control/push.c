/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/push.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "common/wipe.h"
#include "netctl/control/classes.h"
#include "netctl/control/counters.h"
#include "netctl/control/flows.h"
#include "netctl/control/pending.h"
#include "netctl/control/refill.h"
#include "netctl/control/schedule.h"
#include "netctl/control/state.h"
#include "netctl/control/today.h"

/* --- elements ------------------------------------------------------ */

static void put_session(struct controller *c, const struct session *s,
			uint64_t now_ms)
{
	struct elements_zone z = state_elements_zone(c, s->zone);

	if (refill_keeps_caps(c, s, now_ms)) {
		elements_put_again(c->nft, &z, s, now_ms);
		return;
	}
	if (s->installed)
		elements_put_delete(c->nft, &z, s);
	if (s->state != SESSION_GRANTED)
		return;
	elements_put_add(c->nft, &z, s, now_ms);
}

/* now_ms: as it was put. */
static void push_succeeded(struct controller *c, struct session *s,
			   uint64_t now_ms)
{
	bool kept = refill_keeps_caps(c, s, now_ms);

	s->installed = s->state == SESSION_GRANTED;
	refill_note(c, s, kept, now_ms);
	s->is_new = false;
	if (!s->installed)
		return;
	schedule_poll(c, s, clock_ms());
	if (!session_is_resident(s)) /* is nobody, in the figures */
		usage_begin(c->usage, s, clock_ms());
}

/* One element a transaction; what is gone already is as good. */
static void delete_each(struct controller *c, struct session *s)
{
	struct elements_zone z = state_elements_zone(c, s->zone);

	for (unsigned int i = 0; s->installed && i < ELEMENTS_MAX; i++) {
		int err;

		if (!elements_has(s, i))
			continue;
		nft_begin(c->nft);
		elements_put_delete_mac(c->nft, &z, &s->mac, i);
		err = nft_commit(c->nft);
		if (err && err != -ENOENT)
			log_warn("session %016" PRIx64 ": nft: delete: %s",
				 s->handle, strerror(-err));
	}
	s->installed = false;
	s->policed = 0;
}

/*
 * The slow way, after a transaction failed: an element to be deleted may have
 * timed out the moment before, or somebody else has removed the maps. Then the
 * session waits for the rules to be put back.
 */
static void push_alone(struct controller *c, struct session *s)
{
	uint64_t now_ms = clock_ms();
	int err;

	delete_each(c, s);
	nft_begin(c->nft);
	put_session(c, s, now_ms);
	err = nft_commit(c->nft);
	if (!err) {
		push_succeeded(c, s, now_ms);
		return;
	}
	if (err == -ENOENT) {
		pending_check_rules(c);
		return;
	}
	c->health.errors[IPC_NETLINK_NFTABLES]++;
	log_warn("session %016" PRIx64 ": nft: %s", s->handle, strerror(-err));
	pending_end(c, s, SESSION_REASON_KERNEL);
}

static void push_elements(struct controller *c)
{
	struct session *s;
	uint64_t now_ms = clock_ms();
	uint64_t start_us = health_clock_us();
	int err;

	nft_begin(c->nft);
	TAILQ_FOREACH (s, &c->pending, pending)
		put_session(c, s, now_ms);
	err = nft_commit(c->nft);
	health_note(&c->health, IPC_LATENCY_COMMIT, start_us);
	TAILQ_FOREACH (s, &c->pending, pending) {
		if (err)
			push_alone(c, s);
		else
			push_succeeded(c, s, now_ms);
	}
}

/* --- classes ------------------------------------------------------- */

static void push_classes(struct controller *c)
{
	struct session *s;
	int err;

	TAILQ_FOREACH (s, &c->pending, pending)
		if (s->state == SESSION_GRANTED)
			classes_choose(c, s);
	err = rtnl_commit(c->rtnl);
	if (!err)
		return;
	c->health.errors[IPC_NETLINK_SHAPING]++;
	log_debug("shaper: setting rates: %s", strerror(-err));
	classes_check_roots(c);
}

/* --- the push ------------------------------------------------------ */

/* Some connections are only ended by a later push, with those of others. */
static void plan_push(struct controller *c)
{
	uint64_t due_ms = conntrack_due_ms(c->conntrack);
	struct timeval tv = clock_timeval(clock_until_ms(due_ms, clock_ms()));

	if (due_ms)
		event_add(&c->push_event, &tv);
}

void push_end_leftovers(struct controller *c)
{
	if (!c->foreign_flow_table)
		return;
	flows_end(c, FLOWS_ORPHANS_ALL);
	plan_push(c);
	wipe_stack();
}

static void settle(struct controller *c)
{
	uint64_t now_ms = clock_ms();
	struct session *s;

	while ((s = TAILQ_FIRST(&c->pending))) {
		TAILQ_REMOVE(&c->pending, s, pending);
		s->is_pending = false;
		if (s->state != SESSION_ENDED)
			continue;
		refill_remember(c, s, now_ms);
		classes_give(c, s);
		today_count(c, s, now_ms);
		if (!session_is_resident(s))
			usage_end(c->usage, s, now_ms);
		if (c->watcher.on_ended)
			c->watcher.on_ended(s, c->watcher.arg);
		session_remove(c->sessions, s);
	}
}

void push_sessions(struct controller *c)
{
	bool has_work = conntrack_due_ms(c->conntrack) != 0;

	if (!TAILQ_EMPTY(&c->pending)) {
		counters_read_pending(c);
		push_classes(c);
		push_elements(c);
		has_work = true;
	}
	if (has_work) {
		flows_end(c, FLOWS_ORPHANS_NONE);
		plan_push(c);
		settle(c);
		wipe_stack();
	}
	if (c->watcher.on_pushed)
		c->watcher.on_pushed(c->watcher.arg);
}
