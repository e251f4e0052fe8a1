/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/controller.h"

#include <string.h>

#include "common/clock.h"
#include "common/rss.h"

void gate_describe_session(const struct gate *g, const struct session *s,
			   struct ipc_session *m)
{
	uint64_t now_ms = clock_ms();

	m->state = s->state;
	m->handle = s->handle;
	m->left_s = session_left_s(s, now_ms);
	m->age_s = (now_ms - s->granted_ms) / 1000;
	m->up_bytes = s->up_bytes;
	m->down_bytes = s->down_bytes;
	m->limits = s->limits;
	m->reduced = s->reduced;
	m->terms = s->terms;
	m->is_tagged = s->tag != 0;
	memcpy(m->zone, g->settings->zone[s->zone].name, sizeof(m->zone));
}

/* How many are online, as far as it may be told at once. */
static uint32_t people_of(const struct gate *g, size_t zone)
{
	if (!g->settings->zone[zone].counted)
		return 0;
	return (uint32_t)disclosure_people(
		session_count_zone(g->sessions, (uint16_t)zone),
		(unsigned int)g->settings->usage.k);
}

/* The table's fill in steps of ten, told by the same steps of people. */
static uint8_t fill_percent(uint32_t people, uint64_t max_sessions)
{
	uint64_t percent = people * 100ULL / max_sessions;

	return percent > 100 ? 100 : (uint8_t)(percent - percent % 10);
}

void gate_describe_zone(const struct gate *g, size_t i, bool is_for_portal,
			struct ipc_zone *m)
{
	const struct gate_zone *z = &g->zone[i];

	m->ifindex = z->ifindex;
	m->sessions = session_count_zone(g->sessions, (uint16_t)i);
	if (is_for_portal)
		m->sessions = people_of(g, i);
	m->max_sessions = (uint32_t)g->settings->zone[i].max_sessions;
	if (z->policed)
		m->shaping = IPC_SHAPING_POLICED;
	else
		m->shaping = z->shaped ? IPC_SHAPING_HTB : IPC_SHAPING_NONE;
	memcpy(m->zone, g->settings->zone[i].name, sizeof(m->zone));
}

static void fill_health_zones(const struct gate *g, struct ipc_health *m)
{
	m->zones = (uint8_t)g->settings->zones;
	for (size_t i = 0; i < g->settings->zones; i++) {
		const struct zone_settings *z = &g->settings->zone[i];

		memcpy(m->zone[i].name, z->name, sizeof(m->zone[i].name));
		m->zone[i].online = people_of(g, i);
		m->zone[i].fill_percent =
			fill_percent(m->zone[i].online, z->max_sessions);
		m->zone[i].is_present = g->zone[i].ifindex != 0;
	}
}

void gate_describe_health(const struct gate *g, bool is_for_portal,
			  struct ipc_health *m)
{
	struct usage_now now = usage_now();
	struct usage_health u = usage_health(g->usage, &now);

	m->uptime_s = (now.boot_ms - g->started_ms) / 1000;
	m->memory_bytes =
		is_for_portal ? g->health.told_memory_bytes : rss_read();
	m->generation = g->health.generation;
	memcpy(m->netlink_errors, g->health.errors, sizeof(m->netlink_errors));
	memcpy(m->latency,
	       is_for_portal ? g->health.told_latency : g->health.latency,
	       sizeof(m->latency));
	m->reinstalled = g->totals.reinstalled;
	m->refused = is_for_portal ? g->health.told_refused : g->totals.refused;
	m->up_bps = g->health.up_bps;
	m->down_bps = g->health.down_bps;
	m->usage_lag_s = u.lag_s;
	m->usage_waiting = (uint32_t)u.waiting;
	m->time_is_known = u.time_is_known;
	m->usage_is_kept = u.is_kept;
	m->k = (uint8_t)g->settings->usage.k;
	for (size_t i = 0; i < g->settings->uplinks; i++)
		m->uplinks_present += g->uplink_is_up[i];
	fill_health_zones(g, m);
}
