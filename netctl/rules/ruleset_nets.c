/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/rules/ruleset_nets.h"

#include <linux/netfilter/nf_tables.h>

#include "common/log.h"

static void add_interval_end(struct nftnl_set *s, const struct addr *a,
			     unsigned int prefix)
{
	struct nftnl_set_elem *e = nftnl_set_elem_alloc();
	struct addr end = *a;
	size_t len = addr_len(a);
	unsigned int carry = 1;

	if (!e)
		fatal("nft: no memory for a network");
	for (size_t bit = prefix; bit < len * 8; bit++)
		end.byte[bit / 8] |= (uint8_t)(0x80 >> (bit % 8));
	for (size_t i = len; i-- > 0 && carry;) {
		carry += end.byte[i];
		end.byte[i] = (uint8_t)carry;
		carry >>= 8;
	}
	if (carry) { /* the last network has no end */
		nftnl_set_elem_free(e);
		return;
	}
	nftnl_set_elem_set_u32(e, NFTNL_SET_ELEM_FLAGS,
			       NFT_SET_ELEM_INTERVAL_END);
	nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY, end.byte, (uint32_t)len);
	nftnl_set_elem_add(s, e);
}

static void add_net(struct nftnl_set *s, const struct addr *a,
		    unsigned int prefix)
{
	struct nftnl_set_elem *e = nftnl_set_elem_alloc();

	if (!e)
		fatal("nft: no memory for a network");
	nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY, a->byte,
			   (uint32_t)addr_len(a));
	nftnl_set_elem_add(s, e);
	add_interval_end(s, a, prefix);
}

/* a lies in one of the networks before index i, so its interval is there. */
static bool is_covered(const struct ruleset_nets *l, size_t i,
		       const struct addr *a, unsigned int prefix)
{
	struct addr b;
	unsigned int wider;

	for (size_t k = 0; k < l->count; k++) {
		if (k == i || !addr_parse_prefix(&b, &wider, l->text[k]) ||
		    wider > prefix || (wider == prefix && k > i))
			continue;
		if (addr_is_within(a, &b, wider))
			return true;
	}
	return false;
}

void ruleset_nets_add(struct nftnl_set *s, const struct ruleset_set *set)
{
	uint8_t family = set->key == KEY_IPV4 ? AF_INET : AF_INET6;
	struct addr a;
	unsigned int prefix;

	for (size_t i = 0; i < set->nets.count; i++)
		if (addr_parse_prefix(&a, &prefix, set->nets.text[i]) &&
		    a.family == family &&
		    !is_covered(&set->nets, i, &a, prefix))
			add_net(s, &a, prefix);
}
