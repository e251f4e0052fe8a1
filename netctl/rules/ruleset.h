/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the gate's two nftables tables hold, described once. A visitor turns
 * the description into nft's syntax (ruleset_text) or into kernel bytecode
 * (ruleset_nft). Nothing here grows with the number of people: they are
 * elements of the maps.
 */
#ifndef STADTTOR_NETCTL_RULES_RULESET_H
#define STADTTOR_NETCTL_RULES_RULESET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/config/settings.h"

#define RULESET_TABLE	 "stadttor" /* of family netdev, and of inet */
#define RULESET_NAME_MAX 32
#define RULESET_TERMS	 6

/* Of sets that packets and names fill, in text and bytecode alike. */
#define RULESET_SET_MAX		 4096
#define RULESET_RATE_TIMEOUT_S	 10
#define RULESET_GARDEN_TIMEOUT_H 6

/* The gate's 16 bits of the packet mark, before they are shifted. */
#define SLOT_NONE     0
#define SLOT_FIRST    2 /* class minor numbers of capped devices */
#define SLOT_LAST     0xfffd
#define SLOT_UNCAPPED 0xfffe /* granted, without a class */
#define SLOT_INBOUND                                                           \
	0xffff /* from the uplink to a device yet to be checked                \
		*/

/* Major number of the gate's root qdiscs: "ST". */
#define SHAPER_MAJOR 0x5354

enum ruleset_family { FAMILY_NETDEV, FAMILY_INET };

enum ruleset_key { KEY_ETHER, KEY_IPV4, KEY_IPV6 };

enum ruleset_hook {
	HOOK_NONE, /* a chain that others jump to */
	HOOK_INGRESS,
	HOOK_EGRESS,
	HOOK_PREROUTING_NAT,
	HOOK_POSTROUTING_NAT,
	HOOK_INPUT,
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
	TERM_OIF,	 /* name, value: its index */
	TERM_NFPROTO,	 /* value: NFPROTO_* */
	TERM_L4PROTO,	 /* value: IPPROTO_* */
	TERM_DPORT,	 /* value: port */
	TERM_LOCAL,	 /* the destination is an address of this box */
	TERM_SPOOFED,	 /* no way back to the source leads out there */
	TERM_MARK,	 /* mark & mask == value, or != with negate */
	TERM_IN_SET,	 /* field, name of the set */
	TERM_REPLY,	 /* of an established or related connection; negate */
	TERM_TRACKED,	 /* conntrack knows its connection; negate */
	TERM_ANSWER,	 /* in the direction of the reply */
	TERM_OVER_RATE,	 /* name of the set, value: per second, per device */
	TERM_SET_MARK,	 /* mark = (mark & ~mask) | value */
	TERM_MAP_MARK,	 /* mark = map name of field */
	TERM_MAP_CLASS,	 /* priority = map name of field */
	TERM_MARK_CLASS, /* our mark is not 0; priority = value | that */
	TERM_REDIRECT,	 /* value: port */
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
	SET_GARDEN,  /* addresses with time-out, by dnsmasq or garden_sync */
	SET_NETS,    /* networks from the config */
};

struct ruleset_set {
	enum ruleset_family family;
	char name[RULESET_NAME_MAX];
	enum ruleset_set_kind kind;
	enum ruleset_key key;
	const struct conf_list *members; /* SET_NETS: those of this family */
};

/* What the description depends on beside the config. */
struct ruleset_input {
	const struct settings *settings;
	bool zone_present[SETTINGS_ZONES];
	bool zone_shut[SETTINGS_ZONES]; /* nothing enters by its device */
	/* what its device is called since it was renamed; empty: it was not */
	char zone_renamed[SETTINGS_ZONES][IFNAMSIZ];
	bool zone_policed[SETTINGS_ZONES];
	uint32_t uplink_ifindex[SETTINGS_UPLINKS]; /* 0: not there */
	bool uplink_shaped[SETTINGS_UPLINKS];
	/*
	 * Somebody has a flow table: flows in it skip the forward hook, so
	 * uploads get their class at the uplink's egress instead.
	 */
	bool has_flow_table;
};

/* Any of the functions may be NULL. */
struct ruleset_visitor {
	void (*on_table)(void *arg, enum ruleset_family family);
	void (*on_set)(void *arg, const struct ruleset_set *set);
	void (*on_chain)(void *arg, const struct ruleset_chain *chain);
	void (*on_rule)(void *arg, const struct ruleset_rule *rule);
	void *arg;
};

/*
 * Walks both tables: table, its sets, then each chain followed by its rules;
 * a chain that others jump to comes before them.
 */
void ruleset_walk(const struct ruleset_input *in,
		  const struct ruleset_visitor *visitor);

/* All of the gate's bits of a mark. */
uint32_t ruleset_mark_mask(const struct settings *s);

/* "up_guest" and its like, for a zone. */
void ruleset_name(char name[RULESET_NAME_MAX], const char *what,
		  const char *zone);

#endif
