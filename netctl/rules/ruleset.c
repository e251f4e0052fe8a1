/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/rules/ruleset.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <linux/netfilter.h>

#include "common/array.h"
#include "common/log.h"

#define DNS_PORT 53

/* Before the firewall's own chains, so that ours see packets first. */
#define PRIORITY_INGRESS     (-10)
#define PRIORITY_EGRESS	     0
#define PRIORITY_PREROUTING  (-101)
#define PRIORITY_POSTROUTING 99
#define PRIORITY_FILTER	     (-1)

struct walk {
	const struct ruleset_input *in;
	const struct ruleset_visitor *visitor;
	enum ruleset_family family;
	char chain[RULESET_NAME_MAX];
	uint32_t mask;
};

uint32_t ruleset_mark_mask(const struct settings *s)
{
	return 0xffffU << s->gate.mark_shift;
}

void ruleset_name(char name[RULESET_NAME_MAX], const char *what,
		  const char *zone)
{
	snprintf(name, RULESET_NAME_MAX, "%s_%s", what, zone);
}

/* --- terms ------------------------------------------------------------- */

#define T(k, ...) ((struct ruleset_term){ .kind = (k), ##__VA_ARGS__ })

static struct ruleset_term named(enum term_kind kind, const char *name)
{
	struct ruleset_term t = { .kind = kind };

	snprintf(t.name, sizeof(t.name), "%s", name);
	return t;
}

static struct ruleset_term in_zone_set(enum term_kind kind,
				       enum ruleset_field field,
				       const char *what, const char *zone)
{
	struct ruleset_term t = { .kind = kind, .field = field };

	ruleset_name(t.name, what, zone);
	return t;
}

static struct ruleset_term to_chain(enum term_kind kind, const char *what,
				    const char *zone)
{
	return in_zone_set(kind, 0, what, zone);
}

static struct ruleset_term granted(const struct walk *w)
{
	return T(TERM_MARK, .mask = w->mask, .negate = true);
}

static struct ruleset_term not_granted(const struct walk *w)
{
	return T(TERM_MARK, .mask = w->mask);
}

static uint32_t inbound_mark(const struct walk *w)
{
	return (uint32_t)SLOT_INBOUND << w->in->settings->gate.mark_shift;
}

/* --- events ------------------------------------------------------------ */

static void table(struct walk *w, enum ruleset_family family)
{
	w->family = family;
	if (w->visitor->on_table)
		w->visitor->on_table(w->visitor->arg, family);
}

static void set(struct walk *w, struct ruleset_set s, const char *what,
		const char *zone)
{
	s.family = w->family;
	ruleset_name(s.name, what, zone);
	if (w->visitor->on_set)
		w->visitor->on_set(w->visitor->arg, &s);
}

static void chain(struct walk *w, struct ruleset_chain c, const char *what,
		  const char *zone)
{
	c.family = w->family;
	if (zone)
		ruleset_name(c.name, what, zone);
	else
		snprintf(c.name, sizeof(c.name), "%s", what);
	snprintf(w->chain, sizeof(w->chain), "%s", c.name);
	if (w->visitor->on_chain)
		w->visitor->on_chain(w->visitor->arg, &c);
}

static void add_rule(struct walk *w, const struct ruleset_term *terms, int n)
{
	struct ruleset_rule r = { .family = w->family,
				  .chain = w->chain,
				  .terms = n };

	if (n > RULESET_TERMS)
		fatal("ruleset: a rule of %d terms", n);
	memcpy(r.term, terms, (size_t)n * sizeof(*terms));
	if (w->visitor->on_rule)
		w->visitor->on_rule(w->visitor->arg, &r);
}

#define RULE(w, ...)                                                           \
	add_rule(w, (struct ruleset_term[]){ __VA_ARGS__ },                    \
		 sizeof((struct ruleset_term[]){ __VA_ARGS__ }) /              \
			 sizeof(struct ruleset_term))

/* --- family netdev: who is who, and in which class --------------------- */

static void netdev_sets(struct walk *w, size_t i)
{
	const char *zone = w->in->settings->zone[i].name;

	set(w, (struct ruleset_set){ .kind = SET_MARKS }, "up", zone);
	set(w, (struct ruleset_set){ .kind = SET_CLASSES }, "down", zone);
	if (!w->in->zone_policed[i])
		return;
	set(w, (struct ruleset_set){ .kind = SET_LIMITS }, "cap_up", zone);
	set(w, (struct ruleset_set){ .kind = SET_LIMITS }, "cap_down", zone);
}

/* No other rule knows a device by the name that somebody gave it. */
static void shut_ingress(struct walk *w, size_t i)
{
	chain(w,
	      (struct ruleset_chain){ .hook = HOOK_INGRESS,
				      .priority = PRIORITY_INGRESS,
				      .device = w->in->zone_renamed[i] },
	      "shut", w->in->settings->zone[i].name);
	RULE(w, T(TERM_DROP));
}

static void zone_ingress(struct walk *w, size_t i)
{
	const struct zone_settings *z = &w->in->settings->zone[i];

	chain(w,
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
		     in_zone_set(TERM_IN_SET, FIELD_ETHER_SADDR, "cap_up",
				 z->name),
		     T(TERM_DROP));
	RULE(w, in_zone_set(TERM_MAP_MARK, FIELD_ETHER_SADDR, "up", z->name),
	     T(TERM_ACCEPT));
	/* Devices without a session have no mark, whoever set one before. */
	RULE(w, T(TERM_SET_MARK, .mask = w->mask));
}

/*
 * The last look at a packet towards a device: one that came from the uplink
 * goes to devices in the map alone, so a download dies with the element even
 * where conntrack still knows the connection.
 */
static void zone_egress(struct walk *w, size_t i)
{
	const struct zone_settings *z = &w->in->settings->zone[i];

	chain(w,
	      (struct ruleset_chain){ .hook = HOOK_EGRESS,
				      .priority = PRIORITY_EGRESS,
				      .device = z->device },
	      "egress", z->name);
	if (w->in->zone_policed[i])
		RULE(w,
		     in_zone_set(TERM_IN_SET, FIELD_ETHER_DADDR, "cap_down",
				 z->name),
		     T(TERM_DROP));
	RULE(w, in_zone_set(TERM_MAP_CLASS, FIELD_ETHER_DADDR, "down", z->name),
	     T(TERM_ACCEPT));
	RULE(w, T(TERM_MARK, .mask = w->mask, .value = inbound_mark(w)),
	     T(TERM_DROP));
}

static struct ruleset_term class_of_mark(const struct walk *w)
{
	return T(TERM_MARK_CLASS, .mask = 0xffff,
		 .shift = (uint8_t)w->in->settings->gate.mark_shift,
		 .value = (uint32_t)SHAPER_MAJOR << 16);
}

static void uplink_egress(struct walk *w, size_t i)
{
	const struct uplink_settings *u = &w->in->settings->uplink[i];

	chain(w,
	      (struct ruleset_chain){ .hook = HOOK_EGRESS,
				      .priority = PRIORITY_EGRESS,
				      .device = u->device },
	      "uplink", u->name);
	RULE(w, class_of_mark(w));
}

static void netdev_table(struct walk *w)
{
	const struct ruleset_input *in = w->in;

	table(w, FAMILY_NETDEV);
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

/* --- family inet: who may go where ------------------------------------- */

static bool has_garden_net(const struct zone_settings *z, uint8_t family)
{
	struct addr a;
	unsigned int prefix;

	for (size_t i = 0; i < z->garden_address.count; i++)
		if (addr_parse_prefix(&a, &prefix,
				      z->garden_address.value[i]) &&
		    a.family == family)
			return true;
	return false;
}

/* The walled garden is up to four sets; a zone without one has none. */
static const struct garden_part {
	const char *set;
	enum ruleset_set_kind kind;
	enum ruleset_key key;
	uint8_t family;
	enum ruleset_field saddr, daddr;
} garden_parts[] = {
	{ "garden4", SET_GARDEN, KEY_IPV4, AF_INET, FIELD_IP_SADDR,
	  FIELD_IP_DADDR },
	{ "garden6", SET_GARDEN, KEY_IPV6, AF_INET6, FIELD_IP6_SADDR,
	  FIELD_IP6_DADDR },
	{ "nets4", SET_NETS, KEY_IPV4, AF_INET, FIELD_IP_SADDR,
	  FIELD_IP_DADDR },
	{ "nets6", SET_NETS, KEY_IPV6, AF_INET6, FIELD_IP6_SADDR,
	  FIELD_IP6_DADDR },
};

#define GARDEN_PARTS (ARRAY_SIZE(garden_parts))

static bool garden_has(const struct walk *w, const struct zone_settings *z,
		       const struct garden_part *p)
{
	const struct settings *s = w->in->settings;

	if (p->kind == SET_GARDEN)
		return settings_opens_names(s, (size_t)(z - s->zone));
	return has_garden_net(z, p->family);
}

static void inet_sets(struct walk *w, size_t i)
{
	const struct zone_settings *z = &w->in->settings->zone[i];

	for (size_t k = 0; k < GARDEN_PARTS; k++)
		if (garden_has(w, z, &garden_parts[k]))
			set(w,
			    (struct ruleset_set){ .kind = garden_parts[k].kind,
						  .key = garden_parts[k].key,
						  .members =
							  &z->garden_address },
			    garden_parts[k].set, z->name);
	set(w, (struct ruleset_set){ .kind = SET_RATES }, "dns", z->name);
}

static void zone_nat(struct walk *w, const struct zone_settings *z)
{
	const struct portal_settings *p = &w->in->settings->portal;

	chain(w, (struct ruleset_chain){ .hook = HOOK_NONE }, "nat", z->name);
	/* Seen by the first packet of each connection, so it costs no other. */
	RULE(w, T(TERM_SPOOFED), T(TERM_DROP));
	RULE(w, T(TERM_LOCAL), T(TERM_L4PROTO, .value = IPPROTO_TCP),
	     T(TERM_DPORT, .value = 80),
	     T(TERM_REDIRECT, .value = (uint32_t)p->http_port));
	if (*p->certificate)
		RULE(w, T(TERM_LOCAL), T(TERM_L4PROTO, .value = IPPROTO_TCP),
		     T(TERM_DPORT, .value = 443),
		     T(TERM_REDIRECT, .value = (uint32_t)p->https_port));
	RULE(w, granted(w), T(TERM_RETURN));
	for (size_t k = 0; k < GARDEN_PARTS; k++)
		if (garden_has(w, z, &garden_parts[k]))
			RULE(w,
			     in_zone_set(TERM_IN_SET, garden_parts[k].daddr,
					 garden_parts[k].set, z->name),
			     T(TERM_RETURN));
	RULE(w, T(TERM_L4PROTO, .value = IPPROTO_TCP),
	     T(TERM_DPORT, .value = 80),
	     T(TERM_REDIRECT, .value = (uint32_t)p->hijack_port));
}

static void refuse(struct walk *w)
{
	RULE(w, T(TERM_L4PROTO, .value = IPPROTO_TCP), T(TERM_REJECT_TCP));
	RULE(w, T(TERM_REJECT));
}

/* What the box itself offers to guests: addresses, names, the portal. */
static void zone_input(struct walk *w, const struct zone_settings *z)
{
	const struct portal_settings *p = &w->in->settings->portal;
	const struct {
		uint32_t protocol, port;
	} open[] = {
		{ IPPROTO_UDP, 67 },
		{ IPPROTO_UDP, 547 },
		{ IPPROTO_UDP, DNS_PORT },
		{ IPPROTO_TCP, DNS_PORT },
		{ IPPROTO_TCP, (uint32_t)p->hijack_port },
		{ IPPROTO_TCP, (uint32_t)p->http_port },
		{ IPPROTO_TCP, (uint32_t)p->https_port },
	};
	struct ruleset_term over = { .kind = TERM_OVER_RATE,
				     .value = (uint32_t)z->dns_per_s };

	ruleset_name(over.name, "dns", z->name);
	chain(w, (struct ruleset_chain){ .hook = HOOK_NONE }, "input", z->name);
	RULE(w, T(TERM_L4PROTO, .value = IPPROTO_ICMP), T(TERM_ACCEPT));
	RULE(w, T(TERM_L4PROTO, .value = IPPROTO_ICMPV6), T(TERM_ACCEPT));
	RULE(w, not_granted(w), T(TERM_L4PROTO, .value = IPPROTO_UDP),
	     T(TERM_DPORT, .value = DNS_PORT), over, T(TERM_DROP));
	RULE(w, not_granted(w), T(TERM_L4PROTO, .value = IPPROTO_TCP),
	     T(TERM_DPORT, .value = DNS_PORT), over, T(TERM_DROP));
	/* Opened before the tap, it would lead back to the portal. */
	RULE(w, granted(w), T(TERM_L4PROTO, .value = IPPROTO_TCP),
	     T(TERM_DPORT, .value = (uint32_t)p->hijack_port),
	     T(TERM_REJECT_TCP));
	for (size_t k = 0; k < ARRAY_SIZE(open); k++)
		RULE(w, T(TERM_L4PROTO, .value = open[k].protocol),
		     T(TERM_DPORT, .value = open[k].port), T(TERM_ACCEPT));
	/* A forged answer must not reach a socket of the box's own. */
	RULE(w, T(TERM_SPOOFED), T(TERM_DROP));
	RULE(w, T(TERM_REPLY), T(TERM_ANSWER), T(TERM_ACCEPT));
	refuse(w);
}

/* What is not granted may go to the garden. */
static void zone_out(struct walk *w, const struct zone_settings *z)
{
	const struct settings *s = w->in->settings;

	chain(w, (struct ruleset_chain){ .hook = HOOK_NONE }, "from", z->name);
	/* NAT and its look at the source have not seen them. */
	RULE(w, T(TERM_TRACKED, .negate = true), T(TERM_DROP));
	for (size_t u = 0; u < s->uplinks; u++)
		for (size_t k = 0; k < GARDEN_PARTS; k++)
			if (garden_has(w, z, &garden_parts[k]))
				RULE(w,
				     named(TERM_OIFNAME, s->uplink[u].device),
				     in_zone_set(TERM_IN_SET,
						 garden_parts[k].daddr,
						 garden_parts[k].set, z->name),
				     T(TERM_ACCEPT));
	/* An answer to a forged source would leave by the uplink. */
	RULE(w, T(TERM_SPOOFED), T(TERM_DROP));
	refuse(w);
}

static void zone_back(struct walk *w, const struct zone_settings *z)
{
	chain(w, (struct ruleset_chain){ .hook = HOOK_NONE }, "to", z->name);
	RULE(w, T(TERM_REPLY, .negate = true), T(TERM_DROP));
	for (size_t k = 0; k < GARDEN_PARTS; k++)
		if (garden_has(w, z, &garden_parts[k]))
			RULE(w,
			     in_zone_set(TERM_IN_SET, garden_parts[k].saddr,
					 garden_parts[k].set, z->name),
			     T(TERM_ACCEPT));
	RULE(w, T(TERM_SET_MARK, .mask = w->mask, .value = inbound_mark(w)),
	     T(TERM_ACCEPT));
}

static void hook_chain(struct walk *w, const char *name, enum ruleset_hook hook,
		       int priority)
{
	chain(w, (struct ruleset_chain){ .hook = hook, .priority = priority },
	      name, NULL);
}

static void postrouting(struct walk *w)
{
	const struct settings *s = w->in->settings;

	hook_chain(w, "postrouting", HOOK_POSTROUTING_NAT,
		   PRIORITY_POSTROUTING);
	for (size_t z = 0; z < s->zones; z++) {
		for (size_t u = 0; u < s->uplinks; u++) {
			const struct uplink_settings *up = &s->uplink[u];

			if (up->masquerade == MASQUERADE_IPV4)
				RULE(w, T(TERM_NFPROTO, .value = NFPROTO_IPV4),
				     named(TERM_IIFNAME, s->zone[z].device),
				     named(TERM_OIFNAME, up->device),
				     T(TERM_MASQUERADE));
			else if (up->masquerade == MASQUERADE_BOTH)
				RULE(w, named(TERM_IIFNAME, s->zone[z].device),
				     named(TERM_OIFNAME, up->device),
				     T(TERM_MASQUERADE));
		}
	}
}

/*
 * The way of nearly every packet, so it comes first and costs least. Only the
 * zones' ingress sets our bits of the mark. The uplink is known by its index:
 * after it was made anew nothing passes until the rules are, too; whatever
 * keeps people out goes by names.
 */
static void granted_pass(struct walk *w, size_t u)
{
	const struct ruleset_input *in = w->in;
	struct ruleset_term oif =
		named(TERM_OIF, in->settings->uplink[u].device);

	oif.value = in->uplink_ifindex[u];
	if (!oif.value)
		return;
	if (in->uplink_shaped[u] && !in->has_flow_table)
		RULE(w, oif, T(TERM_TRACKED), class_of_mark(w), T(TERM_ACCEPT));
	else
		RULE(w, oif, T(TERM_TRACKED), granted(w), T(TERM_ACCEPT));
}

static void forward(struct walk *w)
{
	const struct settings *s = w->in->settings;

	hook_chain(w, "forward", HOOK_FORWARD, PRIORITY_FILTER);
	for (size_t u = 0; u < s->uplinks; u++)
		granted_pass(w, u);
	for (size_t i = 0; i < s->zones; i++)
		RULE(w, named(TERM_IIFNAME, s->zone[i].device),
		     to_chain(TERM_GOTO, "from", s->zone[i].name));
	for (size_t i = 0; i < s->zones; i++)
		RULE(w, named(TERM_OIFNAME, s->zone[i].device),
		     to_chain(TERM_GOTO, "to", s->zone[i].name));
}

static void inet_table(struct walk *w)
{
	const struct settings *s = w->in->settings;

	table(w, FAMILY_INET);
	for (size_t i = 0; i < s->zones; i++)
		inet_sets(w, i);
	for (size_t i = 0; i < s->zones; i++) {
		zone_nat(w, &s->zone[i]);
		zone_input(w, &s->zone[i]);
		zone_out(w, &s->zone[i]);
		zone_back(w, &s->zone[i]);
	}
	hook_chain(w, "prerouting", HOOK_PREROUTING_NAT, PRIORITY_PREROUTING);
	for (size_t i = 0; i < s->zones; i++)
		RULE(w, named(TERM_IIFNAME, s->zone[i].device),
		     to_chain(TERM_JUMP, "nat", s->zone[i].name));
	hook_chain(w, "input", HOOK_INPUT, PRIORITY_FILTER);
	for (size_t i = 0; i < s->zones; i++)
		RULE(w, named(TERM_IIFNAME, s->zone[i].device),
		     to_chain(TERM_GOTO, "input", s->zone[i].name));
	forward(w);
	postrouting(w);
}

void ruleset_walk(const struct ruleset_input *in,
		  const struct ruleset_visitor *visitor)
{
	struct walk w = { .in = in,
			  .visitor = visitor,
			  .mask = ruleset_mark_mask(in->settings) };

	netdev_table(&w);
	inet_table(&w);
}
