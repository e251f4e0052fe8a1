/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the two tables are written with: the terms of rules, and a walk that
 * hands tables, sets, chains and rules to a visitor. For ruleset_netdev and
 * ruleset_inet alone.
 */
#ifndef STADTTOR_NETCTL_RULES_WALK_H
#define STADTTOR_NETCTL_RULES_WALK_H

#include "netctl/rules/ruleset.h"

/* Before the firewall's own chains, so that ours see packets first. */
#define PRIORITY_INGRESS     (-10)
#define PRIORITY_FLOW_TABLE  (-9)
#define PRIORITY_SLOW	     (-8) /* what the flow table has not taken */
#define PRIORITY_EGRESS	     0
#define PRIORITY_PREROUTING  RULESET_NAT_PRIORITY
#define PRIORITY_POSTROUTING 99
#define PRIORITY_FILTER	     (-1)
#define PRIORITY_INPUT_NAT   101 /* behind all that filter */

#define DNS_PORT 53

struct walk {
	const struct ruleset_input *in;
	const struct ruleset_visitor *visitor;
	enum ruleset_family family;
	char chain[RULESET_NAME_MAX];
	uint32_t mask; /* of our bits in a packet's mark */
};

#define T(k, ...) ((struct ruleset_term){ .kind = (k), ##__VA_ARGS__ })

struct ruleset_term term_named(enum term_kind kind, const char *name);
struct ruleset_term term_in_set(enum term_kind kind, enum ruleset_field field,
				const char *what, const char *zone);
struct ruleset_term term_of_zone(enum term_kind kind, const char *what,
				 const char *zone);
struct ruleset_term term_ct_state(uint32_t bits);
struct ruleset_term term_not_ct_state(uint32_t bits);
struct ruleset_term term_l4proto(uint32_t protocol);
struct ruleset_term term_dport(uint64_t port);
struct ruleset_term term_count(enum ruleset_counter counter);
struct ruleset_term term_granted(const struct walk *w);
struct ruleset_term term_not_granted(const struct walk *w);
struct ruleset_term term_slot(const struct walk *w, uint32_t slot);
/* And no bit of others. */
struct ruleset_term term_only_slot(const struct walk *w, uint32_t slot);
struct ruleset_term term_set_slot(const struct walk *w, uint32_t slot);
struct ruleset_term term_class_of_mark(const struct walk *w);
/* Flows may skip the forward hook, by whosever table. */
bool walk_skips_forward(const struct walk *w);
void walk_table(struct walk *w, enum ruleset_family family);
void walk_flow_table(struct walk *w, const struct ruleset_flow_table *f);
void walk_counter(struct walk *w, enum ruleset_counter counter);
void walk_set(struct walk *w, struct ruleset_set s, const char *what,
	      const char *zone);
void walk_chain(struct walk *w, struct ruleset_chain c, const char *what,
		const char *zone);
void walk_rule(struct walk *w, const struct ruleset_term *terms, int n);

#define RULE(w, ...)                                                           \
	walk_rule(w, (struct ruleset_term[]){ __VA_ARGS__ },                   \
		  sizeof((struct ruleset_term[]){ __VA_ARGS__ }) /             \
			  sizeof(struct ruleset_term))

#endif
