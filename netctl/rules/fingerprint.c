/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/rules/fingerprint.h"

#include <errno.h>
#include <string.h>

#include <libnftnl/chain.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "netctl/rules/ruleset_nft.h"
#include "netctl/rules/ruleset_walk.h"

static void fill_table_name(struct nlmsghdr *nlh, void *arg)
{
	(void)arg;
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, RULESET_TABLE);
}

struct fingerprint {
	const struct ruleset_input *in;
	struct nft *nft;
	const char *set;       /* whose elements are being read */
	unsigned int elements; /* of it */
	bool lacks_elements;
	int err; /* of reading them */
	uint64_t sum;
	unsigned int objects; /* chains, rules and flow tables of ours */
	bool is_guarded;
	bool sleeps;
};

/* FNV-1a over the message behind its netlink and nfnetlink headers. */
static int on_fingerprint(const struct nlmsghdr *nlh, void *arg)
{
	struct fingerprint *f = arg;
	const unsigned char *byte =
		mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));
	const unsigned char *end = mnl_nlmsg_get_payload_tail(nlh);

	f->objects++;
	for (; byte < end; byte++)
		f->sum = (f->sum ^ *byte) * 0x100000001b3ULL;
	return 0;
}

/* A table that sleeps has all its rules, and none is in force. */
static int on_table(const struct nlmsghdr *nlh, void *arg)
{
	struct fingerprint *f = arg;
	struct nftnl_table *t = nftnl_table_alloc();

	if (!t)
		return -ENOMEM;
	if (nftnl_table_nlmsg_parse(nlh, t) == 0 &&
	    !strcmp(nftnl_table_get_str(t, NFTNL_TABLE_NAME), RULESET_TABLE))
		f->sleeps |= nftnl_table_get_u32(t, NFTNL_TABLE_FLAGS) &
			     NFT_TABLE_F_DORMANT;
	nftnl_table_free(t);
	return 0;
}

static bool guards_a_zone(const struct settings *s, const char *table)
{
	char name[RULESET_GUARD_MAX];

	for (size_t i = 0; i < s->zones; i++) {
		ruleset_guard_table(name, s->zone[i].device);
		if (!strcmp(name, table))
			return true;
	}
	return false;
}

static int on_fingerprint_chain(const struct nlmsghdr *nlh, void *arg)
{
	struct fingerprint *f = arg;
	struct nftnl_chain *c = nftnl_chain_alloc();
	int err = c ? 0 : -ENOMEM;

	if (c && nftnl_chain_nlmsg_parse(nlh, c) == 0) {
		const char *table = nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE);

		if (!strcmp(table, RULESET_TABLE))
			err = on_fingerprint(nlh, arg);
		else if (guards_a_zone(f->in->settings, table))
			f->is_guarded = true;
	}
	if (c)
		nftnl_chain_free(c);
	return err;
}

static void fill_set_name(struct nlmsghdr *nlh, void *arg)
{
	const struct fingerprint *f = arg;

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, RULESET_TABLE);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, f->set);
}

/* One without elements is listed, too. */
static int on_elements(const struct nlmsghdr *nlh, void *arg)
{
	struct fingerprint *f = arg;
	const struct nlattr *list, *element;

	mnl_attr_for_each (list, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(list) != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		mnl_attr_for_each_nested (element, list) {
			f->elements++;
		}
	}
	return on_fingerprint(nlh, arg);
}

/* Networks are elements in pairs, fewer where they meet. */
static bool lacks_elements(const struct ruleset_set *set, unsigned int elements)
{
	return elements < set->devices.count || (set->nets.count && !elements);
}

/* Networks and devices that guests are kept out of, or led to, count like
 * rules.
 */
static void on_set(void *arg, const struct ruleset_set *set)
{
	struct fingerprint *f = arg;
	const struct nft_dump d = { .type = NFT_MSG_GETSETELEM,
				    .family = ruleset_nfproto(set->family),
				    .fill = fill_set_name,
				    .on_message = on_elements,
				    .arg = f };
	unsigned int objects = f->objects;

	if (f->err || (set->kind != SET_NETS && set->kind != SET_BYWAYS))
		return;
	f->set = set->name;
	f->elements = 0;
	f->err = nft_dump(f->nft, &d);
	f->lacks_elements |= lacks_elements(set, f->elements);
	f->objects = objects;
}

static int fingerprint_sets(struct fingerprint *f)
{
	const struct ruleset_visitor v = { .on_set = on_set, .arg = f };

	ruleset_walk(f->in, &v);
	return f->err;
}

/* Whoever takes a device out of it, or puts one in, changes what it skips. */
static int fingerprint_flow_table(struct fingerprint *f)
{
	const struct nft_dump d = { NFT_MSG_GETFLOWTABLE, NFPROTO_INET,
				    fill_table_name, on_fingerprint, f };

	return f->in->flow_table ? nft_dump(f->nft, &d) : 0;
}

static int fingerprint(void *arg)
{
	struct fingerprint *f = arg;
	int err;

	*f = (struct fingerprint){ .in = f->in,
				   .nft = f->nft,
				   .sum = 0xcbf29ce484222325ULL };
	err = fingerprint_flow_table(f);
	if (err)
		return err;
	for (int family = FAMILY_NETDEV; family <= FAMILY_INET; family++) {
		uint16_t nfproto = ruleset_nfproto((enum ruleset_family)family);
		const struct nft_dump tables = { NFT_MSG_GETTABLE, nfproto,
						 NULL, on_table, f };
		const struct nft_dump chains = { NFT_MSG_GETCHAIN, nfproto,
						 NULL, on_fingerprint_chain,
						 f };
		const struct nft_dump rules = { NFT_MSG_GETRULE, nfproto,
						fill_table_name, on_fingerprint,
						f };

		err = nft_dump(f->nft, &tables);
		if (!err)
			err = nft_dump(f->nft, &chains);
		if (!err)
			err = nft_dump(f->nft, &rules);
		if (err)
			return err;
	}
	return fingerprint_sets(f);
}

int fingerprint_read(struct nft *nft, const struct ruleset_input *in,
		     uint64_t *sum)
{
	struct fingerprint f = { .in = in, .nft = nft };
	int err = netlink_retry(fingerprint, &f);

	*sum = f.is_guarded || f.sleeps ? FINGERPRINT_OTHERS : f.sum;
	return err;
}

static void count_chain(void *arg, const struct ruleset_chain *chain)
{
	(void)chain;
	++*(unsigned int *)arg;
}

static void count_rule(void *arg, const struct ruleset_rule *rule)
{
	(void)rule;
	++*(unsigned int *)arg;
}

static void count_flow_table(void *arg, const struct ruleset_flow_table *f)
{
	(void)f;
	++*(unsigned int *)arg;
}

int fingerprint_take(struct nft *nft, const struct ruleset_input *in,
		     uint64_t *sum)
{
	unsigned int wanted = 0;
	const struct ruleset_visitor counts = { .on_chain = count_chain,
						.on_rule = count_rule,
						.on_flow_table =
							count_flow_table,
						.arg = &wanted };
	struct fingerprint f = { .in = in, .nft = nft };
	int err = netlink_retry(fingerprint, &f);

	ruleset_walk(in, &counts);
	*sum = f.is_guarded || f.sleeps || f.lacks_elements ||
			       f.objects != wanted
		       ? FINGERPRINT_OTHERS
		       : f.sum;
	return err;
}
