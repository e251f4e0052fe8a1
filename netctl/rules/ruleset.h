/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words in which the gate's two nftables tables are described, once
 * (ruleset_netdev, ruleset_inet). A visitor turns the description into nft's
 * syntax (ruleset_text) or into kernel bytecode (ruleset_nft). Nothing here
 * grows with the number of people: they are elements of the maps.
 */
#ifndef STADTTOR_NETCTL_RULES_RULESET_H
#define STADTTOR_NETCTL_RULES_RULESET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/config/settings.h"

#define RULESET_TABLE	 "stadttor" /* of family netdev, and of inet */
#define RULESET_NAME_MAX 32

/* Of the gate's NAT in prerouting: before the firewall's, at -100. */
#define RULESET_NAT_PRIORITY (-101)

#define RULESET_TERMS 6

/* Of sets that packets and names fill, in text and bytecode alike. */
#define RULESET_SET_MAX		 4096
#define RULESET_RATE_TIMEOUT_S	 10
#define RULESET_GARDEN_TIMEOUT_H 6

/*
 * Devices in a set that packets fill: made-up ones of those who are not in, and
 * of those who are in as many as there can be sessions.
 */
#define RULESET_STRANGERS_MAX 16384
#define RULESET_MEMBERS_MAX   65536

/*
 * Answers of DNS to a device that is not in. A bucket is full again before its
 * element is forgotten, so that silence gains nothing.
 */
#define RULESET_ANSWERS_KBYTES_PER_S 8U
#define RULESET_ANSWERS_BURST_KBYTES 256U
#define RULESET_ANSWERS_TIMEOUT_S    60
/* Queries to the resolver: names looked up at once, in the bucket's seconds. */
#define RULESET_QUERIES_BURST_S 10

/* Devices that guests are, or were, behind. */
#define RULESET_BYWAYS	   "byways"
#define RULESET_BYWAYS_MAX RULESET_SET_MAX

/* Connections at once of a device that is not in. */
#define RULESET_FLOWS_BEFORE 200
/* Connections of TCP at once to the resolver, of any device. */
#define RULESET_FLOWS_DNS 3

/* The gate's 16 bits of the packet mark, before they are shifted. */
#define SLOT_NONE     0
#define SLOT_OUTSIDE  1 /* of a device that is not in, at the ingress */
#define SLOT_FIRST    2 /* class minor numbers of capped devices */
#define SLOT_LAST     0xfffd
#define SLOT_UNCAPPED 0xfffe /* granted, without a class */
#define SLOT_INBOUND  0xffff /* from the uplink, to a device to be checked */

/* The gate's own, which lets established flows skip conntrack and NAT. */
#define RULESET_FLOW_TABLE "flows"

/* Major number of the gate's root qdiscs: "ST". */
#define SHAPER_MAJOR 0x5354

_Static_assert(RULESET_ANSWERS_BURST_KBYTES / RULESET_ANSWERS_KBYTES_PER_S <
		       RULESET_ANSWERS_TIMEOUT_S,
	       "a bucket is full again before it is forgotten");
_Static_assert(RULESET_ANSWERS_KBYTES_PER_S * 8 == 64 &&
		       RULESET_ANSWERS_BURST_KBYTES == 256 &&
		       RULESET_QUERIES_BURST_S == 10,
	       "as dns_rate of stadttor.conf(5) says");
_Static_assert(RULESET_MEMBERS_MAX >= SETTINGS_SESSIONS,
	       "a place for everybody who is in");

enum ruleset_family { FAMILY_NETDEV, FAMILY_INET };

enum ruleset_key { KEY_ETHER, KEY_IPV4, KEY_IPV6, KEY_IFINDEX };

enum ruleset_hook {
	HOOK_NONE, /* a chain that others jump to */
	HOOK_INGRESS,
	HOOK_EGRESS,
	HOOK_PREROUTING_NAT,
	HOOK_POSTROUTING_NAT,
	HOOK_INPUT,
	HOOK_INPUT_NAT,
	HOOK_FORWARD,
};

/* Which bytes of the packet a set is asked for. */
enum ruleset_field {
	FIELD_ETHER_SADDR,
	FIELD_ETHER_DADDR,
	FIELD_IP_SADDR,
	FIELD_IP_DADDR,
	FIELD_IP6_SADDR,
	FIELD_IP6_DADDR,
	FIELD_MAX
};

enum term_kind {
	TERM_IIFNAME,	 /* name */
	TERM_OIFNAME,	 /* name */
	TERM_IIF_IN_SET, /* name of the set */
	TERM_OIF,	 /* name, value: its index */
	TERM_NFPROTO,	 /* value: NFPROTO_* */
	TERM_L4PROTO,	 /* value: IPPROTO_* */
	TERM_SPORT,	 /* value: port */
	TERM_DPORT,	 /* value: port */
	TERM_SYN,	 /* of TCP: opens a connection, or answers that */
	TERM_ICMPV6,	 /* value: type */
	TERM_LOCAL,	 /* the destination is an address of this box */
	TERM_PORTS_OWN, /* to a group that no bridge passes on: 802.1Q, 8.6.3 */
	TERM_SPOOFED,	/* no way back to the source leads out there */
	TERM_MARK,	/* mark & mask == value, or != with negate */
	TERM_IN_SET,	/* field, name of the set */
	TERM_CT_STATE,	/* one of mask: bits as in enum ruleset_state; negate */
	TERM_NEW_FLOW,	/* the first packet of a connection */
	TERM_ANSWER,	/* in the direction of the reply */
	TERM_OVER_RATE, /* name of the set, value: per second, per device */
	TERM_ANSWERS,	/* name of the set: within the device's bytes of DNS */
	TERM_FLOWS, /* name of the set, value: its device has no more; negate */
	TERM_SET_MARK,	 /* mark = (mark & ~mask) | value */
	TERM_MAP_MARK,	 /* mark = map name of field */
	TERM_MAP_CLASS,	 /* priority = map name of field */
	TERM_MARK_CLASS, /* our mark is not 0; priority = value | that */
	TERM_REDIRECT,	 /* value: port */
	TERM_OFFLOAD,	/* into the flow table of that name; where not, the rule
			   does not match */
	TERM_COUNT,	/* value: enum ruleset_counter */
	TERM_CLAMP_MSS, /* to what the routes of both directions carry */
	TERM_MASQUERADE,
	TERM_REJECT_TCP,
	TERM_REJECT,
	TERM_ACCEPT,
	TERM_DROP,
	TERM_RETURN,
	TERM_JUMP, /* name of the chain */
	TERM_GOTO, /* name of the chain */
	TERM_KIND_MAX
};

/*
 * Packets that open a connection, of all zones, where the gate lets them go on
 * and where they leave the firewall: who drops them in between is seen by it.
 */
enum ruleset_counter {
	COUNTER_LET_OUT,  /* of devices that are in, in forward */
	COUNTER_LEFT,	  /* of those, in postrouting */
	COUNTER_LET_IN,	  /* to the portal, in input */
	COUNTER_ARRIVED,  /* of those, at the end of input */
	COUNTER_TOO_MANY, /* refused, as their device has enough */
	COUNTER_MAX
};

extern const char *const ruleset_counter_names[COUNTER_MAX];

/* As of linux/netfilter/nf_conntrack_common.h. */
enum ruleset_state {
	STATE_INVALID = 1 << 0,
	STATE_ESTABLISHED = 1 << 1,
	STATE_RELATED = 1 << 2,
	STATE_UNTRACKED = 1 << 6,
};

struct ruleset_term {
	enum term_kind kind;
	bool negate;
	uint8_t shift;
	enum ruleset_field field;
	uint32_t value;
	uint32_t mask;
	char name[RULESET_NAME_MAX];
};

struct ruleset_rule {
	enum ruleset_family family;
	const char *chain;
	struct ruleset_term term[RULESET_TERMS];
	int terms;
};

struct ruleset_chain {
	enum ruleset_family family;
	char name[RULESET_NAME_MAX];
	enum ruleset_hook hook;
	int priority;
	const char *device; /* HOOK_INGRESS, HOOK_EGRESS */
};

enum ruleset_set_kind {
	SET_MARKS,   /* map, device -> mark, time-out and counter */
	SET_CLASSES, /* map, device -> class, time-out and counter */
	SET_LIMITS,  /* device, time-out, each element with its own limit */
	SET_RATES,   /* device, filled by the packet path, bounded */
	SET_ANSWERS, /* likewise, for bytes of DNS */
	SET_FLOWS,   /* likewise, for connections, which keep an element */
	SET_MEMBERS, /* the same for those who are in */
	SET_GARDEN,  /* addresses with time-out, by dnsmasq or garden_sync */
	SET_NETS,    /* networks */
	SET_BYWAYS,  /* devices of this box */
};

struct ruleset_nets {
	const char *const *text; /* as addr_parse_prefix() reads them */
	size_t count;
};

struct ruleset_devices {
	const uint32_t *ifindex;
	size_t count;
};

struct ruleset_set {
	enum ruleset_family family;
	char name[RULESET_NAME_MAX];
	enum ruleset_set_kind kind;
	enum ruleset_key key;
	struct ruleset_nets nets;	/* SET_NETS: those of this family */
	struct ruleset_devices devices; /* SET_BYWAYS */
};

/* Sees packets of flows that were added to it, and hands them on itself. */
struct ruleset_flow_table {
	const char *name;
	int priority; /* at the ingress of */
	const char *device[SETTINGS_ZONES + SETTINGS_UPLINKS];
	size_t devices;
};

/* What the description depends on beside the config. */
struct ruleset_input {
	const struct settings *settings;
	bool zone_present[SETTINGS_ZONES];
	bool zone_shut[SETTINGS_ZONES]; /* nothing enters by its device */
	bool zone_policed[SETTINGS_ZONES];
	/* nothing gets out: all are led to the portal, which says so */
	bool zone_offline[SETTINGS_ZONES];
	uint32_t uplink_ifindex[SETTINGS_UPLINKS]; /* 0: not there */
	/* others of the config stand on it, which see its frames later */
	bool zone_is_lower[SETTINGS_ZONES];
	bool uplink_is_lower[SETTINGS_UPLINKS];
	/* where nobody goes by an uplink unless the config allows it */
	struct ruleset_nets special;
	/* by which nothing enters unless a zone's rules know it by its name */
	struct ruleset_devices byways;
	bool uplink_shaped[SETTINGS_UPLINKS];
	/*
	 * Flows in a flow table skip the forward hook, so uploads get their
	 * class at the uplink's egress instead. In the gate's own only flows of
	 * those who are in begin, and none goes on for others.
	 */
	bool flow_table;
	bool foreign_flow_table;
};

/* Any of the functions may be NULL. */
struct ruleset_visitor {
	void (*on_table)(void *arg, enum ruleset_family family);
	void (*on_counter)(void *arg, enum ruleset_counter counter);
	void (*on_set)(void *arg, const struct ruleset_set *set);
	void (*on_flow_table)(void *arg, const struct ruleset_flow_table *f);
	void (*on_chain)(void *arg, const struct ruleset_chain *chain);
	void (*on_rule)(void *arg, const struct ruleset_rule *rule);
	void *arg;
};

/* All of the gate's bits of a mark. */
uint32_t ruleset_mark_mask(const struct settings *s);

/*
 * Of TERM_CT_STATE. A packet has one state, as a bit (nft_ct_get_eval()):
 * whether it is this one is asked without a mask.
 */
bool ruleset_is_one_state(const struct ruleset_term *t);

/* "up_guest" and its like, for a zone; zone NULL: of no zone. */
void ruleset_name(char name[RULESET_NAME_MAX], const char *what,
		  const char *zone);

#endif
