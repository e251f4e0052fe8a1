/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/rules/foreign.h"

#include <errno.h>
#include <string.h>

#include <libnftnl/chain.h>
#include <libnftnl/flowtable.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "common/array.h"

/* --- flow tables ------------------------------------------------------- */

struct flow_table_list {
	foreign_flow_table_fn *on_flow_table;
	void *arg;
};

static int on_flow_table(const struct nlmsghdr *nlh, void *arg)
{
	const struct flow_table_list *l = arg;
	struct nftnl_flowtable *f = nftnl_flowtable_alloc();
	struct foreign_flow_table found = { .table = "?", .name = "?" };

	if (!f)
		return -ENOMEM;
	if (nftnl_flowtable_nlmsg_parse(nlh, f) == 0) {
		found.table = nftnl_flowtable_get_str(f, NFTNL_FLOWTABLE_TABLE);
		found.name = nftnl_flowtable_get_str(f, NFTNL_FLOWTABLE_NAME);
		found.is_hardware =
			nftnl_flowtable_get_u32(f, NFTNL_FLOWTABLE_FLAGS) &
			NFT_FLOWTABLE_HW_OFFLOAD;
		found.device =
			nftnl_flowtable_get_array(f, NFTNL_FLOWTABLE_DEVICES);
	}
	if (strcmp(found.table, RULESET_TABLE) != 0)
		l->on_flow_table(&found, l->arg);
	nftnl_flowtable_free(f);
	return 0;
}

int foreign_list_flow_tables(struct nft *nft, foreign_flow_table_fn *fn,
			     void *arg)
{
	struct flow_table_list l = { fn, arg };
	const struct nft_dump d = { .type = NFT_MSG_GETFLOWTABLE,
				    .family = NFPROTO_UNSPEC,
				    .on_message = on_flow_table,
				    .arg = &l };

	return nft_dump(nft, &d);
}

struct flow_tables {
	struct nft *nft;
	bool found;
};

static void on_any(const struct foreign_flow_table *f, void *arg)
{
	struct flow_tables *t = arg;

	(void)f;
	t->found = true;
}

/* One that an interrupted dump has found is there as well. */
static int find_flow_table(void *arg)
{
	struct flow_tables *f = arg;
	int err = foreign_list_flow_tables(f->nft, on_any, f);

	return f->found ? 0 : err;
}

/* A kernel without flow tables answers with an error, which is a no. */
bool foreign_has_flow_table(struct nft *nft)
{
	struct flow_tables f = { .nft = nft };

	return netlink_retry(find_flow_table, &f) == 0 && f.found;
}

/* --- chains ------------------------------------------------------------ */

struct search {
	const char *type;
	uint32_t hook; /* NF_INET_* */
	int32_t last;  /* priority that is wanted */
	foreign_chain_fn *on_chain;
	void *arg;
};

const char *foreign_family(uint32_t nfproto)
{
	static const struct {
		uint32_t nfproto;
		const char *name;
	} names[] = {
		{ NFPROTO_IPV4, "ip" },	      { NFPROTO_IPV6, "ip6" },
		{ NFPROTO_INET, "inet" },     { NFPROTO_NETDEV, "netdev" },
		{ NFPROTO_BRIDGE, "bridge" }, { NFPROTO_ARP, "arp" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].nfproto == nfproto)
			return names[i].name;
	return "?";
}

/* The numbers of hooks mean others in other families. */
static bool is_of_ip(uint32_t nfproto)
{
	return nfproto == NFPROTO_IPV4 || nfproto == NFPROTO_IPV6 ||
	       nfproto == NFPROTO_INET;
}

static bool is_wanted(const struct search *s, const struct nftnl_chain *c)
{
	const char *type = nftnl_chain_get_str(c, NFTNL_CHAIN_TYPE);

	return type && !strcmp(type, s->type) &&
	       nftnl_chain_is_set(c, NFTNL_CHAIN_HOOKNUM) &&
	       nftnl_chain_get_u32(c, NFTNL_CHAIN_HOOKNUM) == s->hook &&
	       nftnl_chain_get_s32(c, NFTNL_CHAIN_PRIO) <= s->last &&
	       strcmp(nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE), RULESET_TABLE);
}

static void tell(const struct search *s, const struct nftnl_chain *c)
{
	struct foreign_chain found = {
		.family = foreign_family(
			nftnl_chain_get_u32(c, NFTNL_CHAIN_FAMILY)),
		.table = nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE),
		.name = nftnl_chain_get_str(c, NFTNL_CHAIN_NAME),
		.drops = nftnl_chain_get_u32(c, NFTNL_CHAIN_POLICY) == NF_DROP,
	};

	if (is_of_ip(nftnl_chain_get_u32(c, NFTNL_CHAIN_FAMILY)))
		s->on_chain(&found, s->arg);
}

static int on_chain(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (!c)
		return -ENOMEM;
	if (nftnl_chain_nlmsg_parse(nlh, c) == 0 && is_wanted(arg, c))
		tell(arg, c);
	nftnl_chain_free(c);
	return 0;
}

static int list_chains(struct nft *nft, struct search *s)
{
	const struct nft_dump d = { .type = NFT_MSG_GETCHAIN,
				    .family = NFPROTO_UNSPEC,
				    .on_message = on_chain,
				    .arg = s };

	return nft_dump(nft, &d);
}

int foreign_list_chains(struct nft *nft, enum ruleset_hook hook,
			foreign_chain_fn *fn, void *arg)
{
	struct search s = { .type = "filter",
			    .hook = hook == HOOK_INPUT ? NF_INET_LOCAL_IN
						       : NF_INET_FORWARD,
			    .last = INT32_MAX,
			    .on_chain = fn,
			    .arg = arg };

	return list_chains(nft, &s);
}

int foreign_list_early_nat(struct nft *nft, foreign_chain_fn *fn, void *arg)
{
	struct search s = { .type = "nat",
			    .hook = NF_INET_PRE_ROUTING,
			    .last = RULESET_NAT_PRIORITY,
			    .on_chain = fn,
			    .arg = arg };

	return list_chains(nft, &s);
}
