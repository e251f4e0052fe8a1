/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/describe.h"

#include <string.h>

#include "common/clock.h"
#include "common/rss.h"
#include "netctl/control/addresses.h"
#include "netctl/control/hours.h"
#include "netctl/control/outlet.h"
#include "netctl/control/state.h"

void describe_place(const struct controller *c, uint16_t zone,
		    struct ipc_session *m)
{
	m->outlet = outlet_to_tell(c, zone);
	m->is_closed = c->zone[zone].is_closed;
	m->change_s = c->zone[zone].change_s;
	m->change_in_s = hours_change_in_s(c, zone);
	memcpy(m->zone, c->settings->zone[zone].name, sizeof(m->zone));
}

void describe_session(const struct controller *c, const struct session *s,
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
	m->is_account = s->is_account;
	describe_place(c, s->zone, m);
}

void describe_account(const struct controller *c, const struct session *s,
		      struct ipc_account *m)
{
	m->handle = s->handle;
	m->reason = s->reason;
	m->age_s = (clock_ms() - s->granted_ms) / 1000;
	m->up_bytes = s->up_bytes;
	m->down_bytes = s->down_bytes;
	m->up_packets = s->up_packets;
	m->down_packets = s->down_packets;
	memcpy(m->zone, c->settings->zone[s->zone].name, sizeof(m->zone));
}

void describe_zone(const struct controller *c, size_t i, bool is_for_portal,
		   struct ipc_zone *m)
{
	const struct zone_state *z = &c->zone[i];

	m->ifindex = z->ifindex;
	if (!is_for_portal)
		m->sessions = session_count_zone(c->sessions, (uint16_t)i);
	m->max_sessions = (uint32_t)c->settings->zone[i].max_sessions;
	if (z->policed)
		m->shaping = IPC_SHAPING_POLICED;
	else
		m->shaping = z->shaped ? IPC_SHAPING_HTB : IPC_SHAPING_NONE;
	m->is_shut = z->bypass_ifindex != 0;
	memcpy(m->zone, c->settings->zone[i].name, sizeof(m->zone));
	m->address = addresses_usable(c, z->ifindex);
	m->outlet = outlet_to_tell(c, i);
	m->is_closed = z->is_closed;
	m->change_s = z->change_s;
}

static void fill_health_zones(const struct controller *c, struct ipc_health *m)
{
	m->zones = (uint8_t)c->settings->zones;
	for (size_t i = 0; i < c->settings->zones; i++) {
		const struct zone_settings *z = &c->settings->zone[i];
		uint32_t online =
			session_count_guests(c->sessions, (uint16_t)i);

		memcpy(m->zone[i].name, z->name, sizeof(m->zone[i].name));
		m->zone[i].online = m->is_live ? online : 0;
		m->zone[i].is_full = online >= z->max_sessions;
		m->zone[i].is_present = c->zone[i].ifindex != 0;
		m->zone[i].is_shut = c->zone[i].bypass_ifindex != 0;
		m->zone[i].outlet = (uint8_t)outlet_of_zone(c, i);
	}
}

static uint32_t troubles_of(const struct controller *c)
{
	return c->path.troubles |
	       (c->rules_error ? (uint32_t)IPC_TROUBLE_RULES : 0);
}

/* Of what people do: nothing of it is noisy. */
static void fill_health_steps(const struct controller *c, struct ipc_health *m)
{
	m->memory_bytes = rss_read();
	memcpy(m->latency, c->health.latency, sizeof(m->latency));
	m->refused = c->totals.refused;
}

void describe_health(const struct controller *c, bool is_for_portal,
		     struct ipc_health *m)
{
	struct usage_now now = usage_now();
	struct usage_health u = usage_health(c->usage, &now);

	m->uptime_s = (now.boot_ms - c->started_ms) / 1000;
	m->generation = c->health.generation;
	memcpy(m->netlink_errors, c->health.errors, sizeof(m->netlink_errors));
	m->reinstalled = c->totals.reinstalled;
	m->usage_lag_s = u.lag_s;
	m->usage_waiting = (uint32_t)u.waiting;
	m->time_is_known = u.time_is_known;
	m->usage_is_kept = u.is_kept;
	m->is_counting = u.is_counting;
	m->is_live = !is_for_portal || c->settings->admin.live;
	for (size_t i = 0; i < c->settings->uplinks; i++)
		m->uplinks_present += c->uplink_is_up[i];
	m->troubles = troubles_of(c);
	if (!is_for_portal)
		fill_health_steps(c, m);
	if (m->is_live) {
		m->up_bps = c->health.up_bps;
		m->down_bps = c->health.down_bps;
	}
	fill_health_zones(c, m);
}

void describe_totals(const struct controller *c, struct ipc_totals *m)
{
	struct ipc_header header = m->header;

	*m = c->totals;
	m->header = header;
	m->uptime_s = (clock_ms() - c->started_ms) / 1000;
	for (int i = 0; i < IPC_NETLINK_MAX; i++)
		m->netlink_errors += c->health.errors[i];
	for (size_t i = 0; i < c->settings->uplinks; i++)
		m->uplinks_present += c->uplink_is_up[i];
	m->troubles = troubles_of(c);
	m->flow_table = c->flow_table;
}
