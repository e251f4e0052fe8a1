/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/rules/ruleset_inet.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter.h>

#include "common/array.h"
#include "common/config/settings_valid.h"
#include "netctl/rules/walk.h"

#define PORTAL_PORTS 3

static bool has_net(const struct conf_list *l, uint8_t family)
{
	struct addr a;
	unsigned int prefix;

	for (size_t i = 0; i < l->count; i++)
		if (addr_parse_prefix(&a, &prefix, l->value[i]) &&
		    a.family == family)
			return true;
	return false;
}

/* A chain that others jump or go to. */
static void target_chain(struct walk *w, const char *what, const char *zone)
{
	walk_chain(w, (struct ruleset_chain){ .hook = HOOK_NONE }, what, zone);
}

/* The sets of destinations, one of each family. A zone without one has none. */
enum part {
	PART_NAMES, /* of the garden, by dnsmasq or garden_sync */
	PART_NETS,  /* of the garden, from the config */
	PART_ALLOW, /* for those who are in, though no host of the internet is
		     */
	PART_MAX
};

static const struct {
	uint8_t family;
	enum ruleset_key key;
	enum ruleset_field saddr, daddr;
	const char *set[PART_MAX];
	const char *special; /* of no zone */
} families[] = {
	{ AF_INET,
	  KEY_IPV4,
	  FIELD_IP_SADDR,
	  FIELD_IP_DADDR,
	  { "garden4", "nets4", "allow4" },
	  "special4" },
	{ AF_INET6,
	  KEY_IPV6,
	  FIELD_IP6_SADDR,
	  FIELD_IP6_DADDR,
	  { "garden6", "nets6", "allow6" },
	  "special6" },
};

static const struct conf_list *part_nets(const struct zone_settings *z,
					 enum part part)
{
	return part == PART_NETS ? &z->garden_address : &z->allow_private;
}

static bool has_part(const struct walk *w, const struct zone_settings *z,
		     enum part part, size_t family)
{
	const struct settings *s = w->in->settings;

	if (part == PART_NAMES)
		return settings_opens_names(s, (size_t)(z - s->zone));
	return has_net(part_nets(z, part), families[family].family);
}

static bool has_garden(const struct walk *w, const struct zone_settings *z)
{
	return has_part(w, z, PART_NAMES, 0) || z->garden_address.count;
}

static void net_set(struct walk *w, size_t family, struct ruleset_nets nets,
		    const char *what, const char *zone)
{
	walk_set(w,
		 (struct ruleset_set){ .kind = SET_NETS,
				       .key = families[family].key,
				       .nets = nets },
		 what, zone);
}

static void part_sets(struct walk *w, const struct zone_settings *z,
		      size_t family)
{
	if (has_part(w, z, PART_NAMES, family))
		walk_set(w,
			 (struct ruleset_set){ .kind = SET_GARDEN,
					       .key = families[family].key },
			 families[family].set[PART_NAMES], z->name);
	for (enum part p = PART_NETS; p < PART_MAX; p++) {
		const struct conf_list *l = part_nets(z, p);

		if (has_part(w, z, p, family))
			net_set(w, family,
				(struct ruleset_nets){
					(const char *const *)l->value,
					l->count },
				families[family].set[p], z->name);
	}
}

/* Connections of one device at once, bounded by a set of each zone. */
enum flows {
	FLOWS_BEFORE, /* of who is not in */
	FLOWS_PORTAL, /* of those, to the box, but for names */
	FLOWS_DNS,    /* of TCP to the resolver */
	FLOWS_MEMBER, /* of who is in */
	FLOWS_MAX
};

static const struct {
	const char *set;
	enum ruleset_set_kind kind;
	uint32_t max; /* 0: the zone's max_flows, where 0 is no bound */
} flows[FLOWS_MAX] = {
	[FLOWS_BEFORE] = { "flows_before", SET_FLOWS, RULESET_FLOWS_BEFORE },
	[FLOWS_PORTAL] = { "flows_portal", SET_FLOWS, RULESET_FLOWS_BEFORE },
	[FLOWS_DNS] = { "flows_dns", SET_FLOWS, RULESET_FLOWS_DNS },
	[FLOWS_MEMBER] = { "flows", SET_MEMBERS, 0 },
};

static uint32_t flows_max(const struct zone_settings *z, enum flows which)
{
	return flows[which].max ? flows[which].max : (uint32_t)z->max_flows;
}

static struct ruleset_term term_within(const struct zone_settings *z,
				       enum flows which)
{
	struct ruleset_term t =
		term_of_zone(TERM_FLOWS, flows[which].set, z->name);

	t.value = flows_max(z, which);
	return t;
}

static struct ruleset_term term_over(const struct zone_settings *z,
				     enum flows which)
{
	struct ruleset_term t = term_within(z, which);

	t.negate = true;
	return t;
}

static void inet_sets(struct walk *w)
{
	const struct settings *s = w->in->settings;

	for (size_t f = 0; f < ARRAY_SIZE(families); f++)
		net_set(w, f, w->in->special, families[f].special, NULL);
	walk_set(w,
		 (struct ruleset_set){ .kind = SET_BYWAYS,
				       .key = KEY_IFINDEX,
				       .devices = w->in->byways },
		 RULESET_BYWAYS, NULL);
	for (size_t i = 0; i < s->zones; i++) {
		const struct zone_settings *z = &s->zone[i];

		for (size_t f = 0; f < ARRAY_SIZE(families); f++)
			part_sets(w, z, f);
		walk_set(w, (struct ruleset_set){ .kind = SET_RATES }, "dns",
			 z->name);
		for (enum flows f = 0; f < FLOWS_MAX; f++)
			if (flows_max(z, f))
				walk_set(w,
					 (struct ruleset_set){
						 .kind = flows[f].kind },
					 flows[f].set, z->name);
	}
}

/*
 * The devices where a packet reaches layer 3, so that those below them, as the
 * ports of a bridge, cannot hand it on past the gate's other hooks
 * (nft_dev_forward_path() in nft_flow_offload.c goes down to the last device).
 */
static void flow_table(struct walk *w)
{
	const struct ruleset_input *in = w->in;
	const struct settings *s = in->settings;
	struct ruleset_flow_table f = { .name = RULESET_FLOW_TABLE,
					.priority = PRIORITY_FLOW_TABLE };

	if (!in->flow_table)
		return;
	for (size_t i = 0; i < s->zones; i++)
		if (in->zone_present[i] && !in->zone_shut[i] &&
		    !in->zone_is_lower[i])
			f.device[f.devices++] = s->zone[i].device;
	for (size_t i = 0; i < s->uplinks; i++)
		if (in->uplink_ifindex[i] && !in->uplink_is_lower[i])
			f.device[f.devices++] = s->uplink[i].device;
	walk_flow_table(w, &f);
}

/* One rule for each set of the part: the destination is in it, verdict. */
static void if_to_part(struct walk *w, const struct zone_settings *z,
		       enum part part, struct ruleset_term verdict)
{
	for (size_t f = 0; f < ARRAY_SIZE(families); f++)
		if (has_part(w, z, part, f))
			RULE(w,
			     term_in_set(TERM_IN_SET, families[f].daddr,
					 families[f].set[part], z->name),
			     verdict);
}

/* One rule for each set of the part: what comes from there passes. */
static void if_from_part(struct walk *w, const struct zone_settings *z,
			 enum part part)
{
	for (size_t f = 0; f < ARRAY_SIZE(families); f++)
		if (has_part(w, z, part, f))
			RULE(w,
			     term_in_set(TERM_IN_SET, families[f].saddr,
					 families[f].set[part], z->name),
			     T(TERM_ACCEPT));
}

static void if_special(struct walk *w, struct ruleset_term verdict)
{
	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		struct ruleset_term special =
			term_named(TERM_IN_SET, families[f].special);

		special.field = families[f].daddr;
		RULE(w, special, verdict);
	}
}

static bool is_offline(const struct walk *w, const struct zone_settings *z)
{
	return w->in->zone_offline[z - w->in->settings->zone];
}

/* Who set a resolver by hand finds the names that lead to the portal, too. */
static void lead_to_resolver(struct walk *w)
{
	RULE(w, T(TERM_LOCAL), T(TERM_RETURN));
	RULE(w, term_l4proto(IPPROTO_UDP), term_dport(DNS_PORT),
	     T(TERM_REDIRECT, .value = DNS_PORT));
	RULE(w, term_l4proto(IPPROTO_TCP), term_dport(DNS_PORT),
	     T(TERM_REDIRECT, .value = DNS_PORT));
}

static void zone_nat(struct walk *w, const struct zone_settings *z)
{
	const struct portal_settings *p = &w->in->settings->portal;

	target_chain(w, "nat", z->name);
	/* Seen by the first packet of each connection, so it costs no other. */
	RULE(w, T(TERM_SPOOFED), T(TERM_DROP));
	RULE(w, term_l4proto(IPPROTO_TCP), term_dport(80), T(TERM_LOCAL),
	     T(TERM_REDIRECT, .value = (uint32_t)p->http_port));
	if (*p->certificate)
		RULE(w, term_l4proto(IPPROTO_TCP), term_dport(443),
		     T(TERM_LOCAL),
		     T(TERM_REDIRECT, .value = (uint32_t)p->https_port));
	if (is_offline(w, z)) {
		/* No resolver answers any more, and a phone asks for names. */
		RULE(w, term_l4proto(IPPROTO_UDP), term_dport(DNS_PORT),
		     T(TERM_REDIRECT, .value = (uint32_t)p->hijack_port));
	} else {
		RULE(w, term_granted(w), T(TERM_RETURN));
		if_to_part(w, z, PART_NAMES, T(TERM_RETURN));
		if_to_part(w, z, PART_NETS, T(TERM_RETURN));
	}
	RULE(w, term_l4proto(IPPROTO_TCP), term_dport(80),
	     T(TERM_REDIRECT, .value = (uint32_t)p->hijack_port));
	if (!is_offline(w, z))
		lead_to_resolver(w);
}

/* An answer to a forged source would leave by the uplink. */
static void refuse(struct walk *w)
{
	target_chain(w, "refuse", NULL);
	RULE(w, T(TERM_SPOOFED), T(TERM_DROP));
	RULE(w, term_l4proto(IPPROTO_TCP), T(TERM_REJECT_TCP));
	RULE(w, T(TERM_REJECT));
}

/* One device alone must not fill the table of connections, which all share. */
static void zone_count(struct walk *w, const struct zone_settings *z)
{
	target_chain(w, "count", z->name);
	if (z->max_flows)
		RULE(w, term_granted(w), term_within(z, FLOWS_MEMBER),
		     T(TERM_RETURN));
	else
		RULE(w, term_granted(w), T(TERM_RETURN));
	RULE(w, term_not_granted(w), term_within(z, FLOWS_BEFORE),
	     T(TERM_RETURN));
	RULE(w, term_count(COUNTER_TOO_MANY), term_named(TERM_GOTO, "refuse"));
}

/* Returns their number. Without a certificate nobody of ours has the third. */
static size_t portal_ports(const struct portal_settings *p,
			   uint32_t port[PORTAL_PORTS])
{
	port[0] = (uint32_t)p->hijack_port;
	port[1] = (uint32_t)p->http_port;
	port[2] = (uint32_t)p->https_port;
	return *p->certificate ? PORTAL_PORTS : PORTAL_PORTS - 1;
}

static void let_in(struct walk *w, uint32_t port)
{
	RULE(w, T(TERM_NEW_FLOW), term_l4proto(IPPROTO_TCP), term_dport(port),
	     term_count(COUNTER_LET_IN), T(TERM_ACCEPT));
	RULE(w, term_l4proto(IPPROTO_TCP), term_dport(port), T(TERM_ACCEPT));
}

/*
 * The resolver's children and its list of questions are everybody's. What asks
 * for names is not counted otherwise: a phone that joins asks for dozens, each
 * from a port of its own. Where nobody can answer them, the portal does.
 */
static void let_names_in(struct walk *w, const struct zone_settings *z)
{
	const uint64_t ports[] = { DNS_PORT,
				   w->in->settings->portal.hijack_port };
	struct ruleset_term over = term_of_zone(TERM_OVER_RATE, "dns", z->name);

	over.value = (uint32_t)z->dns_per_s;
	RULE(w, T(TERM_NEW_FLOW), term_l4proto(IPPROTO_TCP),
	     term_dport(DNS_PORT), term_over(z, FLOWS_DNS),
	     term_named(TERM_GOTO, "refuse"));
	RULE(w, term_l4proto(IPPROTO_TCP), term_dport(DNS_PORT), over,
	     T(TERM_DROP));
	for (size_t k = 0; k < (is_offline(w, z) ? 2 : 1); k++) {
		RULE(w, term_l4proto(IPPROTO_UDP), term_dport(ports[k]), over,
		     T(TERM_DROP));
		RULE(w, term_l4proto(IPPROTO_UDP), term_dport(ports[k]),
		     T(TERM_ACCEPT));
	}
}

/* What the box itself offers to guests: addresses, names, the portal. */
static void zone_input(struct walk *w, const struct zone_settings *z)
{
	const struct portal_settings *p = &w->in->settings->portal;
	static const struct {
		uint32_t protocol, port;
	} open[] = {
		{ IPPROTO_UDP, 67 },
		{ IPPROTO_UDP, 547 },
		{ IPPROTO_TCP, DNS_PORT },
	};
	uint32_t port[PORTAL_PORTS];
	size_t ports = portal_ports(p, port);

	target_chain(w, "input", z->name);
	if (!is_offline(w, z)) /* Opened before the tap, it would lead back to
				  the portal. */
		RULE(w, term_granted(w), term_l4proto(IPPROTO_TCP),
		     term_dport(p->hijack_port), T(TERM_REJECT_TCP));
	for (size_t k = 0; k < ports; k++) /* most of what a page takes */
		RULE(w, term_ct_state(STATE_ESTABLISHED),
		     term_l4proto(IPPROTO_TCP), term_dport(port[k]),
		     T(TERM_ACCEPT));
	RULE(w, T(TERM_NEW_FLOW), term_granted(w),
	     term_of_zone(TERM_JUMP, "count", z->name));
	let_names_in(w, z);
	/*
	 * Who finds no place in the set passes: the portal has bounds of its
	 * own.
	 */
	RULE(w, T(TERM_NEW_FLOW), term_not_granted(w),
	     term_over(z, FLOWS_PORTAL), term_count(COUNTER_TOO_MANY),
	     term_named(TERM_GOTO, "refuse"));
	/* Forged, it cuts answers of DNS into fragments that nobody counts. */
	RULE(w, term_not_granted(w), term_ct_state(STATE_RELATED),
	     T(TERM_DROP));
	/* By which the box would go by a guest. */
	RULE(w, T(TERM_ICMPV6, .value = ND_ROUTER_ADVERT), T(TERM_DROP));
	RULE(w, T(TERM_ICMPV6, .value = ND_REDIRECT), T(TERM_DROP));
	RULE(w, term_l4proto(IPPROTO_ICMP), T(TERM_ACCEPT));
	RULE(w, term_l4proto(IPPROTO_ICMPV6), T(TERM_ACCEPT));
	for (size_t k = 0; k < ARRAY_SIZE(open); k++)
		RULE(w, term_l4proto(open[k].protocol),
		     term_dport(open[k].port), T(TERM_ACCEPT));
	for (size_t k = 0; k < ports; k++)
		let_in(w, port[k]);
	/* A forged answer must not reach a socket of the box's own. */
	RULE(w, T(TERM_SPOOFED), T(TERM_DROP));
	RULE(w, term_ct_state(STATE_ESTABLISHED | STATE_RELATED),
	     T(TERM_ANSWER), T(TERM_ACCEPT));
	RULE(w, term_named(TERM_GOTO, "refuse"));
}

static struct ruleset_term offload(void)
{
	return term_named(TERM_OFFLOAD, RULESET_FLOW_TABLE);
}

static void clamp_mss(struct walk *w)
{
	RULE(w, term_l4proto(IPPROTO_TCP), T(TERM_SYN), T(TERM_CLAMP_MSS));
}

/*
 * Only the zones' ingress sets our bits of the mark. The uplink is known by its
 * index: after it was made anew nothing passes until the rules are, too;
 * whatever keeps people out goes by names. false: it is not there.
 */
static bool way_out(const struct walk *w, size_t u, struct ruleset_term *oif,
		    struct ruleset_term *mark)
{
	const struct ruleset_input *in = w->in;

	*oif = term_named(TERM_OIF, in->settings->uplink[u].device);
	oif->value = in->uplink_ifindex[u];
	*mark = in->uplink_shaped[u] && !walk_skips_forward(w)
			? term_class_of_mark(w)
			: term_granted(w);
	return oif->value;
}

/* New connections of those who are in, and what has had no answer yet. */
static void zone_granted(struct walk *w, const struct zone_settings *z)
{
	struct ruleset_term oif, mark;

	target_chain(w, "pass", z->name);
	RULE(w, T(TERM_NEW_FLOW), term_of_zone(TERM_JUMP, "count", z->name));
	for (size_t u = 0; u < w->in->settings->uplinks; u++) {
		if (!way_out(w, u, &oif, &mark))
			continue;
		RULE(w, oif, T(TERM_NEW_FLOW), mark,
		     term_count(COUNTER_LET_OUT), T(TERM_ACCEPT));
		RULE(w, oif, mark, T(TERM_ACCEPT));
	}
	RULE(w, term_named(TERM_GOTO, "refuse"));

	target_chain(w, "granted", z->name);
	if_to_part(w, z, PART_ALLOW, term_of_zone(TERM_GOTO, "pass", z->name));
	if_special(w, has_garden(w, z)
			      ? term_of_zone(TERM_GOTO, "before", z->name)
			      : term_named(TERM_GOTO, "refuse"));
	RULE(w, term_of_zone(TERM_GOTO, "pass", z->name));
}

/* "8443/tcp" */
static void open_port(struct walk *w, const char *text)
{
	uint16_t port;
	uint8_t protocol;

	if (valid_port_parse(text, &port, &protocol))
		RULE(w, term_l4proto(protocol), term_dport(port),
		     T(TERM_ACCEPT));
}

static bool opens_all_ports(const struct zone_settings *z)
{
	for (size_t i = 0; i < z->garden_port.count; i++)
		if (!strcmp(z->garden_port.value[i], "all"))
			return true;
	return false;
}

static void zone_garden(struct walk *w, const struct zone_settings *z)
{
	static const char *const web[] = { "80/tcp", "443/tcp", "443/udp" };

	target_chain(w, "garden", z->name);
	RULE(w, T(TERM_NEW_FLOW), term_of_zone(TERM_JUMP, "count", z->name));
	if (opens_all_ports(z)) {
		RULE(w, T(TERM_ACCEPT));
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(web); i++)
		open_port(w, web[i]);
	for (size_t i = 0; i < z->garden_port.count; i++)
		open_port(w, z->garden_port.value[i]);
	RULE(w, term_named(TERM_GOTO, "refuse"));
}

/*
 * The garden, for those who are not in. A name leads where its owner wants, but
 * not into anybody's own network.
 */
static void zone_before(struct walk *w, const struct zone_settings *z)
{
	struct ruleset_term to_garden =
		term_of_zone(TERM_GOTO, "garden", z->name);

	target_chain(w, "before", z->name);
	if_to_part(w, z, PART_NETS, to_garden);
	if_special(w, term_named(TERM_GOTO, "refuse"));
	if_to_part(w, z, PART_NAMES, to_garden);
	RULE(w, term_named(TERM_GOTO, "refuse"));
}

static void zone_out(struct walk *w, const struct zone_settings *z)
{
	const struct settings *s = w->in->settings;

	target_chain(w, "from", z->name);
	/* NAT and its look at the source have not seen them. */
	RULE(w, term_ct_state(STATE_INVALID | STATE_UNTRACKED), T(TERM_DROP));
	clamp_mss(w);
	RULE(w, term_granted(w), term_of_zone(TERM_GOTO, "granted", z->name));
	for (size_t u = 0; u < s->uplinks && has_garden(w, z); u++)
		RULE(w, term_named(TERM_OIFNAME, s->uplink[u].device),
		     term_of_zone(TERM_GOTO, "before", z->name));
	RULE(w, term_named(TERM_GOTO, "refuse"));
}

/*
 * A flow is in the table that it is put into first. Of UDP the answer is the
 * first that others would take, by devices that may lie below ours.
 */
static void offload_answers(struct walk *w)
{
	const struct ruleset_input *in = w->in;

	for (size_t u = 0; u < in->settings->uplinks; u++)
		if (in->uplink_ifindex[u])
			RULE(w,
			     term_named(TERM_IIFNAME,
					in->settings->uplink[u].device),
			     term_ct_state(STATE_ESTABLISHED), offload());
}

static void zone_back(struct walk *w, const struct zone_settings *z)
{
	target_chain(w, "to", z->name);
	RULE(w, term_not_ct_state(STATE_ESTABLISHED | STATE_RELATED),
	     T(TERM_DROP));
	clamp_mss(w);
	if_from_part(w, z, PART_NAMES);
	if_from_part(w, z, PART_NETS);
	if (w->in->flow_table && w->in->foreign_flow_table)
		offload_answers(w);
	RULE(w, term_set_slot(w, SLOT_INBOUND), T(TERM_ACCEPT));
}

static void hook_chain(struct walk *w, const char *name, enum ruleset_hook hook,
		       int priority)
{
	walk_chain(w,
		   (struct ruleset_chain){ .hook = hook, .priority = priority },
		   name, NULL);
}

/* First packets alone come by, after everybody's filters. */
static void arrived(struct walk *w)
{
	const struct settings *s = w->in->settings;
	uint32_t port[PORTAL_PORTS];
	size_t ports = portal_ports(&s->portal, port);

	hook_chain(w, "arrived", HOOK_INPUT_NAT, PRIORITY_INPUT_NAT);
	for (size_t z = 0; z < s->zones; z++)
		for (size_t k = 0; k < ports; k++)
			RULE(w, term_named(TERM_IIFNAME, s->zone[z].device),
			     term_l4proto(IPPROTO_TCP), term_dport(port[k]),
			     term_count(COUNTER_ARRIVED), T(TERM_RETURN));
}

static void postrouting(struct walk *w)
{
	const struct settings *s = w->in->settings;

	hook_chain(w, "postrouting", HOOK_POSTROUTING_NAT,
		   PRIORITY_POSTROUTING);
	for (size_t z = 0; z < s->zones; z++)
		for (size_t u = 0; u < s->uplinks; u++)
			RULE(w, term_granted(w),
			     term_named(TERM_IIFNAME, s->zone[z].device),
			     term_named(TERM_OIFNAME, s->uplink[u].device),
			     term_count(COUNTER_LEFT));
	for (size_t z = 0; z < s->zones; z++) {
		for (size_t u = 0; u < s->uplinks; u++) {
			const struct uplink_settings *up = &s->uplink[u];

			if (up->masquerade == MASQUERADE_IPV4)
				RULE(w, T(TERM_NFPROTO, .value = NFPROTO_IPV4),
				     term_named(TERM_IIFNAME,
						s->zone[z].device),
				     term_named(TERM_OIFNAME, up->device),
				     T(TERM_MASQUERADE));
			else if (up->masquerade == MASQUERADE_BOTH)
				RULE(w,
				     term_named(TERM_IIFNAME,
						s->zone[z].device),
				     term_named(TERM_OIFNAME, up->device),
				     T(TERM_MASQUERADE));
		}
	}
}

/*
 * Behind the rules of the zones, which let nothing go on: guests are behind it,
 * and it is not, or no longer, called what a zone's device is.
 */
static void shut_byways(struct walk *w)
{
	RULE(w, term_named(TERM_IIF_IN_SET, RULESET_BYWAYS), T(TERM_DROP));
}

static void forward(struct walk *w)
{
	const struct settings *s = w->in->settings;
	struct ruleset_term oif, mark;

	hook_chain(w, "forward", HOOK_FORWARD, PRIORITY_FILTER);
	/*
	 * The way of nearly every packet, so it comes first and costs least:
	 * where nobody is capped, without a mask; else that is known by the
	 * first term, as it is for downloads.
	 */
	for (size_t u = 0; u < s->uplinks; u++) {
		if (!way_out(w, u, &oif, &mark))
			continue;
		if (w->in->flow_table)
			RULE(w, oif, term_ct_state(STATE_ESTABLISHED), mark,
			     offload());
		else if (!w->in->foreign_flow_table)
			RULE(w, term_only_slot(w, SLOT_UNCAPPED), oif,
			     term_ct_state(STATE_ESTABLISHED), T(TERM_ACCEPT));
		RULE(w, oif, term_ct_state(STATE_ESTABLISHED), mark,
		     T(TERM_ACCEPT));
	}
	for (size_t i = 0; i < s->zones; i++)
		RULE(w, term_named(TERM_IIFNAME, s->zone[i].device),
		     term_of_zone(TERM_GOTO, "from", s->zone[i].name));
	shut_byways(w);
	for (size_t i = 0; i < s->zones; i++)
		RULE(w, term_named(TERM_OIFNAME, s->zone[i].device),
		     term_of_zone(TERM_GOTO, "to", s->zone[i].name));
}

static void input(struct walk *w)
{
	const struct settings *s = w->in->settings;

	hook_chain(w, "input", HOOK_INPUT, PRIORITY_FILTER);
	/*
	 * A bridge leaves these frames to its port (br_handle_frame()), which
	 * no rule knows by name. Nobody sends IP there.
	 */
	RULE(w, T(TERM_PORTS_OWN), T(TERM_DROP));
	for (size_t i = 0; i < s->zones; i++)
		RULE(w, term_named(TERM_IIFNAME, s->zone[i].device),
		     term_of_zone(TERM_GOTO, "input", s->zone[i].name));
	shut_byways(w);
}

static void zone_chains(struct walk *w, const struct zone_settings *z)
{
	zone_nat(w, z);
	zone_count(w, z);
	zone_input(w, z);
	if (has_garden(w, z)) {
		zone_garden(w, z);
		zone_before(w, z);
	}
	zone_granted(w, z);
	zone_out(w, z);
	zone_back(w, z);
}

void ruleset_inet_walk(struct walk *w)
{
	const struct settings *s = w->in->settings;

	walk_table(w, FAMILY_INET);
	for (int i = 0; i < COUNTER_MAX; i++)
		walk_counter(w, (enum ruleset_counter)i);
	inet_sets(w);
	flow_table(w);
	refuse(w);
	for (size_t i = 0; i < s->zones; i++)
		zone_chains(w, &s->zone[i]);
	hook_chain(w, "prerouting", HOOK_PREROUTING_NAT, PRIORITY_PREROUTING);
	for (size_t i = 0; i < s->zones; i++)
		RULE(w, term_named(TERM_IIFNAME, s->zone[i].device),
		     term_of_zone(TERM_JUMP, "nat", s->zone[i].name));
	input(w);
	forward(w);
	arrived(w);
	postrouting(w);
}
