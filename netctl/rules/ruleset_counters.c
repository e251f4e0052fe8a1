/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/rules/ruleset_counters.h"

#include <errno.h>
#include <string.h>

#include <libnftnl/object.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

static void take(uint64_t packets[COUNTER_MAX], struct nftnl_obj *o)
{
	const char *name = nftnl_obj_get_str(o, NFTNL_OBJ_NAME);

	for (int i = 0; i < COUNTER_MAX; i++)
		if (!strcmp(name, ruleset_counter_names[i]))
			packets[i] = nftnl_obj_get_u64(o, NFTNL_OBJ_CTR_PKTS);
}

static int on_counter(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_obj *o = nftnl_obj_alloc();

	if (!o)
		return -ENOMEM;
	if (nftnl_obj_nlmsg_parse(nlh, o) == 0 &&
	    !strcmp(nftnl_obj_get_str(o, NFTNL_OBJ_TABLE), RULESET_TABLE) &&
	    nftnl_obj_get_u32(o, NFTNL_OBJ_TYPE) == NFT_OBJECT_COUNTER)
		take(arg, o);
	nftnl_obj_free(o);
	return 0;
}

static void fill(struct nlmsghdr *nlh, void *arg)
{
	(void)arg;
	mnl_attr_put_strz(nlh, NFTA_OBJ_TABLE, RULESET_TABLE);
}

int ruleset_counters_read(struct nft *nft, uint64_t packets[COUNTER_MAX])
{
	const struct nft_dump d = { .type = NFT_MSG_GETOBJ,
				    .family = NFPROTO_INET,
				    .fill = fill,
				    .on_message = on_counter,
				    .arg = packets };

	memset(packets, 0, sizeof(packets[0]) * COUNTER_MAX);
	return nft_dump(nft, &d);
}
