/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/controller.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/wipe.h"
#include "netctl/rules/ruleset.h"

#define RATE_MIN_BPS   8000
#define MOVE_MIN_MS    30000
#define DURATION_MAX_S (365 * 86400ULL)
#define RATE_UNSHAPED  100000000000ULL /* as good as no cap */

/* --- limits ------------------------------------------------------------ */

/* A wish of 0 takes the zone's own; the zone's 0 means that there is none. */
static uint64_t limit_of(uint64_t wish, uint64_t own, uint64_t ceiling,
			 enum gate_asker asker)
{
	if (!wish)
		wish = own ? own : IPC_UNLIMITED;
	if (asker == ASKER_PORTAL && ceiling && wish > ceiling)
		wish = ceiling;
	return wish;
}

static uint64_t rate_of(uint64_t wish, uint64_t own, uint64_t ceiling,
			enum gate_asker asker)
{
	uint64_t bps = limit_of(wish, own, ceiling, asker);

	if (bps >= RATE_UNSHAPED)
		return IPC_UNLIMITED;
	return bps < RATE_MIN_BPS ? RATE_MIN_BPS : bps;
}

static struct ipc_limits limits_of(const struct zone_settings *z,
				   const struct ipc_limits *wish,
				   enum gate_asker asker)
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

	if (l.duration_s != IPC_UNLIMITED && l.duration_s > DURATION_MAX_S)
		l.duration_s = DURATION_MAX_S;
	return l;
}

/* --- who asks ---------------------------------------------------------- */

/* No device has the broadcast, a multicast or the zero address. */
static bool is_device_mac(const struct mac *mac)
{
	static const struct mac zero;

	return !(mac->byte[0] & 1) && memcmp(mac, &zero, sizeof(zero));
}

int gate_find(struct gate *g, const struct addr *client, uint16_t *zone,
	      struct mac *mac, struct session **s)
{
	int err = -ENOENT;

	*s = NULL;
	for (uint16_t i = 0; i < g->settings->zones && err; i++) {
		uint32_t ifindex = g->zone[i].ifindex;

		if (!ifindex || (client->ifindex && client->ifindex != ifindex))
			continue;
		err = rtnl_find_neighbour(g->rtnl, ifindex, client, mac);
		if (!err && !is_device_mac(mac))
			err = -ENOENT;
		*zone = i;
	}
	if (err)
		return err == -ENOENT || err == -EINVAL ? -ENOENT : err;
	*s = session_find(g->sessions, *zone, mac);
	return 0;
}

/* --- classes ----------------------------------------------------------- */

static bool needs_class(const struct gate *g, const struct session *s)
{
	if (s->limits.down_bps != IPC_UNLIMITED ||
	    s->limits.up_bps != IPC_UNLIMITED || s->reduced ||
	    g->settings->zone[s->zone].bandwidth_bps)
		return true;
	for (size_t u = 0; u < g->settings->uplinks; u++)
		if (g->settings->uplink[u].bandwidth_bps)
			return true;
	return false;
}

static uint64_t cap_of(const struct gate *g, const struct session *s,
		       uint64_t limit_bps)
{
	uint64_t slow_bps = g->settings->zone[s->zone].slow_bps;

	if (s->reduced && slow_bps < limit_bps)
		return slow_bps;
	return limit_bps == IPC_UNLIMITED ? 0 : limit_bps;
}

static void set_caps(const struct gate *g, struct session *s)
{
	s->down_cap_bps = cap_of(g, s, s->limits.down_bps);
	s->up_cap_bps = cap_of(g, s, s->limits.up_bps);
}

static void put_rates(struct gate *g, const struct session *s, bool restore)
{
	const struct shaper_rates rates = { .down_bps = s->down_cap_bps,
					    .up_bps = s->up_cap_bps };

	shaper_put_rates(g->shaper, s->zone, s->slot, &rates, restore);
}

/* Caps in a zone whose config has none: it becomes shaped now. */
static void prepare_zone(struct gate *g, uint16_t zone)
{
	struct gate_zone *z = &g->zone[zone];

	if (z->shaped || z->policed)
		return;
	z->shaped = true;
	event_active(&g->refresh_event, EV_TIMEOUT, 0);
}

static void give_class(struct gate *g, struct session *s)
{
	if (s->slot != SLOT_UNCAPPED && s->slot != SLOT_NONE)
		shaper_give(g->shaper, s->zone, s->slot);
	s->slot = SLOT_UNCAPPED;
}

static void choose_class(struct gate *g, struct session *s)
{
	uint16_t slot;

	set_caps(g, s);
	if (!needs_class(g, s)) {
		give_class(g, s);
		return;
	}
	prepare_zone(g, s->zone);
	if (g->zone[s->zone].policed) {
		give_class(g, s);
		return;
	}
	if (s->slot == SLOT_UNCAPPED) {
		slot = shaper_take(g->shaper, s->zone);
		s->slot = slot == SLOT_NONE ? SLOT_UNCAPPED : slot;
		event_active(&g->pool_timer, EV_TIMEOUT, 0);
	}
	if (s->slot != SLOT_UNCAPPED)
		put_rates(g, s, false);
}

void gate_restore_classes(struct gate *g)
{
	struct session *s;
	int err;

	SESSION_FOREACH (s, g->sessions) {
		bool had = s->slot != SLOT_UNCAPPED;

		if (s->state != SESSION_GRANTED)
			continue;
		set_caps(g, s);
		if (had != (needs_class(g, s) && !g->zone[s->zone].policed))
			gate_touch(g, s);
		else if (had)
			put_rates(g, s, true);
	}
	err = rtnl_commit(g->rtnl);
	if (err)
		log_warn("shaper: restoring classes: %s", strerror(-err));
}

/* --- sessions in and out ----------------------------------------------- */

void gate_touch(struct gate *g, struct session *s)
{
	if (s->is_pending)
		return;
	s->is_pending = true;
	TAILQ_INSERT_TAIL(&g->pending, s, pending);
	event_active(&g->push_event, EV_TIMEOUT, 0);
}

static bool grant_is_valid(const struct ipc_grant *m)
{
	if (m->extend > 1 || m->terms > IPC_TERMS_MAX)
		return false;
	if (!m->tag)
		return !m->tag_devices;
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

static void change_session(struct gate *g, struct session *s,
			   const struct ipc_grant *m,
			   const struct ipc_limits *limits,
			   enum gate_asker asker)
{
	bool is_changed = true;

	if (asker == ASKER_OPERATOR)
		set_limits(s, limits);
	else if (moves_end(s, m, limits))
		set_duration(s, limits->duration_s);
	else
		is_changed = false;
	if (m->tag)
		session_set_tag(g->sessions, s, m->tag);
	if (m->terms && m->terms != s->terms) {
		s->terms = m->terms;
		is_changed = true;
	}
	if (is_changed)
		gate_touch(g, s);
}

static struct session *start_session(struct gate *g, uint16_t zone,
				     const struct mac *mac,
				     const struct ipc_grant *m,
				     const struct ipc_limits *limits)
{
	struct session *s = session_add(g->sessions, zone, mac, 0);

	if (!s)
		return NULL;
	s->state = SESSION_GRANTED;
	s->slot = SLOT_UNCAPPED;
	s->is_new = true;
	s->granted_ms = clock_ms();
	s->terms = m->terms;
	session_set_tag(g->sessions, s, m->tag);
	set_limits(s, limits);
	g->totals.granted++;
	conntrack_spare(g->conntrack, g->zone[zone].ifindex, mac);
	gate_touch(g, s);
	return s;
}

/* With a second code: where limits are elements, a new one is full again. */
static bool changes_too_soon(const struct gate *g, const struct session *s,
			     const struct ipc_grant *m)
{
	return g->zone[s->zone].policed && m->tag && m->tag != s->tag &&
	       clock_ms() - s->moved_ms < MOVE_MIN_MS;
}

int gate_grant(struct gate *g, const struct ipc_grant *m, enum gate_asker asker,
	       struct session **out)
{
	const struct zone_settings *z;
	struct ipc_limits limits;
	struct session *s;
	struct mac mac;
	uint16_t zone = 0;
	int err;

	if (!grant_is_valid(m))
		return -EINVAL;
	err = gate_find(g, &m->client, &zone, &mac, &s);
	if (err)
		return err;
	if (s && s->state == SESSION_ENDED)
		return -EAGAIN; /* it ends in this very turn */
	if (m->tag && session_count_tag(g->sessions, m->tag, &mac,
					clock_ms()) >= m->tag_devices)
		return -EUSERS;
	z = &g->settings->zone[zone];
	limits = limits_of(z, &m->limits, asker);
	if (!s && session_count_zone(g->sessions, zone) >= z->max_sessions)
		return -ENOSPC;
	if (s && asker == ASKER_PORTAL && changes_too_soon(g, s, m))
		return -EAGAIN;
	if (s)
		change_session(g, s, m, &limits, asker);
	else
		s = start_session(g, zone, &mac, m, &limits);
	*out = s;
	return s ? 0 : -ENOMEM;
}

/* The only way out of SESSION_GRANTED. */
void gate_end(struct gate *g, struct session *s, enum session_reason reason)
{
	if (s->state == SESSION_ENDED)
		return;
	log_debug("session %016" PRIx64 ": %s -> %s (%s)", s->handle,
		  session_state_to_string(s->state),
		  session_state_to_string(SESSION_ENDED),
		  session_reason_to_string(reason));
	s->state = SESSION_ENDED;
	s->reason = (uint8_t)reason;
	g->totals.ended[reason]++;
	gate_touch(g, s);
}

/* Those of one tag; 0: all. */
static uint32_t end_tagged(struct gate *g, uint64_t tag)
{
	struct session *s;
	uint32_t count = 0;

	SESSION_FOREACH (s, g->sessions) {
		if (s->state != SESSION_GRANTED || (tag && s->tag != tag))
			continue;
		gate_end(g, s, SESSION_REASON_OPERATOR);
		count++;
	}
	return count;
}

static int end_one(struct gate *g, const struct ipc_revoke *m, uint32_t *count)
{
	struct session *s = NULL;
	struct mac mac;
	uint16_t zone;
	int err = 0;

	if (m->handle)
		s = session_find_handle(g->sessions, m->handle);
	else
		err = gate_find(g, &m->client, &zone, &mac, &s);
	if (!s)
		return err ? err : -ENOENT;
	gate_end(g, s, SESSION_REASON_OPERATOR);
	*count = 1;
	return 0;
}

int gate_revoke(struct gate *g, const struct ipc_revoke *m, uint32_t *count)
{
	int ways = (m->client.family != AF_UNSPEC) + (m->handle != 0) +
		   (m->tag != 0) + (m->all != 0);

	if (ways != 1 || m->all > 1)
		return -EINVAL;
	if (!m->all && !m->tag)
		return end_one(g, m, count);
	*count = end_tagged(g, m->tag);
	return m->tag && !*count ? -ENOENT : 0;
}

/* --- the push ---------------------------------------------------------- */

struct elements_zone gate_elements_zone(const struct gate *g, uint16_t zone)
{
	return (struct elements_zone){
		.name = g->settings->zone[zone].name,
		.mark_shift = (unsigned int)g->settings->gate.mark_shift,
		.policed = g->zone[zone].policed,
	};
}

static void put_session(struct gate *g, const struct session *s,
			uint64_t now_ms)
{
	struct elements_zone z = gate_elements_zone(g, s->zone);

	if (s->installed)
		elements_put_delete(g->nft, &z, s);
	if (s->state != SESSION_GRANTED)
		return;
	elements_put_add(g->nft, &z, s, now_ms);
}

static void push_succeeded(struct gate *g, struct session *s)
{
	s->installed = s->state == SESSION_GRANTED;
	s->policed =
		s->installed && g->zone[s->zone].policed ? elements_caps(s) : 0;
	if (s->installed && s->is_new)
		log_debug("session %016" PRIx64 ": granted in zone %s",
			  s->handle, g->settings->zone[s->zone].name);
	s->is_new = false;
	if (!s->installed)
		return;
	usage_begin(g->usage, s);
	usage_peak(g->usage, s->zone, session_count_zone(g->sessions, s->zone));
	gate_plan_poll(g, s);
}

/* One element a transaction; what is gone already is as good. */
static void delete_each(struct gate *g, struct session *s)
{
	struct elements_zone z = gate_elements_zone(g, s->zone);

	for (unsigned int i = 0; s->installed && i < ELEMENTS_MAX; i++) {
		int err;

		if (!elements_has(s, i))
			continue;
		nft_begin(g->nft);
		elements_put_delete_mac(g->nft, &z, &s->mac, i);
		err = nft_commit(g->nft);
		if (err && err != -ENOENT)
			log_warn("session %016" PRIx64 ": nft: delete: %s",
				 s->handle, strerror(-err));
	}
	s->installed = false;
	s->policed = 0;
}

/*
 * The slow way, after a transaction failed: an element to be deleted may have
 * timed out the moment before, or a stranger has taken the maps. Then the
 * session waits for the rules to be put back.
 */
static void push_alone(struct gate *g, struct session *s)
{
	int err;

	delete_each(g, s);
	nft_begin(g->nft);
	put_session(g, s, clock_ms());
	err = nft_commit(g->nft);
	if (!err) {
		push_succeeded(g, s);
		return;
	}
	if (err == -ENOENT) {
		gate_check_rules(g);
		return;
	}
	g->health.errors[IPC_NETLINK_NFTABLES]++;
	log_warn("session %016" PRIx64 ": nft: %s", s->handle, strerror(-err));
	s->state = SESSION_ENDED;
}

static void push_elements(struct gate *g)
{
	struct session *s;
	uint64_t now_ms = clock_ms();
	uint64_t start_us = health_clock_us();
	int err;

	nft_begin(g->nft);
	TAILQ_FOREACH (s, &g->pending, pending)
		put_session(g, s, now_ms);
	err = nft_commit(g->nft);
	health_note(&g->health, IPC_LATENCY_COMMIT, start_us);
	TAILQ_FOREACH (s, &g->pending, pending) {
		if (err)
			push_alone(g, s);
		else
			push_succeeded(g, s);
	}
}

static void push_classes(struct gate *g)
{
	struct session *s;
	int err;

	TAILQ_FOREACH (s, &g->pending, pending)
		if (s->state == SESSION_GRANTED)
			choose_class(g, s);
	err = rtnl_commit(g->rtnl);
	if (!err)
		return;
	g->health.errors[IPC_NETLINK_SHAPING]++;
	log_debug("shaper: setting rates: %s", strerror(-err));
	gate_check_roots(g);
}

/* --- what ended sessions leave behind ---------------------------------- */

enum strangers { STRANGERS_NONE, STRANGERS_IPV6, STRANGERS_ALL };

struct ended {
	struct session_table *sessions;
	enum strangers strangers; /* who is looked for as well */
	uint16_t zone;
	uint32_t ifindex;
	struct conntrack_source *source;
	size_t count, size;
};

static bool is_wanted(const struct ended *e, const struct addr *stranger)
{
	return e->strangers == STRANGERS_ALL ||
	       (e->strangers == STRANGERS_IPV6 && stranger->family == AF_INET6);
}

static void on_neighbour(const struct mac *mac, const struct addr *a, void *arg)
{
	struct ended *e = arg;
	const struct session *s = session_find(e->sessions, e->zone, mac);
	struct conntrack_source *grown;

	if (s ? s->state != SESSION_ENDED : !is_wanted(e, a))
		return;
	if (e->count == e->size) {
		size_t size = e->size ? e->size * 2 : 16;

		grown = realloc(e->source, size * sizeof(*grown));
		if (!grown)
			return;
		e->source = grown;
		e->size = size;
	}
	grown = &e->source[e->count++];
	*grown = (struct conntrack_source){ .addr = *a, .mac = *mac };
	grown->addr.ifindex = e->ifindex;
}

static bool zone_has_ended(const struct gate *g, uint16_t zone)
{
	const struct session *s;

	TAILQ_FOREACH (s, &g->pending, pending)
		if (s->zone == zone && s->state == SESSION_ENDED)
			return true;
	return false;
}

static void end_connections(struct gate *g, enum strangers strangers)
{
	struct ended e = { .sessions = g->sessions, .strangers = strangers };
	uint64_t now_ms = clock_ms();
	int err = 0;

	if (!strangers && conntrack_wants_all(g->conntrack, now_ms))
		e.strangers = STRANGERS_IPV6;

	for (uint16_t z = 0; z < g->settings->zones; z++) {
		if (!g->zone[z].ifindex ||
		    !(e.strangers || zone_has_ended(g, z)))
			continue;
		e.zone = z;
		e.ifindex = g->zone[z].ifindex;
		err = rtnl_list_neighbours(g->rtnl, g->zone[z].ifindex,
					   on_neighbour, &e);
		if (err) {
			g->health.errors[IPC_NETLINK_NEIGHBOURS]++;
			log_warn("neighbours: %s", strerror(-err));
		}
	}
	err = conntrack_end(g->conntrack, e.source, e.count, now_ms);
	if (err) {
		g->health.errors[IPC_NETLINK_CONNTRACK]++;
		log_warn("conntrack: %s", strerror(-err));
	}
	if (e.source)
		explicit_bzero(e.source, e.size * sizeof(*e.source));
	free(e.source);
}

/* Some connections are only ended by a later push, with those of others. */
static void plan_push(struct gate *g)
{
	uint64_t due_ms = conntrack_due_ms(g->conntrack);
	uint64_t now_ms = clock_ms();
	uint64_t wait_ms = due_ms > now_ms ? due_ms - now_ms : 0;
	struct timeval tv = { .tv_sec = (time_t)(wait_ms / 1000),
			      .tv_usec = (suseconds_t)(wait_ms % 1000 * 1000) };

	if (due_ms)
		event_add(&g->push_event, &tv);
}

void gate_end_leftovers(struct gate *g)
{
	if (!g->has_flow_table)
		return;
	end_connections(g, STRANGERS_ALL);
	plan_push(g);
	wipe_stack();
}

static void settle(struct gate *g)
{
	uint64_t now_ms = clock_ms();
	struct session *s;

	while ((s = TAILQ_FIRST(&g->pending))) {
		TAILQ_REMOVE(&g->pending, s, pending);
		s->is_pending = false;
		if (s->state != SESSION_ENDED)
			continue;
		give_class(g, s);
		usage_end(g->usage, s, now_ms);
		session_remove(g->sessions, s);
	}
}

void gate_push(struct gate *g)
{
	bool has_work = conntrack_due_ms(g->conntrack) != 0;

	if (!TAILQ_EMPTY(&g->pending)) {
		gate_read_pending(g);
		push_classes(g);
		push_elements(g);
		has_work = true;
	}
	if (has_work) {
		end_connections(g, STRANGERS_NONE);
		plan_push(g);
		settle(g);
		wipe_stack();
	}
	if (g->on_pushed)
		g->on_pushed(g->arg);
}
