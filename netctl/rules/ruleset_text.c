/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/rules/ruleset_text.h"

#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter.h>

#include "common/array.h"
#include "common/stringify.h"
#include "netctl/rules/ruleset_walk.h"
#include "netctl/rules/special_nets.h"

struct writer {
	FILE *out;
	bool in_table;
	bool in_chain;
};

static const char *const field_text[FIELD_MAX] = {
	[FIELD_ETHER_SADDR] = "ether saddr",
	[FIELD_ETHER_DADDR] = "ether daddr",
	[FIELD_IP_SADDR] = "ip saddr",
	[FIELD_IP_DADDR] = "ip daddr",
	[FIELD_IP6_SADDR] = "ip6 saddr",
	[FIELD_IP6_DADDR] = "ip6 daddr",
};

static const char *protocol_text(uint32_t protocol)
{
	static const struct {
		uint32_t number;
		const char *name;
	} known[] = {
		{ IPPROTO_ICMP, "icmp" },
		{ IPPROTO_TCP, "tcp" },
		{ IPPROTO_UDP, "udp" },
		{ IPPROTO_ICMPV6, "ipv6-icmp" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].number == protocol)
			return known[i].name;
	return "?";
}

/* --- one function a term ----------------------------------------------- */

static void write_iifname(FILE *f, const struct ruleset_term *t)
{
	fprintf(f, "iifname \"%s\"", t->name);
}

static void write_oifname(FILE *f, const struct ruleset_term *t)
{
	fprintf(f, "oifname \"%s\"", t->name);
}

static void write_iif_in_set(FILE *f, const struct ruleset_term *t)
{
	fprintf(f, "iif @%s", t->name);
}

static void write_oif(FILE *f, const struct ruleset_term *t)
{
	fprintf(f, "oif \"%s\"", t->name);
}

static void write_nfproto(FILE *f, const struct ruleset_term *t)
{
	fprintf(f, "meta nfproto %s",
		t->value == NFPROTO_IPV4 ? "ipv4" : "ipv6");
}

static void write_l4proto(FILE *f, const struct ruleset_term *t)
{
	fprintf(f, "meta l4proto %s", protocol_text(t->value));
}

static void write_sport(FILE *f, const struct ruleset_term *t)
{
	fprintf(f, "th sport %u", t->value);
}

static void write_dport(FILE *f, const struct ruleset_term *t)
{
	fprintf(f, "th dport %u", t->value);
}

static void write_icmpv6(FILE *f, const struct ruleset_term *t)
{
	fprintf(f, "icmpv6 type %u", t->value);
}

static void write_local(FILE *f, const struct ruleset_term *t)
{
	(void)t;
	fputs("fib daddr type local", f);
}

static void write_spoofed(FILE *f, const struct ruleset_term *t)
{
	(void)t;
	fputs("fib saddr . iif oif 0", f);
}

static void write_mark(FILE *f, const struct ruleset_term *t)
{
	if (t->mask == UINT32_MAX)
		fprintf(f, "meta mark == 0x%08x", t->value);
	else
		fprintf(f, "meta mark & 0x%08x %s 0x%08x", t->mask,
			t->negate ? "!=" : "==", t->value);
}

static void write_in_set(FILE *f, const struct ruleset_term *t)
{
	fprintf(f, "%s @%s", field_text[t->field], t->name);
}

static void write_ct_state(FILE *f, const struct ruleset_term *t)
{
	static const struct {
		enum ruleset_state bit;
		const char *name;
	} states[] = {
		{ STATE_INVALID, "invalid" },
		{ STATE_ESTABLISHED, "established" },
		{ STATE_RELATED, "related" },
		{ STATE_UNTRACKED, "untracked" },
	};
	const char *separator = "";

	fprintf(f, "ct state %s",
		t->negate		  ? "! "
		: ruleset_is_one_state(t) ? "== "
					  : "");
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		if (!(t->mask & states[i].bit))
			continue;
		fprintf(f, "%s%s", separator, states[i].name);
		separator = ",";
	}
}

static void write_over_rate(FILE *f, const struct ruleset_term *t)
{
	fprintf(f,
		"update @%s { ether saddr limit rate over %u/second "
		"burst %u packets }",
		t->name, t->value, t->value * RULESET_QUERIES_BURST_S);
}

static void write_answers(FILE *f, const struct ruleset_term *t)
{
	fprintf(f,
		"update @%s { ether daddr limit rate %u kbytes/second "
		"burst %u kbytes }",
		t->name, RULESET_ANSWERS_KBYTES_PER_S,
		RULESET_ANSWERS_BURST_KBYTES);
}

static void write_flows(FILE *f, const struct ruleset_term *t)
{
	fprintf(f, "add @%s { ether saddr ct count %s%u }", t->name,
		t->negate ? "over " : "", t->value);
}

static void write_set_mark(FILE *f, const struct ruleset_term *t)
{
	fprintf(f, "meta mark set meta mark & 0x%08x | 0x%08x", ~t->mask,
		t->value);
}

static void write_map_mark(FILE *f, const struct ruleset_term *t)
{
	fprintf(f, "meta mark set %s map @%s", field_text[t->field], t->name);
}

static void write_map_class(FILE *f, const struct ruleset_term *t)
{
	fprintf(f, "meta priority set %s map @%s", field_text[t->field],
		t->name);
}

static void write_mark_class(FILE *f, const struct ruleset_term *t)
{
	fprintf(f,
		"meta mark & 0x%08x != 0x00000000 "
		"meta priority set meta mark >> %u & 0x%x | 0x%08x",
		t->mask << t->shift, t->shift, t->mask, t->value);
}

static void write_count(FILE *f, const struct ruleset_term *t)
{
	fprintf(f, "counter name \"%s\"", ruleset_counter_names[t->value]);
}

static void write_redirect(FILE *f, const struct ruleset_term *t)
{
	fprintf(f, "redirect to :%u", t->value);
}

static void write_offload(FILE *f, const struct ruleset_term *t)
{
	fprintf(f, "flow add @%s", t->name);
}

static void write_jump(FILE *f, const struct ruleset_term *t)
{
	fprintf(f, "jump %s", t->name);
}

static void write_goto(FILE *f, const struct ruleset_term *t)
{
	fprintf(f, "goto %s", t->name);
}

/* A kind is written by its function, or is a fixed word. */
static const struct {
	void (*write)(FILE *f, const struct ruleset_term *t);
	const char *word;
} term_writers[TERM_KIND_MAX] = {
	[TERM_IIFNAME] = { write_iifname, NULL },
	[TERM_OIFNAME] = { write_oifname, NULL },
	[TERM_IIF_IN_SET] = { write_iif_in_set, NULL },
	[TERM_OIF] = { write_oif, NULL },
	[TERM_NFPROTO] = { write_nfproto, NULL },
	[TERM_L4PROTO] = { write_l4proto, NULL },
	[TERM_SPORT] = { write_sport, NULL },
	[TERM_DPORT] = { write_dport, NULL },
	[TERM_ICMPV6] = { write_icmpv6, NULL },
	[TERM_LOCAL] = { write_local, NULL },
	[TERM_SPOOFED] = { write_spoofed, NULL },
	[TERM_MARK] = { write_mark, NULL },
	[TERM_IN_SET] = { write_in_set, NULL },
	[TERM_CT_STATE] = { write_ct_state, NULL },
	[TERM_OVER_RATE] = { write_over_rate, NULL },
	[TERM_ANSWERS] = { write_answers, NULL },
	[TERM_FLOWS] = { write_flows, NULL },
	[TERM_SET_MARK] = { write_set_mark, NULL },
	[TERM_MAP_MARK] = { write_map_mark, NULL },
	[TERM_MAP_CLASS] = { write_map_class, NULL },
	[TERM_MARK_CLASS] = { write_mark_class, NULL },
	[TERM_COUNT] = { write_count, NULL },
	[TERM_REDIRECT] = { write_redirect, NULL },
	[TERM_OFFLOAD] = { write_offload, NULL },
	[TERM_PORTS_OWN] = { NULL, "@ll,0,40 0x0180c20000" },
	[TERM_SYN] = { NULL, "tcp flags & syn == syn" },
	[TERM_NEW_FLOW] = { NULL, "ct status ! confirmed" },
	[TERM_ANSWER] = { NULL, "ct direction reply" },
	[TERM_CLAMP_MSS] = { NULL, "tcp option maxseg size set rt mtu" },
	[TERM_MASQUERADE] = { NULL, "masquerade" },
	[TERM_REJECT_TCP] = { NULL, "reject with tcp reset" },
	[TERM_REJECT] = { NULL, "reject with icmpx type admin-prohibited" },
	[TERM_ACCEPT] = { NULL, "accept" },
	[TERM_DROP] = { NULL, "drop" },
	[TERM_RETURN] = { NULL, "return" },
	[TERM_JUMP] = { write_jump, NULL },
	[TERM_GOTO] = { write_goto, NULL },
};

/* --- the visitor ------------------------------------------------------- */

static void close_chain(struct writer *w)
{
	if (w->in_chain)
		fputs("\t}\n", w->out);
	w->in_chain = false;
}

static void close_table(struct writer *w)
{
	close_chain(w);
	if (w->in_table)
		fputs("}\n", w->out);
	w->in_table = false;
}

static void on_table(void *arg, enum ruleset_family family)
{
	struct writer *w = arg;

	close_table(w);
	fprintf(w->out, "table %s %s {\n",
		family == FAMILY_NETDEV ? "netdev" : "inet", RULESET_TABLE);
	w->in_table = true;
}

static void on_counter(void *arg, enum ruleset_counter counter)
{
	struct writer *w = arg;

	fprintf(w->out, "\tcounter %s {\n\t\tpackets 0 bytes 0\n\t}\n\n",
		ruleset_counter_names[counter]);
}

static void write_members(FILE *f, const struct ruleset_set *s)
{
	uint8_t family = s->key == KEY_IPV4 ? AF_INET : AF_INET6;
	const char *separator = "";
	struct addr a;
	unsigned int prefix;

	fputs("\t\telements = { ", f);
	for (size_t i = 0; i < s->nets.count; i++) {
		if (!addr_parse_prefix(&a, &prefix, s->nets.text[i]) ||
		    a.family != family)
			continue;
		fprintf(f, "%s%s", separator, s->nets.text[i]);
		separator = ", ";
	}
	fputs(" }\n", f);
}

static void on_set(void *arg, const struct ruleset_set *s)
{
	static const char *const key[] = {
		[KEY_ETHER] = "ether_addr",
		[KEY_IPV4] = "ipv4_addr",
		[KEY_IPV6] = "ipv6_addr",
		[KEY_IFINDEX] = "iface_index",
	};
	static const char *const body[] = {
		[SET_MARKS] = " : mark\n\t\tflags timeout\n\t\tcounter\n",
		[SET_CLASSES] = " : classid\n\t\tflags timeout\n\t\tcounter\n",
		[SET_LIMITS] = "\n\t\tflags timeout\n",
		[SET_RATES] = "\n\t\tsize " STRINGIFY(
			RULESET_SET_MAX) "\n"
					 "\t\tflags "
					 "dynamic,"
					 "timeout\n\t\ttimeout " STRINGIFY(
						 RULESET_RATE_TIMEOUT_S) "s\n",
		[SET_ANSWERS] = "\n\t\tsize " STRINGIFY(
			RULESET_STRANGERS_MAX) "\n"
					       "\t\tflags dynamic,"
					       "timeout\n\t\ttimeout"
					       " " STRINGIFY(
						       RULESET_ANSWERS_TIMEOUT_S) "s\n",
		[SET_FLOWS] = "\n\t\tsize " STRINGIFY(
			RULESET_STRANGERS_MAX) "\n\t\tflags dynamic\n",
		[SET_MEMBERS] = "\n\t\tsize " STRINGIFY(
			RULESET_MEMBERS_MAX) "\n\t\tflags dynamic\n",
		[SET_GARDEN] = "\n\t\tsize " STRINGIFY(
			RULESET_SET_MAX) "\n"
					 "\t\tflags "
					 "timeout\n\t\ttimeout " STRINGIFY(
						 RULESET_GARDEN_TIMEOUT_H) "h"
									   "\n",
		[SET_BYWAYS] = "\n\t\tsize " STRINGIFY(RULESET_BYWAYS_MAX) "\n",
		[SET_NETS] = "\n\t\tflags interval\n\t\tauto-merge\n",
	};
	struct writer *w = arg;
	bool is_map = s->kind == SET_MARKS || s->kind == SET_CLASSES;

	fprintf(w->out, "\t%s %s {\n\t\ttype %s%s", is_map ? "map" : "set",
		s->name, key[s->key], body[s->kind]);
	if (s->kind == SET_NETS)
		write_members(w->out, s);
	fputs("\t}\n\n", w->out);
}

static void on_flow_table(void *arg, const struct ruleset_flow_table *t)
{
	FILE *f = ((struct writer *)arg)->out;

	fprintf(f, "\tflowtable %s {\n\t\thook ingress priority %d\n", t->name,
		t->priority);
	for (size_t i = 0; i < t->devices; i++)
		fprintf(f, "%s\"%s\"", i ? ", " : "\t\tdevices = { ",
			t->device[i]);
	fprintf(f, "%s\t}\n\n", t->devices ? " }\n" : "");
}

static void on_chain(void *arg, const struct ruleset_chain *c)
{
	static const char *const hook[] = {
		[HOOK_INGRESS] = "filter hook ingress",
		[HOOK_EGRESS] = "filter hook egress",
		[HOOK_PREROUTING_NAT] = "nat hook prerouting",
		[HOOK_POSTROUTING_NAT] = "nat hook postrouting",
		[HOOK_INPUT] = "filter hook input",
		[HOOK_INPUT_NAT] = "nat hook input",
		[HOOK_FORWARD] = "filter hook forward",
	};
	struct writer *w = arg;

	close_chain(w);
	fprintf(w->out, "\tchain %s {\n", c->name);
	w->in_chain = true;
	if (c->hook == HOOK_NONE)
		return;
	fprintf(w->out, "\t\ttype %s", hook[c->hook]);
	if (c->device)
		fprintf(w->out, " device \"%s\"", c->device);
	fprintf(w->out, " priority %d; policy accept;\n", c->priority);
}

static void on_rule(void *arg, const struct ruleset_rule *r)
{
	struct writer *w = arg;

	fputs("\t\t", w->out);
	for (int i = 0; i < r->terms; i++) {
		const struct ruleset_term *t = &r->term[i];

		if (i)
			fputc(' ', w->out);
		if (term_writers[t->kind].write)
			term_writers[t->kind].write(w->out, t);
		else
			fputs(term_writers[t->kind].word, w->out);
	}
	fputc('\n', w->out);
}

static void print_input(const struct ruleset_input *in, FILE *out)
{
	struct writer w = { .out = out };
	const struct ruleset_visitor v = { .on_table = on_table,
					   .on_counter = on_counter,
					   .on_set = on_set,
					   .on_flow_table = on_flow_table,
					   .on_chain = on_chain,
					   .on_rule = on_rule,
					   .arg = &w };

	ruleset_walk(in, &v);
	close_table(&w);
}

void ruleset_print(const struct settings *s, FILE *out)
{
	struct ruleset_input in = { .settings = s,
				    .flow_table = s->gate.flow_table,
				    .special = { special_nets, SPECIAL_NETS } };
	bool shaped = false;

	for (size_t i = 0; i < s->zones; i++) {
		in.zone_present[i] = true;
		shaped = shaped || settings_zone_may_cap(s, i);
	}
	for (size_t i = 0; i < s->uplinks; i++) {
		in.uplink_ifindex[i] = 1; /* any */
		in.uplink_shaped[i] = shaped;
	}
	print_input(&in, out);
}
