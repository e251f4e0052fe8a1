/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/rules/ruleset_netdev.h"

#include <netinet/in.h>

#include "common/array.h"
#include "netctl/rules/walk.h"

static void netdev_sets(struct walk *w, size_t i)
{
	const char *zone = w->in->settings->zone[i].name;

	walk_set(w, (struct ruleset_set){ .kind = SET_MARKS }, "up", zone);
	walk_set(w, (struct ruleset_set){ .kind = SET_CLASSES }, "down", zone);
	walk_set(w, (struct ruleset_set){ .kind = SET_ANSWERS }, "answers",
		 zone);
	if (!w->in->zone_policed[i])
		return;
	walk_set(w, (struct ruleset_set){ .kind = SET_LIMITS }, "cap_up", zone);
	walk_set(w, (struct ruleset_set){ .kind = SET_LIMITS }, "cap_down",
		 zone);
}

/*
 * Marks that are only for what a flow table takes past the forward hook: the
 * rest goes on without one, and is judged there.
 */
static void slow_path(struct walk *w, const char *what, const char *name,
		      const char *device, uint32_t slot)
{
	walk_chain(w,
		   (struct ruleset_chain){ .hook = HOOK_INGRESS,
					   .priority = PRIORITY_SLOW,
					   .device = device },
		   what, name);
	RULE(w, term_slot(w, slot), term_set_slot(w, SLOT_NONE));
}

static void zone_ingress(struct walk *w, size_t i)
{
	const struct zone_settings *z = &w->in->settings->zone[i];

	walk_chain(w,
		   (struct ruleset_chain){ .hook = HOOK_INGRESS,
					   .priority = PRIORITY_INGRESS,
					   .device = z->device },
		   "ingress", z->name);
	if (w->in->zone_shut[i]) {
		RULE(w, T(TERM_DROP));
		return;
	}
	if (w->in->zone_policed[i])
		RULE(w,
		     term_in_set(TERM_IN_SET, FIELD_ETHER_SADDR, "cap_up",
				 z->name),
		     T(TERM_DROP));
	RULE(w, term_in_set(TERM_MAP_MARK, FIELD_ETHER_SADDR, "up", z->name),
	     T(TERM_ACCEPT));
	/* Devices without a session have no mark, whoever set one before. */
	RULE(w, term_set_slot(w, w->in->flow_table ? SLOT_OUTSIDE : SLOT_NONE));
	if (w->in->flow_table)
		slow_path(w, "ingress2", z->name, z->device, SLOT_OUTSIDE);
}

/*
 * What a tunnel through the resolver is worth before the tap: the bytes of the
 * answers are bounded, not the number of names, for which a phone asks dozens
 * when it joins.
 */
static void bound_answers(struct walk *w, const struct zone_settings *z)
{
	static const uint32_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP };

	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		RULE(w, term_l4proto(protocols[i]),
		     T(TERM_SPORT, .value = DNS_PORT),
		     term_of_zone(TERM_ANSWERS, "answers", z->name),
		     T(TERM_ACCEPT));
		RULE(w, term_l4proto(protocols[i]),
		     T(TERM_SPORT, .value = DNS_PORT), T(TERM_DROP));
	}
}

/*
 * The last look at a packet towards a device: one that came from the uplink
 * goes to devices in the map alone, so a download dies with the element even
 * where conntrack still knows the connection.
 */
static void zone_egress(struct walk *w, size_t i)
{
	const struct zone_settings *z = &w->in->settings->zone[i];

	walk_chain(w,
		   (struct ruleset_chain){ .hook = HOOK_EGRESS,
					   .priority = PRIORITY_EGRESS,
					   .device = z->device },
		   "egress", z->name);
	if (w->in->zone_policed[i])
		RULE(w,
		     term_in_set(TERM_IN_SET, FIELD_ETHER_DADDR, "cap_down",
				 z->name),
		     T(TERM_DROP));
	RULE(w, term_in_set(TERM_MAP_CLASS, FIELD_ETHER_DADDR, "down", z->name),
	     T(TERM_ACCEPT));
	RULE(w, term_slot(w, SLOT_INBOUND), T(TERM_DROP));
	if (w->in->flow_table)
		RULE(w, term_slot(w, SLOT_OUTSIDE), T(TERM_DROP));
	bound_answers(w, z);
}

/* A download in the flow table dies with its session, as others do. */
static void uplink_ingress(struct walk *w, const struct uplink_settings *u)
{
	walk_chain(w,
		   (struct ruleset_chain){ .hook = HOOK_INGRESS,
					   .priority = PRIORITY_INGRESS,
					   .device = u->device },
		   "inbound", u->name);
	RULE(w, term_set_slot(w, SLOT_INBOUND));
	slow_path(w, "inbound2", u->name, u->device, SLOT_INBOUND);
}

/*
 * Where flows skip the forward hook: an upload in the gate's own flow table
 * dies with its session, and each has its class.
 */
static void uplink_egress(struct walk *w, size_t i)
{
	const struct uplink_settings *u = &w->in->settings->uplink[i];

	walk_chain(w,
		   (struct ruleset_chain){ .hook = HOOK_EGRESS,
					   .priority = PRIORITY_EGRESS,
					   .device = u->device },
		   "uplink", u->name);
	if (w->in->flow_table)
		RULE(w, term_slot(w, SLOT_OUTSIDE), T(TERM_DROP));
	if (w->in->uplink_shaped[i])
		RULE(w, term_class_of_mark(w));
}

static void uplink_chains(struct walk *w, size_t i)
{
	const struct ruleset_input *in = w->in;

	if (!in->uplink_ifindex[i])
		return;
	if (in->flow_table)
		uplink_ingress(w, &in->settings->uplink[i]);
	if (in->flow_table || (in->foreign_flow_table && in->uplink_shaped[i]))
		uplink_egress(w, i);
}

void ruleset_netdev_walk(struct walk *w)
{
	const struct ruleset_input *in = w->in;

	walk_table(w, FAMILY_NETDEV);
	for (size_t i = 0; i < in->settings->zones; i++)
		netdev_sets(w, i);
	for (size_t i = 0; i < in->settings->zones; i++) {
		if (!in->zone_present[i])
			continue;
		zone_ingress(w, i);
		zone_egress(w, i);
	}
	for (size_t i = 0; i < in->settings->uplinks; i++)
		uplink_chains(w, i);
}
