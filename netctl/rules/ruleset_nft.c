/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/rules/ruleset_nft.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/flowtable.h>
#include <libnftnl/object.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "common/array.h"
#include "netctl/rules/ruleset_expr.h"
#include "netctl/rules/ruleset_nets.h"
#include "netctl/rules/ruleset_walk.h"

#define PRIORITY_GUARD (-2) /* before ours */

#define RATE_TIMEOUT_MS	   (RULESET_RATE_TIMEOUT_S * 1000ULL)
#define ANSWERS_TIMEOUT_MS (RULESET_ANSWERS_TIMEOUT_S * 1000ULL)
#define GARDEN_TIMEOUT_MS  (RULESET_GARDEN_TIMEOUT_H * 3600 * 1000ULL)

#ifndef NFT_SET_EXPR
#define NFT_SET_EXPR 0x100 /* linux/netfilter/nf_tables.h since 5.11 */
#endif

/* nft's numbers of its data types, which make its listings readable. */
enum { NFT_TYPE_IPADDR = 7, NFT_TYPE_IP6ADDR = 8, NFT_TYPE_ETHERADDR = 9 };
enum { NFT_TYPE_MARK = 19, NFT_TYPE_IFINDEX = 20, NFT_TYPE_CLASSID = 23 };

uint16_t ruleset_nfproto(enum ruleset_family family)
{
	return family == FAMILY_NETDEV ? NFPROTO_NETDEV : NFPROTO_INET;
}

void ruleset_guard_table(char name[RULESET_GUARD_MAX], const char *device)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789_.-";

	snprintf(name, RULESET_GUARD_MAX, RULESET_GUARD "%s", device);
	for (char *c = name; *(c += strspn(c, plain));)
		*c = '_';
}

/* --- objects ----------------------------------------------------------- */

struct coder {
	struct nft *nft;
	uint32_t next_set_id;
};

static void put_table(struct nft *nft, uint16_t type, uint16_t nfproto,
		      const char *name)
{
	struct nftnl_table *t = nftnl_table_alloc();
	struct nlmsghdr *nlh;

	if (!t)
		fatal("nft: no memory for a table");
	nftnl_table_set_str(t, NFTNL_TABLE_NAME, name);
	if (type == NFT_MSG_NEWTABLE) /* one that sleeps wakes up */
		nftnl_table_set_u32(t, NFTNL_TABLE_FLAGS, 0);
	nlh = nft_put(nft, type, nfproto,
		      type == NFT_MSG_NEWTABLE ? NLM_F_CREATE : 0);
	nftnl_table_nlmsg_build_payload(nlh, t);
	nft_put_done(nft, nlh);
	nftnl_table_free(t);
}

static void on_table(void *arg, enum ruleset_family family)
{
	struct coder *c = arg;

	put_table(c->nft, NFT_MSG_NEWTABLE, ruleset_nfproto(family),
		  RULESET_TABLE);
}

/* One that is there goes on counting. */
static void on_counter(void *arg, enum ruleset_counter counter)
{
	struct coder *c = arg;
	struct nftnl_obj *o = nftnl_obj_alloc();
	struct nlmsghdr *nlh;

	if (!o)
		fatal("nft: no memory for a counter");
	nftnl_obj_set_str(o, NFTNL_OBJ_TABLE, RULESET_TABLE);
	nftnl_obj_set_str(o, NFTNL_OBJ_NAME, ruleset_counter_names[counter]);
	nftnl_obj_set_u32(o, NFTNL_OBJ_TYPE, NFT_OBJECT_COUNTER);
	nlh = nft_put(c->nft, NFT_MSG_NEWOBJ, NFPROTO_INET, NLM_F_CREATE);
	nftnl_obj_nlmsg_build_payload(nlh, o);
	nft_put_done(c->nft, nlh);
	nftnl_obj_free(o);
}

static const struct {
	uint32_t type, len;
} key_types[] = {
	[KEY_ETHER] = { NFT_TYPE_ETHERADDR, 6 },
	[KEY_IPV4] = { NFT_TYPE_IPADDR, 4 },
	[KEY_IPV6] = { NFT_TYPE_IP6ADDR, 16 },
	[KEY_IFINDEX] = { NFT_TYPE_IFINDEX, 4 },
};

static const struct {
	uint32_t flags;
	uint32_t data_type;
	uint32_t size;
	uint64_t timeout_ms;
} set_kinds[] = {
	[SET_MARKS] = { NFT_SET_MAP | NFT_SET_TIMEOUT | NFT_SET_EXPR,
			NFT_TYPE_MARK, 0, 0 },
	[SET_CLASSES] = { NFT_SET_MAP | NFT_SET_TIMEOUT | NFT_SET_EXPR,
			  NFT_TYPE_CLASSID, 0, 0 },
	[SET_LIMITS] = { NFT_SET_TIMEOUT | NFT_SET_EVAL, 0, 0, 0 },
	[SET_RATES] = { NFT_SET_TIMEOUT | NFT_SET_EVAL, 0, RULESET_SET_MAX,
			RATE_TIMEOUT_MS },
	[SET_ANSWERS] = { NFT_SET_TIMEOUT | NFT_SET_EVAL, 0,
			  RULESET_STRANGERS_MAX, ANSWERS_TIMEOUT_MS },
	[SET_FLOWS] = { NFT_SET_EVAL, 0, RULESET_STRANGERS_MAX, 0 },
	[SET_MEMBERS] = { NFT_SET_EVAL, 0, RULESET_MEMBERS_MAX, 0 },
	[SET_GARDEN] = { NFT_SET_TIMEOUT, 0, RULESET_SET_MAX,
			 GARDEN_TIMEOUT_MS },
	[SET_NETS] = { NFT_SET_INTERVAL, 0, 0, 0 },
	[SET_BYWAYS] = { 0, 0, RULESET_BYWAYS_MAX, 0 },
};

static void add_devices(struct nftnl_set *s, const struct ruleset_set *set)
{
	for (size_t i = 0; i < set->devices.count; i++) {
		struct nftnl_set_elem *e = nftnl_set_elem_alloc();

		if (!e)
			fatal("nft: no memory for a device");
		nftnl_set_elem_set_u32(e, NFTNL_SET_ELEM_KEY,
				       set->devices.ifindex[i]);
		nftnl_set_elem_add(s, e);
	}
}

/* Those that are there are flushed first. */
static void put_members(struct coder *c, struct nftnl_set *s,
			const struct ruleset_set *set)
{
	uint16_t nfproto = ruleset_nfproto(set->family);
	struct nlmsghdr *nlh;

	nlh = nft_put(c->nft, NFT_MSG_DELSETELEM, nfproto, 0);
	nftnl_set_elems_nlmsg_build_payload(nlh, s);
	nft_put_done(c->nft, nlh);
	if (set->kind == SET_NETS)
		ruleset_nets_add(s, set);
	else
		add_devices(s, set);
	if (set->kind == SET_BYWAYS && !set->devices.count)
		return;
	nlh = nft_put(c->nft, NFT_MSG_NEWSETELEM, nfproto, NLM_F_CREATE);
	nftnl_set_elems_nlmsg_build_payload(nlh, s);
	nft_put_done(c->nft, nlh);
}

static void describe_set(struct nftnl_set *s, const struct ruleset_set *set)
{
	/* For nft's listings alone: the data, or key, is in host order. */
	struct {
		uint8_t type, len;
		uint32_t value;
	} __attribute__((packed))
	host_order = { set->key == KEY_IFINDEX ? NFTNL_UDATA_SET_KEYBYTEORDER
					       : NFTNL_UDATA_SET_DATABYTEORDER,
		       sizeof(uint32_t), 1 };
	uint32_t size = set_kinds[set->kind].size;

	nftnl_set_set_str(s, NFTNL_SET_TABLE, RULESET_TABLE);
	nftnl_set_set_str(s, NFTNL_SET_NAME, set->name);
	nftnl_set_set_u32(s, NFTNL_SET_FAMILY, ruleset_nfproto(set->family));
	nftnl_set_set_u32(s, NFTNL_SET_FLAGS, set_kinds[set->kind].flags);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, key_types[set->key].type);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, key_types[set->key].len);
	if (set_kinds[set->kind].data_type) {
		nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE,
				  set_kinds[set->kind].data_type);
		nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN, sizeof(uint32_t));
	}
	if (set_kinds[set->kind].data_type || set->key == KEY_IFINDEX)
		nftnl_set_set_data(s, NFTNL_SET_USERDATA, &host_order,
				   sizeof(host_order));
	if (size)
		nftnl_set_set_u32(s, NFTNL_SET_DESC_SIZE, size);
	if (set_kinds[set->kind].timeout_ms)
		nftnl_set_set_u64(s, NFTNL_SET_TIMEOUT,
				  set_kinds[set->kind].timeout_ms);
	if (set_kinds[set->kind].flags & NFT_SET_EXPR)
		nftnl_set_add_expr(s, nftnl_expr_alloc("counter"));
}

static void on_set(void *arg, const struct ruleset_set *set)
{
	struct coder *c = arg;
	struct nftnl_set *s = nftnl_set_alloc();
	struct nlmsghdr *nlh;

	if (!s)
		fatal("nft: no memory for a set");
	describe_set(s, set);
	nftnl_set_set_u32(s, NFTNL_SET_ID, ++c->next_set_id);
	nlh = nft_put(c->nft, NFT_MSG_NEWSET, ruleset_nfproto(set->family),
		      NLM_F_CREATE);
	nftnl_set_nlmsg_build_payload(nlh, s);
	nft_put_done(c->nft, nlh);
	if (set->kind == SET_NETS || set->kind == SET_BYWAYS)
		put_members(c, s, set);
	nftnl_set_free(s);
}

static void on_flow_table(void *arg, const struct ruleset_flow_table *t)
{
	struct coder *c = arg;
	struct nftnl_flowtable *f = nftnl_flowtable_alloc();
	const char *device[SETTINGS_ZONES + SETTINGS_UPLINKS + 1] = { NULL };
	struct nlmsghdr *nlh;

	if (!f)
		fatal("nft: no memory for a flow table");
	memcpy(device, t->device, t->devices * sizeof(*device));
	nftnl_flowtable_set_str(f, NFTNL_FLOWTABLE_TABLE, RULESET_TABLE);
	nftnl_flowtable_set_str(f, NFTNL_FLOWTABLE_NAME, t->name);
	nftnl_flowtable_set_u32(f, NFTNL_FLOWTABLE_HOOKNUM, NF_NETDEV_INGRESS);
	nftnl_flowtable_set_s32(f, NFTNL_FLOWTABLE_PRIO, t->priority);
	nftnl_flowtable_set_array(f, NFTNL_FLOWTABLE_DEVICES, device);
	nlh = nft_put(c->nft, NFT_MSG_NEWFLOWTABLE, NFPROTO_INET, NLM_F_CREATE);
	nftnl_flowtable_nlmsg_build_payload(nlh, f);
	nft_put_done(c->nft, nlh);
	nftnl_flowtable_free(f);
}

static const struct {
	const char *type;
	uint32_t number;
} hooks[] = {
	[HOOK_INGRESS] = { "filter", NF_NETDEV_INGRESS },
	[HOOK_EGRESS] = { "filter", 1 }, /* NF_NETDEV_EGRESS since 5.16 */
	[HOOK_PREROUTING_NAT] = { "nat", NF_INET_PRE_ROUTING },
	[HOOK_POSTROUTING_NAT] = { "nat", NF_INET_POST_ROUTING },
	[HOOK_INPUT] = { "filter", NF_INET_LOCAL_IN },
	[HOOK_INPUT_NAT] = { "nat", NF_INET_LOCAL_IN },
	[HOOK_FORWARD] = { "filter", NF_INET_FORWARD },
};

static void put_chain(struct nft *nft, const char *table,
		      const struct ruleset_chain *chain)
{
	struct nftnl_chain *n = nftnl_chain_alloc();
	struct nlmsghdr *nlh;

	if (!n)
		fatal("nft: no memory for a chain");
	nftnl_chain_set_str(n, NFTNL_CHAIN_TABLE, table);
	nftnl_chain_set_str(n, NFTNL_CHAIN_NAME, chain->name);
	if (chain->hook != HOOK_NONE) {
		nftnl_chain_set_str(n, NFTNL_CHAIN_TYPE,
				    hooks[chain->hook].type);
		nftnl_chain_set_u32(n, NFTNL_CHAIN_HOOKNUM,
				    hooks[chain->hook].number);
		nftnl_chain_set_s32(n, NFTNL_CHAIN_PRIO, chain->priority);
		nftnl_chain_set_u32(n, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	}
	if (chain->device)
		nftnl_chain_set_str(n, NFTNL_CHAIN_DEV, chain->device);
	nlh = nft_put(nft, NFT_MSG_NEWCHAIN, ruleset_nfproto(chain->family),
		      NLM_F_CREATE);
	nftnl_chain_nlmsg_build_payload(nlh, n);
	nft_put_done(nft, nlh);
	nftnl_chain_free(n);
}

static void on_chain(void *arg, const struct ruleset_chain *chain)
{
	struct coder *c = arg;

	put_chain(c->nft, RULESET_TABLE, chain);
}

static void put_rule(struct nft *nft, const char *table,
		     const struct ruleset_rule *rule)
{
	struct nftnl_rule *r = ruleset_expr_build(rule);
	struct nlmsghdr *nlh;

	nftnl_rule_set_str(r, NFTNL_RULE_TABLE, table);
	nftnl_rule_set_u32(r, NFTNL_RULE_FAMILY, ruleset_nfproto(rule->family));
	nlh = nft_put(nft, NFT_MSG_NEWRULE, ruleset_nfproto(rule->family),
		      NLM_F_CREATE | NLM_F_APPEND);
	nftnl_rule_nlmsg_build_payload(nlh, r);
	nft_put_done(nft, nlh);
	nftnl_rule_free(r);
}

static void on_rule(void *arg, const struct ruleset_rule *rule)
{
	struct coder *c = arg;

	put_rule(c->nft, RULESET_TABLE, rule);
}

/* --- what is there already --------------------------------------------- */

struct name {
	SLIST_ENTRY(name) next;
	enum ruleset_family family;
	char text[RULESET_NAME_MAX];
	bool wanted;
};

SLIST_HEAD(names, name);

struct present {
	struct nft *nft;
	enum ruleset_family family;
	bool table;
	struct names chains;
	struct names sets;
	struct names flow_tables;
};

static int remember(struct names *list, enum ruleset_family family,
		    const char *text)
{
	struct name *n = calloc(1, sizeof(*n));

	if (!n)
		return -ENOMEM;
	n->family = family;
	snprintf(n->text, sizeof(n->text), "%s", text);
	SLIST_INSERT_HEAD(list, n, next);
	return 0;
}

static void forget(struct names *list)
{
	struct name *n;

	while ((n = SLIST_FIRST(list))) {
		SLIST_REMOVE_HEAD(list, next);
		free(n);
	}
}

static int on_present_table(const struct nlmsghdr *nlh, void *arg)
{
	struct present *p = arg;
	struct nftnl_table *t = nftnl_table_alloc();

	if (!t)
		return -ENOMEM;
	if (nftnl_table_nlmsg_parse(nlh, t) == 0 &&
	    !strcmp(nftnl_table_get_str(t, NFTNL_TABLE_NAME), RULESET_TABLE))
		p->table = true;
	nftnl_table_free(t);
	return 0;
}

static int on_present_chain(const struct nlmsghdr *nlh, void *arg)
{
	struct present *p = arg;
	struct nftnl_chain *c = nftnl_chain_alloc();
	int err = c ? 0 : -ENOMEM;

	if (c && nftnl_chain_nlmsg_parse(nlh, c) == 0 &&
	    !strcmp(nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE), RULESET_TABLE))
		err = remember(&p->chains, p->family,
			       nftnl_chain_get_str(c, NFTNL_CHAIN_NAME));
	if (c)
		nftnl_chain_free(c);
	return err;
}

static int on_present_set(const struct nlmsghdr *nlh, void *arg)
{
	struct present *p = arg;
	struct nftnl_set *s = nftnl_set_alloc();
	int err = s ? 0 : -ENOMEM;

	if (s && nftnl_set_nlmsg_parse(nlh, s) == 0 &&
	    !strcmp(nftnl_set_get_str(s, NFTNL_SET_TABLE), RULESET_TABLE))
		err = remember(&p->sets, p->family,
			       nftnl_set_get_str(s, NFTNL_SET_NAME));
	if (s)
		nftnl_set_free(s);
	return err;
}

static int on_present_flow_table(const struct nlmsghdr *nlh, void *arg)
{
	struct present *p = arg;
	struct nftnl_flowtable *f = nftnl_flowtable_alloc();
	int err = f ? 0 : -ENOMEM;

	if (f && nftnl_flowtable_nlmsg_parse(nlh, f) == 0)
		err = remember(
			&p->flow_tables, p->family,
			nftnl_flowtable_get_str(f, NFTNL_FLOWTABLE_NAME));
	if (f)
		nftnl_flowtable_free(f);
	return err;
}

static void fill_table_name(struct nlmsghdr *nlh, void *arg)
{
	(void)arg;
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, RULESET_TABLE);
}

static void forget_present(struct present *p)
{
	forget(&p->chains);
	forget(&p->sets);
	forget(&p->flow_tables);
	p->table = false;
}

/* The caller forgets what is found, also after an error. */
static int find_present(void *arg)
{
	struct present *p = arg;
	const struct nft_dump dumps[] = {
		{ NFT_MSG_GETTABLE, ruleset_nfproto(p->family), NULL,
		  on_present_table, p },
		{ NFT_MSG_GETCHAIN, ruleset_nfproto(p->family), NULL,
		  on_present_chain, p },
		{ NFT_MSG_GETSET, ruleset_nfproto(p->family), fill_table_name,
		  on_present_set, p },
		{ NFT_MSG_GETFLOWTABLE, ruleset_nfproto(p->family),
		  fill_table_name, on_present_flow_table, p },
	};
	int err;

	forget_present(p);
	err = nft_dump(p->nft, &dumps[0]);
	for (size_t i = 1; i < ARRAY_SIZE(dumps) && !err && p->table; i++)
		err = nft_dump(p->nft, &dumps[i]);
	return err;
}

static void on_wanted_set(void *arg, const struct ruleset_set *set)
{
	struct present *p = arg;
	struct name *n;

	SLIST_FOREACH (n, &p->sets, next)
		if (set->family == p->family && !strcmp(n->text, set->name))
			n->wanted = true;
}

/* All rules, then all chains: rules may refer to any of them. */
static void put_chains_removal(struct nft *nft, const struct present *p)
{
	uint16_t nfproto = ruleset_nfproto(p->family);
	const struct name *n;
	struct nlmsghdr *nlh;

	nlh = nft_put(nft, NFT_MSG_DELRULE, nfproto, 0);
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, RULESET_TABLE);
	nft_put_done(nft, nlh);
	SLIST_FOREACH (n, &p->chains, next) {
		nlh = nft_put(nft, NFT_MSG_DELCHAIN, nfproto, 0);
		mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, RULESET_TABLE);
		mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, n->text);
		nft_put_done(nft, nlh);
	}
}

/* With its flows, which begin anew under the new rules. */
static void put_flow_tables_removal(struct nft *nft, const struct present *p)
{
	const struct name *n;
	struct nlmsghdr *nlh;

	SLIST_FOREACH (n, &p->flow_tables, next) {
		nlh = nft_put(nft, NFT_MSG_DELFLOWTABLE,
			      ruleset_nfproto(p->family), 0);
		mnl_attr_put_strz(nlh, NFTA_FLOWTABLE_TABLE, RULESET_TABLE);
		mnl_attr_put_strz(nlh, NFTA_FLOWTABLE_NAME, n->text);
		nft_put_done(nft, nlh);
	}
}

static void put_sets_removal(struct nft *nft, const struct present *p)
{
	uint16_t nfproto = ruleset_nfproto(p->family);
	const struct name *n;
	struct nlmsghdr *nlh;

	SLIST_FOREACH (n, &p->sets, next) {
		if (n->wanted)
			continue;
		nlh = nft_put(nft, NFT_MSG_DELSET, nfproto, 0);
		mnl_attr_put_strz(nlh, NFTA_SET_TABLE, RULESET_TABLE);
		mnl_attr_put_strz(nlh, NFTA_SET_NAME, n->text);
		nft_put_done(nft, nlh);
	}
}

static int put_cleared(struct nft *nft, const struct ruleset_input *in,
		       enum ruleset_family family, bool fresh)
{
	struct present p = { .nft = nft, .family = family };
	const struct ruleset_visitor wanted = { .on_set = on_wanted_set,
						.arg = &p };
	int err = netlink_retry(find_present, &p);

	if (!err && p.table && fresh) {
		put_table(nft, NFT_MSG_DELTABLE, ruleset_nfproto(family),
			  RULESET_TABLE);
	} else if (!err && p.table) {
		ruleset_walk(in, &wanted);
		put_chains_removal(nft, &p);
		put_sets_removal(nft, &p);
		put_flow_tables_removal(nft, &p);
	}
	forget_present(&p);
	return err;
}

/*
 * etc/guard keeps a device's guests out until these rules are there, by a table
 * of its own, which may be there or not: deleting what is not there would fail.
 */
static void put_open(struct nft *nft, const struct ruleset_input *in)
{
	for (size_t i = 0; i < in->settings->zones; i++) {
		char name[RULESET_GUARD_MAX];

		ruleset_guard_table(name, in->settings->zone[i].device);
		put_table(nft, NFT_MSG_NEWTABLE, NFPROTO_INET, name);
		put_table(nft, NFT_MSG_DELTABLE, NFPROTO_INET, name);
	}
}

int ruleset_put(struct nft *nft, const struct ruleset_input *in, bool fresh)
{
	struct coder c = { .nft = nft };
	const struct ruleset_visitor objects = { .on_table = on_table,
						 .on_counter = on_counter,
						 .on_set = on_set,
						 .on_flow_table = on_flow_table,
						 .on_chain = on_chain,
						 .arg = &c };
	const struct ruleset_visitor rules = { .on_rule = on_rule, .arg = &c };
	int err = put_cleared(nft, in, FAMILY_NETDEV, fresh);

	if (!err)
		err = put_cleared(nft, in, FAMILY_INET, fresh);
	if (err)
		return err;
	ruleset_walk(in, &objects);
	ruleset_walk(in, &rules);
	put_open(nft, in);
	return 0;
}

/* As etc/guard has them, but for ping. */
static void put_guard(struct nft *nft, const char *device)
{
	static const struct ruleset_chain chains[] = {
		{ FAMILY_INET, "forward", HOOK_FORWARD, PRIORITY_GUARD, NULL },
		{ FAMILY_INET, "input", HOOK_INPUT, PRIORITY_GUARD, NULL },
	};
	char table[RULESET_GUARD_MAX];
	struct ruleset_term from = { .kind = TERM_IIFNAME };
	struct ruleset_term to = { .kind = TERM_OIFNAME };
	const struct ruleset_term udp = { .kind = TERM_L4PROTO,
					  .value = IPPROTO_UDP };
	const struct ruleset_term dhcp = { .kind = TERM_DPORT, .value = 67 };
	const struct ruleset_term accept = { .kind = TERM_ACCEPT };
	const struct ruleset_term drop = { .kind = TERM_DROP };

	snprintf(from.name, sizeof(from.name), "%s", device);
	snprintf(to.name, sizeof(to.name), "%s", device);
	const struct ruleset_rule rules[] = {
		{ FAMILY_INET, "forward", { from, drop }, 2 },
		{ FAMILY_INET, "forward", { to, drop }, 2 },
		{ FAMILY_INET, "input", { from, udp, dhcp, accept }, 4 },
		{ FAMILY_INET, "input", { from, drop }, 2 },
	};

	ruleset_guard_table(table, device);
	put_table(nft, NFT_MSG_NEWTABLE, NFPROTO_INET, table);
	put_table(nft, NFT_MSG_DELTABLE, NFPROTO_INET, table);
	put_table(nft, NFT_MSG_NEWTABLE, NFPROTO_INET, table);
	for (size_t i = 0; i < ARRAY_SIZE(chains); i++)
		put_chain(nft, table, &chains[i]);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		put_rule(nft, table, &rules[i]);
}

void ruleset_put_guards(struct nft *nft, const struct settings *s)
{
	for (size_t i = 0; i < s->zones; i++)
		put_guard(nft, s->zone[i].device);
}

_Static_assert(RULESET_GUARD_MAX <= RULESET_NAME_MAX,
	       "remember() would cut the name of a guard's table");

static bool is_own_table(const char *name, uint32_t nfproto)
{
	if (!strcmp(name, RULESET_TABLE))
		return nfproto == NFPROTO_NETDEV || nfproto == NFPROTO_INET;
	return nfproto == NFPROTO_INET && strlen(name) < RULESET_GUARD_MAX &&
	       !strncmp(name, RULESET_GUARD, strlen(RULESET_GUARD));
}

struct own_tables {
	struct nft *nft;
	struct names tables;
};

static int on_own_table(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_table *t = nftnl_table_alloc();
	int err = t ? 0 : -ENOMEM;

	if (t && nftnl_table_nlmsg_parse(nlh, t) == 0) {
		const char *name = nftnl_table_get_str(t, NFTNL_TABLE_NAME);
		uint32_t nfproto = nftnl_table_get_u32(t, NFTNL_TABLE_FAMILY);

		if (is_own_table(name, nfproto))
			err = remember(arg,
				       nfproto == NFPROTO_NETDEV ? FAMILY_NETDEV
								 : FAMILY_INET,
				       name);
	}
	if (t)
		nftnl_table_free(t);
	return err;
}

static int find_own_tables(void *arg)
{
	struct own_tables *own = arg;
	const struct nft_dump d = { .type = NFT_MSG_GETTABLE,
				    .family = NFPROTO_UNSPEC,
				    .on_message = on_own_table,
				    .arg = &own->tables };

	forget(&own->tables);
	return nft_dump(own->nft, &d);
}

int ruleset_put_removal(struct nft *nft, bool keeps_guard)
{
	struct own_tables own = { .nft = nft };
	const struct name *n;
	int err = netlink_retry(find_own_tables, &own);

	SLIST_FOREACH (n, &own.tables, next)
		if (!err && (!keeps_guard || !strcmp(n->text, RULESET_TABLE)))
			put_table(nft, NFT_MSG_DELTABLE,
				  ruleset_nfproto(n->family), n->text);
	forget(&own.tables);
	return err;
}
