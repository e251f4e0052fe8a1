/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/rules/byways.h"

#include <errno.h>

#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

bool byways_have(const struct byways *b, uint32_t ifindex)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->ifindex[i] == ifindex)
			return true;
	return false;
}

bool byways_add(struct byways *b, uint32_t ifindex)
{
	if (b->count >= RULESET_BYWAYS_MAX)
		return false;
	b->ifindex[b->count++] = ifindex;
	return true;
}

static int on_device(struct nftnl_set_elem *e, void *arg)
{
	byways_add(arg, nftnl_set_elem_get_u32(e, NFTNL_SET_ELEM_KEY));
	return 0;
}

static int on_devices(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_set *s = nftnl_set_alloc();

	if (!s)
		return -ENOMEM;
	if (nftnl_set_elems_nlmsg_parse(nlh, s) == 0)
		nftnl_set_elem_foreach(s, on_device, arg);
	nftnl_set_free(s);
	return 0;
}

static void fill(struct nlmsghdr *nlh, void *arg)
{
	(void)arg;
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, RULESET_TABLE);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, RULESET_BYWAYS);
}

struct question {
	struct nft *nft;
	struct byways *found;
};

static int ask(void *arg)
{
	struct question *q = arg;
	const struct nft_dump d = { .type = NFT_MSG_GETSETELEM,
				    .family = NFPROTO_INET,
				    .fill = fill,
				    .on_message = on_devices,
				    .arg = q->found };

	q->found->count = 0;
	return nft_dump(q->nft, &d);
}

int byways_read(struct nft *nft, struct byways *b)
{
	struct question q = { nft, b };
	int err = netlink_retry(ask, &q);

	return err == -ENOENT ? 0 : err;
}
