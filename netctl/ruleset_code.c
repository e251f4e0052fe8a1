/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/ruleset_code.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>

#define DYNAMIC_MAX	    4096
#define RATE_TIMEOUT_MS	    10000
#define GARDEN_TIMEOUT_MS   (6 * 3600 * 1000ULL)

#ifndef NFT_SET_EXPR
#define NFT_SET_EXPR 0x100 /* linux/netfilter/nf_tables.h since 5.11 */
#endif

/* nft's numbers of its data types, which make its listings readable. */
enum { NFT_TYPE_IPADDR = 7, NFT_TYPE_IP6ADDR = 8, NFT_TYPE_ETHERADDR = 9 };
enum { NFT_TYPE_MARK = 19, NFT_TYPE_CLASSID = 23 };

uint16_t ruleset_nfproto(enum ruleset_family family)
{
	return family == FAMILY_NETDEV ? NFPROTO_NETDEV : NFPROTO_INET;
}

/* --- expressions ------------------------------------------------------- */

static struct nftnl_expr *expr_add(struct nftnl_rule *r, const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (!e)
		fatal("nft: no memory for a rule");
	nftnl_rule_add_expr(r, e);
	return e;
}

static void add_meta(struct nftnl_rule *r, uint32_t key)
{
	struct nftnl_expr *e = expr_add(r, "meta");

	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, NFT_REG_1);
}

static void add_meta_set(struct nftnl_rule *r, uint32_t key)
{
	struct nftnl_expr *e = expr_add(r, "meta");

	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_SREG, NFT_REG_1);
}

static void add_cmp(struct nftnl_rule *r, uint32_t op, const void *data,
		    uint32_t len)
{
	struct nftnl_expr *e = expr_add(r, "cmp");

	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, data, len);
}

static void add_cmp_u32(struct nftnl_rule *r, uint32_t op, uint32_t value)
{
	add_cmp(r, op, &value, sizeof(value));
}

/* register = register & mask ^ flip */
static void add_mask(struct nftnl_rule *r, uint32_t mask, uint32_t flip)
{
	struct nftnl_expr *e = expr_add(r, "bitwise");

	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, sizeof(uint32_t));
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, &mask, sizeof(mask));
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, &flip, sizeof(flip));
}

/*
 * The kernel shifts a register as big-endian words only in name: each 32-bit
 * word is shifted in host order (nft_bitwise_eval_rshift), as marks are kept.
 */
static void add_shift_right(struct nftnl_rule *r, uint32_t bits)
{
	struct nftnl_expr *e = expr_add(r, "bitwise");

	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, sizeof(uint32_t));
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_RSHIFT);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_DATA, &bits, sizeof(bits));
}

static const struct field {
	uint32_t base, offset, len;
	uint8_t nfproto; /* which packets have it; 0: all of Ethernet */
} fields[FIELD_MAX] = {
	[FIELD_ETHER_SADDR] = { NFT_PAYLOAD_LL_HEADER, 6, 6, 0 },
	[FIELD_ETHER_DADDR] = { NFT_PAYLOAD_LL_HEADER, 0, 6, 0 },
	[FIELD_IP_SADDR] = { NFT_PAYLOAD_NETWORK_HEADER, 12, 4, NFPROTO_IPV4 },
	[FIELD_IP_DADDR] = { NFT_PAYLOAD_NETWORK_HEADER, 16, 4, NFPROTO_IPV4 },
	[FIELD_IP6_SADDR] = { NFT_PAYLOAD_NETWORK_HEADER, 8, 16,
			      NFPROTO_IPV6 },
	[FIELD_IP6_DADDR] = { NFT_PAYLOAD_NETWORK_HEADER, 24, 16,
			      NFPROTO_IPV6 },
};

static void add_payload(struct nftnl_rule *r, uint32_t base, uint32_t offset,
			uint32_t len)
{
	struct nftnl_expr *e = expr_add(r, "payload");

	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, len);
}

static void add_nfproto(struct nftnl_rule *r, uint8_t nfproto)
{
	add_meta(r, NFT_META_NFPROTO);
	add_cmp(r, NFT_CMP_EQ, &nfproto, sizeof(nfproto));
}

static void add_field(struct nftnl_rule *r, enum ruleset_field field)
{
	const struct field *f = &fields[field];

	if (f->nfproto)
		add_nfproto(r, f->nfproto);
	add_payload(r, f->base, f->offset, f->len);
}

static struct nftnl_expr *add_lookup(struct nftnl_rule *r, const char *set)
{
	struct nftnl_expr *e = expr_add(r, "lookup");

	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, set);
	return e;
}

static void add_verdict(struct nftnl_rule *r, int32_t verdict,
			const char *to_chain)
{
	struct nftnl_expr *e = expr_add(r, "immediate");

	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
	if (to_chain)
		nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, to_chain);
}

/* --- one function a term ----------------------------------------------- */

static void add_ifname(struct nftnl_rule *r, uint32_t key, const char *name)
{
	char padded[IFNAMSIZ] = "";

	memcpy(padded, name, strnlen(name, IFNAMSIZ - 1));
	add_meta(r, key);
	add_cmp(r, NFT_CMP_EQ, padded, sizeof(padded));
}

static void code_iifname(struct nftnl_rule *r, const struct ruleset_term *t)
{
	add_ifname(r, NFT_META_IIFNAME, t->name);
}

static void code_oifname(struct nftnl_rule *r, const struct ruleset_term *t)
{
	add_ifname(r, NFT_META_OIFNAME, t->name);
}

static void code_nfproto(struct nftnl_rule *r, const struct ruleset_term *t)
{
	add_nfproto(r, (uint8_t)t->value);
}

static void code_l4proto(struct nftnl_rule *r, const struct ruleset_term *t)
{
	uint8_t protocol = (uint8_t)t->value;

	add_meta(r, NFT_META_L4PROTO);
	add_cmp(r, NFT_CMP_EQ, &protocol, sizeof(protocol));
}

static void code_dport(struct nftnl_rule *r, const struct ruleset_term *t)
{
	uint16_t port_be = htons((uint16_t)t->value);

	add_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, 2, sizeof(port_be));
	add_cmp(r, NFT_CMP_EQ, &port_be, sizeof(port_be));
}

static void code_local(struct nftnl_rule *r, const struct ruleset_term *t)
{
	struct nftnl_expr *e = expr_add(r, "fib");

	(void)t;
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
	add_cmp_u32(r, NFT_CMP_EQ, RTN_LOCAL);
}

static void code_mark(struct nftnl_rule *r, const struct ruleset_term *t)
{
	add_meta(r, NFT_META_MARK);
	add_mask(r, t->mask, 0);
	add_cmp_u32(r, t->negate ? NFT_CMP_NEQ : NFT_CMP_EQ, t->value);
}

static void code_in_set(struct nftnl_rule *r, const struct ruleset_term *t)
{
	add_field(r, t->field);
	add_lookup(r, t->name);
}

static void code_reply(struct nftnl_rule *r, const struct ruleset_term *t)
{
	struct nftnl_expr *e = expr_add(r, "ct");

	nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, NFT_CT_STATE);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CT_DREG, NFT_REG_1);
	add_mask(r,
		 NF_CT_STATE_BIT(IP_CT_ESTABLISHED) |
			 NF_CT_STATE_BIT(IP_CT_RELATED),
		 0);
	add_cmp_u32(r, t->negate ? NFT_CMP_EQ : NFT_CMP_NEQ, 0);
}

static struct nftnl_expr *packets_over(uint64_t per_s)
{
	struct nftnl_expr *e = nftnl_expr_alloc("limit");

	if (!e)
		fatal("nft: no memory for a limit");
	nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_RATE, per_s);
	nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_UNIT, 1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_BURST, (uint32_t)per_s * 2);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_FLAGS, NFT_LIMIT_F_INV);
	return e;
}

static void code_over_rate(struct nftnl_rule *r, const struct ruleset_term *t)
{
	struct nftnl_expr *e;

	add_field(r, FIELD_ETHER_SADDR);
	e = expr_add(r, "dynset");
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
	nftnl_expr_set_str(e, NFTNL_EXPR_DYNSET_SET_NAME, t->name);
	nftnl_expr_set(e, NFTNL_EXPR_DYNSET_EXPR,
		       packets_over(t->value), 0);
}

static void code_set_mark(struct nftnl_rule *r, const struct ruleset_term *t)
{
	add_meta(r, NFT_META_MARK);
	add_mask(r, ~t->mask, t->value);
	add_meta_set(r, NFT_META_MARK);
}

static void code_map(struct nftnl_rule *r, const struct ruleset_term *t,
		     uint32_t key)
{
	add_field(r, t->field);
	nftnl_expr_set_u32(add_lookup(r, t->name), NFTNL_EXPR_LOOKUP_DREG,
			   NFT_REG_1);
	add_meta_set(r, key);
}

static void code_map_mark(struct nftnl_rule *r, const struct ruleset_term *t)
{
	code_map(r, t, NFT_META_MARK);
}

static void code_map_class(struct nftnl_rule *r, const struct ruleset_term *t)
{
	code_map(r, t, NFT_META_PRIORITY);
}

static void code_mark_class(struct nftnl_rule *r, const struct ruleset_term *t)
{
	add_meta(r, NFT_META_MARK);
	if (t->shift)
		add_shift_right(r, t->shift);
	add_mask(r, t->mask, t->value);
	add_meta_set(r, NFT_META_PRIORITY);
}

static void code_redirect(struct nftnl_rule *r, const struct ruleset_term *t)
{
	uint16_t port_be = htons((uint16_t)t->value);
	struct nftnl_expr *e = expr_add(r, "immediate");

	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_1);
	nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, &port_be, sizeof(port_be));
	e = expr_add(r, "redir");
	nftnl_expr_set_u32(e, NFTNL_EXPR_REDIR_REG_PROTO_MIN, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_REDIR_FLAGS, 2); /* PROTO_SPECIFIED */
}

static void code_masquerade(struct nftnl_rule *r, const struct ruleset_term *t)
{
	(void)t;
	expr_add(r, "masq");
}

static void add_reject(struct nftnl_rule *r, uint32_t type, uint8_t code)
{
	struct nftnl_expr *e = expr_add(r, "reject");

	nftnl_expr_set_u32(e, NFTNL_EXPR_REJECT_TYPE, type);
	nftnl_expr_set_u8(e, NFTNL_EXPR_REJECT_CODE, code);
}

static void code_reject_tcp(struct nftnl_rule *r, const struct ruleset_term *t)
{
	(void)t;
	add_reject(r, NFT_REJECT_TCP_RST, 0);
}

static void code_reject(struct nftnl_rule *r, const struct ruleset_term *t)
{
	(void)t;
	add_reject(r, NFT_REJECT_ICMPX_UNREACH,
		   NFT_REJECT_ICMPX_ADMIN_PROHIBITED);
}

static void code_verdict(struct nftnl_rule *r, const struct ruleset_term *t)
{
	static const int32_t verdict[TERM_KIND_MAX] = {
		[TERM_ACCEPT] = NF_ACCEPT,  [TERM_DROP] = NF_DROP,
		[TERM_RETURN] = NFT_RETURN, [TERM_JUMP] = NFT_JUMP,
		[TERM_GOTO] = NFT_GOTO,
	};

	add_verdict(r, verdict[t->kind], *t->name ? t->name : NULL);
}

static void (*const term_coders[TERM_KIND_MAX])(struct nftnl_rule *r,
						const struct ruleset_term *t) = {
	[TERM_IIFNAME] = code_iifname,
	[TERM_OIFNAME] = code_oifname,
	[TERM_NFPROTO] = code_nfproto,
	[TERM_L4PROTO] = code_l4proto,
	[TERM_DPORT] = code_dport,
	[TERM_LOCAL] = code_local,
	[TERM_MARK] = code_mark,
	[TERM_IN_SET] = code_in_set,
	[TERM_REPLY] = code_reply,
	[TERM_OVER_RATE] = code_over_rate,
	[TERM_SET_MARK] = code_set_mark,
	[TERM_MAP_MARK] = code_map_mark,
	[TERM_MAP_CLASS] = code_map_class,
	[TERM_MARK_CLASS] = code_mark_class,
	[TERM_REDIRECT] = code_redirect,
	[TERM_MASQUERADE] = code_masquerade,
	[TERM_REJECT_TCP] = code_reject_tcp,
	[TERM_REJECT] = code_reject,
	[TERM_ACCEPT] = code_verdict,
	[TERM_DROP] = code_verdict,
	[TERM_RETURN] = code_verdict,
	[TERM_JUMP] = code_verdict,
	[TERM_GOTO] = code_verdict,
};

/* --- objects ----------------------------------------------------------- */

struct coder {
	struct nft *nft;
	uint32_t next_set_id;
};

static void put_table(struct nft *nft, uint16_t type, uint16_t nfproto,
		      uint16_t flags)
{
	struct nftnl_table *t = nftnl_table_alloc();
	struct nlmsghdr *nlh;

	if (!t)
		fatal("nft: no memory for a table");
	nftnl_table_set_str(t, NFTNL_TABLE_NAME, RULESET_TABLE);
	nlh = nft_put(nft, type, nfproto, flags);
	nftnl_table_nlmsg_build_payload(nlh, t);
	nft_put_done(nft, nlh);
	nftnl_table_free(t);
}

static void on_table(void *arg, enum ruleset_family family)
{
	struct coder *c = arg;

	put_table(c->nft, NFT_MSG_NEWTABLE, ruleset_nfproto(family),
		  NLM_F_CREATE);
}

static const struct {
	uint32_t type, len;
} key_types[] = {
	[KEY_ETHER] = { NFT_TYPE_ETHERADDR, 6 },
	[KEY_IPV4] = { NFT_TYPE_IPADDR, 4 },
	[KEY_IPV6] = { NFT_TYPE_IP6ADDR, 16 },
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
	[SET_RATES] = { NFT_SET_TIMEOUT | NFT_SET_EVAL, 0, DYNAMIC_MAX,
			RATE_TIMEOUT_MS },
	[SET_GARDEN] = { NFT_SET_TIMEOUT, 0, DYNAMIC_MAX, GARDEN_TIMEOUT_MS },
	[SET_NETS] = { NFT_SET_INTERVAL, 0, 0, 0 },
};

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
static bool is_covered(const struct conf_list *l, size_t i, const struct addr *a,
		       unsigned int prefix)
{
	struct addr b;
	unsigned int wider;

	for (size_t k = 0; k < l->count; k++) {
		bool same = true;

		if (k == i || !addr_parse_prefix(&b, &wider, l->value[k]) ||
		    b.family != a->family || wider > prefix ||
		    (wider == prefix && k > i))
			continue;
		for (size_t bit = 0; bit < wider && same; bit++)
			same = !((a->byte[bit / 8] ^ b.byte[bit / 8]) &
				 (0x80 >> (bit % 8)));
		if (same)
			return true;
	}
	return false;
}

/* The config's networks; a reload replaces them, so they are flushed first. */
static void put_members(struct coder *c, struct nftnl_set *s,
			const struct ruleset_set *set)
{
	uint16_t nfproto = ruleset_nfproto(set->family);
	uint8_t family = set->key == KEY_IPV4 ? AF_INET : AF_INET6;
	struct nlmsghdr *nlh;
	struct addr a;
	unsigned int prefix;

	nlh = nft_put(c->nft, NFT_MSG_DELSETELEM, nfproto, 0);
	nftnl_set_elems_nlmsg_build_payload(nlh, s);
	nft_put_done(c->nft, nlh);
	for (size_t i = 0; i < set->members->count; i++)
		if (addr_parse_prefix(&a, &prefix, set->members->value[i]) &&
		    a.family == family &&
		    !is_covered(set->members, i, &a, prefix))
			add_net(s, &a, prefix);
	nlh = nft_put(c->nft, NFT_MSG_NEWSETELEM, nfproto, NLM_F_CREATE);
	nftnl_set_elems_nlmsg_build_payload(nlh, s);
	nft_put_done(c->nft, nlh);
}

static void describe_set(struct nftnl_set *s, const struct ruleset_set *set)
{
	/* For nft's listings alone: the data is in host order. */
	static const struct {
		uint8_t type, len;
		uint32_t value;
	} __attribute__((packed)) host_order = { NFTNL_UDATA_SET_DATABYTEORDER,
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
		nftnl_set_set_data(s, NFTNL_SET_USERDATA, &host_order,
				   sizeof(host_order));
	}
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
	if (set->kind == SET_NETS)
		put_members(c, s, set);
	nftnl_set_free(s);
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
	[HOOK_FORWARD] = { "filter", NF_INET_FORWARD },
};

static void on_chain(void *arg, const struct ruleset_chain *chain)
{
	struct coder *c = arg;
	struct nftnl_chain *n = nftnl_chain_alloc();
	struct nlmsghdr *nlh;

	if (!n)
		fatal("nft: no memory for a chain");
	nftnl_chain_set_str(n, NFTNL_CHAIN_TABLE, RULESET_TABLE);
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
	nlh = nft_put(c->nft, NFT_MSG_NEWCHAIN, ruleset_nfproto(chain->family),
		      NLM_F_CREATE);
	nftnl_chain_nlmsg_build_payload(nlh, n);
	nft_put_done(c->nft, nlh);
	nftnl_chain_free(n);
}

static void on_rule(void *arg, const struct ruleset_rule *rule)
{
	struct coder *c = arg;
	struct nftnl_rule *r = nftnl_rule_alloc();
	struct nlmsghdr *nlh;

	if (!r)
		fatal("nft: no memory for a rule");
	nftnl_rule_set_str(r, NFTNL_RULE_TABLE, RULESET_TABLE);
	nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, rule->chain);
	nftnl_rule_set_u32(r, NFTNL_RULE_FAMILY, ruleset_nfproto(rule->family));
	for (int i = 0; i < rule->terms; i++)
		term_coders[rule->term[i].kind](r, &rule->term[i]);
	nlh = nft_put(c->nft, NFT_MSG_NEWRULE, ruleset_nfproto(rule->family),
		      NLM_F_CREATE | NLM_F_APPEND);
	nftnl_rule_nlmsg_build_payload(nlh, r);
	nft_put_done(c->nft, nlh);
	nftnl_rule_free(r);
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
	enum ruleset_family family;
	bool table;
	struct names chains;
	struct names sets;
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

static void fill_table_name(struct nlmsghdr *nlh, void *arg)
{
	(void)arg;
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, RULESET_TABLE);
}

static int find_present(struct nft *nft, struct present *p)
{
	const struct nft_dump dumps[] = {
		{ NFT_MSG_GETTABLE, ruleset_nfproto(p->family), NULL,
		  on_present_table, p },
		{ NFT_MSG_GETCHAIN, ruleset_nfproto(p->family), NULL,
		  on_present_chain, p },
		{ NFT_MSG_GETSET, ruleset_nfproto(p->family), fill_table_name,
		  on_present_set, p },
	};
	int err = nft_dump(nft, &dumps[0]);

	if (!err && p->table)
		err = nft_dump(nft, &dumps[1]);
	if (!err && p->table)
		err = nft_dump(nft, &dumps[2]);
	return err;
}

static void on_wanted_set(void *arg, const struct ruleset_set *set)
{
	struct present *p = arg;
	struct name *n;

	SLIST_FOREACH(n, &p->sets, next)
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
	SLIST_FOREACH(n, &p->chains, next) {
		nlh = nft_put(nft, NFT_MSG_DELCHAIN, nfproto, 0);
		mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, RULESET_TABLE);
		mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, n->text);
		nft_put_done(nft, nlh);
	}
}

static void put_sets_removal(struct nft *nft, const struct present *p)
{
	uint16_t nfproto = ruleset_nfproto(p->family);
	const struct name *n;
	struct nlmsghdr *nlh;

	SLIST_FOREACH(n, &p->sets, next) {
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
	struct present p = { .family = family };
	const struct ruleset_visitor wanted = { .on_set = on_wanted_set,
						.arg = &p };
	int err = find_present(nft, &p);

	if (!err && p.table && fresh) {
		put_table(nft, NFT_MSG_DELTABLE, ruleset_nfproto(family), 0);
	} else if (!err && p.table) {
		ruleset_walk(in, &wanted);
		put_chains_removal(nft, &p);
		put_sets_removal(nft, &p);
	}
	forget(&p.chains);
	forget(&p.sets);
	return err;
}

int ruleset_put(struct nft *nft, const struct ruleset_input *in, bool fresh)
{
	struct coder c = { .nft = nft };
	const struct ruleset_visitor objects = { .on_table = on_table,
						 .on_set = on_set,
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
	return 0;
}

int ruleset_put_removal(struct nft *nft)
{
	for (int family = FAMILY_NETDEV; family <= FAMILY_INET; family++) {
		struct present p = { .family = (enum ruleset_family)family };
		int err = find_present(nft, &p);

		forget(&p.chains);
		forget(&p.sets);
		if (err)
			return err;
		if (p.table)
			put_table(nft, NFT_MSG_DELTABLE,
				  ruleset_nfproto(p.family), 0);
	}
	return 0;
}

/* --- the fingerprint --------------------------------------------------- */

/* FNV-1a over the message behind its netlink and nfnetlink headers. */
static int on_fingerprint(const struct nlmsghdr *nlh, void *arg)
{
	uint64_t *sum = arg;
	const unsigned char *byte =
		mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));
	const unsigned char *end = mnl_nlmsg_get_payload_tail(nlh);

	for (; byte < end; byte++)
		*sum = (*sum ^ *byte) * 0x100000001b3ULL;
	return 0;
}

static int on_fingerprint_chain(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_chain *c = nftnl_chain_alloc();
	int err = c ? 0 : -ENOMEM;

	if (c && nftnl_chain_nlmsg_parse(nlh, c) == 0 &&
	    !strcmp(nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE), RULESET_TABLE))
		err = on_fingerprint(nlh, arg);
	if (c)
		nftnl_chain_free(c);
	return err;
}

uint64_t ruleset_fingerprint(struct nft *nft)
{
	uint64_t sum = 0xcbf29ce484222325ULL;

	for (int family = FAMILY_NETDEV; family <= FAMILY_INET; family++) {
		uint16_t nfproto = ruleset_nfproto((enum ruleset_family)family);
		const struct nft_dump chains = { NFT_MSG_GETCHAIN, nfproto,
						 NULL, on_fingerprint_chain,
						 &sum };
		const struct nft_dump rules = { NFT_MSG_GETRULE, nfproto,
						fill_table_name,
						on_fingerprint, &sum };

		if (nft_dump(nft, &chains) < 0 || nft_dump(nft, &rules) < 0)
			return 0;
	}
	return sum;
}
