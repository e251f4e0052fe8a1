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

/* No other rule knows a device by the name that somebody gave it. */
static void shut_ingress(struct walk *w, size_t i)
{
	walk_chain(w,
		   (struct ruleset_chain){ .hook = HOOK_INGRESS,
					   .priority = PRIORITY_INGRESS,
					   .device = w->in->zone_renamed[i] },
		   "shut", w->in->settings->zone[i].name);
	RULE(w, T(TERM_DROP));
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
	RULE(w, T(TERM_SET_MARK, .mask = w->mask));
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
	RULE(w, T(TERM_MARK, .mask = w->mask, .value = walk_inbound_mark(w)),
	     T(TERM_DROP));
	bound_answers(w, z);
}

static void uplink_egress(struct walk *w, size_t i)
{
	const struct uplink_settings *u = &w->in->settings->uplink[i];

	walk_chain(w,
		   (struct ruleset_chain){ .hook = HOOK_EGRESS,
					   .priority = PRIORITY_EGRESS,
					   .device = u->device },
		   "uplink", u->name);
	RULE(w, term_class_of_mark(w));
}

void ruleset_netdev_walk(struct walk *w)
{
	const struct ruleset_input *in = w->in;

	walk_table(w, FAMILY_NETDEV);
	for (size_t i = 0; i < in->settings->zones; i++)
		netdev_sets(w, i);
	for (size_t i = 0; i < in->settings->zones; i++) {
		if (*in->zone_renamed[i])
			shut_ingress(w, i);
		if (!in->zone_present[i])
			continue;
		zone_ingress(w, i);
		zone_egress(w, i);
	}
	for (size_t i = 0; i < in->settings->uplinks; i++)
		if (in->uplink_ifindex[i] && in->uplink_shaped[i] &&
		    in->has_flow_table)
			uplink_egress(w, i);
}
