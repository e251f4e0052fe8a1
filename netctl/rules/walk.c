/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/rules/walk.h"

#include <stdio.h>
#include <string.h>

#include "common/log.h"

/* --- terms ------------------------------------------------------------- */

struct ruleset_term term_named(enum term_kind kind, const char *name)
{
	struct ruleset_term t = { .kind = kind };

	snprintf(t.name, sizeof(t.name), "%s", name);
	return t;
}

struct ruleset_term term_in_set(enum term_kind kind, enum ruleset_field field,
				const char *what, const char *zone)
{
	struct ruleset_term t = { .kind = kind, .field = field };

	ruleset_name(t.name, what, zone);
	return t;
}

struct ruleset_term term_of_zone(enum term_kind kind, const char *what,
				 const char *zone)
{
	return term_in_set(kind, 0, what, zone);
}

struct ruleset_term term_ct_state(uint32_t bits)
{
	return T(TERM_CT_STATE, .mask = bits);
}

struct ruleset_term term_not_ct_state(uint32_t bits)
{
	return T(TERM_CT_STATE, .mask = bits, .negate = true);
}

struct ruleset_term term_l4proto(uint32_t protocol)
{
	return T(TERM_L4PROTO, .value = protocol);
}

struct ruleset_term term_dport(uint64_t port)
{
	return T(TERM_DPORT, .value = (uint32_t)port);
}

struct ruleset_term term_count(enum ruleset_counter counter)
{
	return T(TERM_COUNT, .value = counter);
}

struct ruleset_term term_granted(const struct walk *w)
{
	return T(TERM_MARK, .mask = w->mask, .negate = true);
}

struct ruleset_term term_not_granted(const struct walk *w)
{
	return T(TERM_MARK, .mask = w->mask);
}

static uint32_t mark_of(const struct walk *w, uint32_t slot)
{
	return slot << w->in->settings->gate.mark_shift;
}

struct ruleset_term term_slot(const struct walk *w, uint32_t slot)
{
	return T(TERM_MARK, .mask = w->mask, .value = mark_of(w, slot));
}

struct ruleset_term term_only_slot(const struct walk *w, uint32_t slot)
{
	return T(TERM_MARK, .mask = UINT32_MAX, .value = mark_of(w, slot));
}

struct ruleset_term term_set_slot(const struct walk *w, uint32_t slot)
{
	return T(TERM_SET_MARK, .mask = w->mask, .value = mark_of(w, slot));
}

struct ruleset_term term_class_of_mark(const struct walk *w)
{
	return T(TERM_MARK_CLASS, .mask = 0xffff,
		 .shift = (uint8_t)w->in->settings->gate.mark_shift,
		 .value = (uint32_t)SHAPER_MAJOR << 16);
}

bool walk_skips_forward(const struct walk *w)
{
	return w->in->flow_table || w->in->foreign_flow_table;
}

/* --- events ------------------------------------------------------------ */

void walk_table(struct walk *w, enum ruleset_family family)
{
	w->family = family;
	if (w->visitor->on_table)
		w->visitor->on_table(w->visitor->arg, family);
}

void walk_counter(struct walk *w, enum ruleset_counter counter)
{
	if (w->visitor->on_counter)
		w->visitor->on_counter(w->visitor->arg, counter);
}

void walk_flow_table(struct walk *w, const struct ruleset_flow_table *f)
{
	if (w->visitor->on_flow_table)
		w->visitor->on_flow_table(w->visitor->arg, f);
}

void walk_set(struct walk *w, struct ruleset_set s, const char *what,
	      const char *zone)
{
	s.family = w->family;
	ruleset_name(s.name, what, zone);
	if (w->visitor->on_set)
		w->visitor->on_set(w->visitor->arg, &s);
}

void walk_chain(struct walk *w, struct ruleset_chain c, const char *what,
		const char *zone)
{
	c.family = w->family;
	ruleset_name(c.name, what, zone);
	snprintf(w->chain, sizeof(w->chain), "%s", c.name);
	if (w->visitor->on_chain)
		w->visitor->on_chain(w->visitor->arg, &c);
}

void walk_rule(struct walk *w, const struct ruleset_term *terms, int n)
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
