/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/rules/ruleset_expr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include <libnftnl/expr.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>

#include "common/log.h"

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

static struct nftnl_expr *add_bitwise(struct nftnl_rule *r, uint32_t op,
				      uint32_t len)
{
	struct nftnl_expr *e = expr_add(r, "bitwise");

	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, len);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_OP, op);
	return e;
}

/* register = register & mask ^ flip */
static void add_mask(struct nftnl_rule *r, uint32_t mask, uint32_t flip)
{
	struct nftnl_expr *e = add_bitwise(r, NFT_BITWISE_BOOL, sizeof(mask));

	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, &mask, sizeof(mask));
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, &flip, sizeof(flip));
}

static void add_byte_mask(struct nftnl_rule *r, uint8_t mask)
{
	struct nftnl_expr *e = add_bitwise(r, NFT_BITWISE_BOOL, sizeof(mask));
	const uint8_t flip = 0;

	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, &mask, sizeof(mask));
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, &flip, sizeof(flip));
}

/* Each 32-bit word is shifted in host order, as marks are kept. */
static void add_shift_right(struct nftnl_rule *r, uint32_t bits)
{
	struct nftnl_expr *e =
		add_bitwise(r, NFT_BITWISE_RSHIFT, sizeof(uint32_t));

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
	[FIELD_IP6_SADDR] = { NFT_PAYLOAD_NETWORK_HEADER, 8, 16, NFPROTO_IPV6 },
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

static void code_iif_in_set(struct nftnl_rule *r, const struct ruleset_term *t)
{
	add_meta(r, NFT_META_IIF);
	add_lookup(r, t->name);
}

static void code_oif(struct nftnl_rule *r, const struct ruleset_term *t)
{
	add_meta(r, NFT_META_OIF);
	add_cmp_u32(r, NFT_CMP_EQ, t->value);
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

static void add_port(struct nftnl_rule *r, uint32_t offset, uint32_t port)
{
	uint16_t port_be = htons((uint16_t)port);

	add_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, offset, sizeof(port_be));
	add_cmp(r, NFT_CMP_EQ, &port_be, sizeof(port_be));
}

static void code_sport(struct nftnl_rule *r, const struct ruleset_term *t)
{
	add_port(r, 0, t->value);
}

static void code_dport(struct nftnl_rule *r, const struct ruleset_term *t)
{
	add_port(r, 2, t->value);
}

static void code_icmpv6(struct nftnl_rule *r, const struct ruleset_term *t)
{
	uint8_t protocol = IPPROTO_ICMPV6, type = (uint8_t)t->value;

	add_meta(r, NFT_META_L4PROTO);
	add_cmp(r, NFT_CMP_EQ, &protocol, sizeof(protocol));
	add_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, 0, sizeof(type));
	add_cmp(r, NFT_CMP_EQ, &type, sizeof(type));
}

static void code_syn(struct nftnl_rule *r, const struct ruleset_term *t)
{
	uint8_t syn = 0x02;

	(void)t;
	add_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, 13, sizeof(syn));
	add_byte_mask(r, syn);
	add_cmp(r, NFT_CMP_EQ, &syn, sizeof(syn));
}

static void add_fib(struct nftnl_rule *r, uint32_t result, uint32_t flags)
{
	struct nftnl_expr *e = expr_add(r, "fib");

	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_RESULT, result);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_FLAGS, flags);
}

static void code_local(struct nftnl_rule *r, const struct ruleset_term *t)
{
	(void)t;
	add_fib(r, NFT_FIB_RESULT_ADDRTYPE, NFTA_FIB_F_DADDR);
	add_cmp_u32(r, NFT_CMP_EQ, RTN_LOCAL);
}

static void code_ports_own(struct nftnl_rule *r, const struct ruleset_term *t)
{
	static const uint8_t groups[] = { 0x01, 0x80, 0xc2, 0, 0 };

	(void)t;
	add_payload(r, NFT_PAYLOAD_LL_HEADER, 0, sizeof(groups));
	add_cmp(r, NFT_CMP_EQ, groups, sizeof(groups));
}

static void code_spoofed(struct nftnl_rule *r, const struct ruleset_term *t)
{
	(void)t;
	add_fib(r, NFT_FIB_RESULT_OIF, NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF);
	add_cmp_u32(r, NFT_CMP_EQ, 0);
}

static void code_mark(struct nftnl_rule *r, const struct ruleset_term *t)
{
	add_meta(r, NFT_META_MARK);
	if (t->mask != UINT32_MAX)
		add_mask(r, t->mask, 0);
	add_cmp_u32(r, t->negate ? NFT_CMP_NEQ : NFT_CMP_EQ, t->value);
}

static void code_in_set(struct nftnl_rule *r, const struct ruleset_term *t)
{
	add_field(r, t->field);
	add_lookup(r, t->name);
}

static void add_ct(struct nftnl_rule *r, uint32_t key)
{
	struct nftnl_expr *e = expr_add(r, "ct");

	nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CT_DREG, NFT_REG_1);
}

_Static_assert((int)STATE_INVALID == NF_CT_STATE_INVALID_BIT &&
		       (int)STATE_ESTABLISHED ==
			       NF_CT_STATE_BIT(IP_CT_ESTABLISHED) &&
		       (int)STATE_RELATED == NF_CT_STATE_BIT(IP_CT_RELATED) &&
		       (int)STATE_UNTRACKED == NF_CT_STATE_UNTRACKED_BIT,
	       "the kernel's bits");

static void code_ct_state(struct nftnl_rule *r, const struct ruleset_term *t)
{
	add_ct(r, NFT_CT_STATE);
	if (ruleset_is_one_state(t)) {
		add_cmp_u32(r, NFT_CMP_EQ, t->mask);
		return;
	}
	add_mask(r, t->mask, 0);
	add_cmp_u32(r, t->negate ? NFT_CMP_EQ : NFT_CMP_NEQ, 0);
}

/* What conntrack does not know has no status, and does not match. */
static void code_new_flow(struct nftnl_rule *r, const struct ruleset_term *t)
{
	(void)t;
	add_ct(r, NFT_CT_STATUS);
	add_mask(r, IPS_CONFIRMED, 0);
	add_cmp_u32(r, NFT_CMP_EQ, 0);
}

static void code_answer(struct nftnl_rule *r, const struct ruleset_term *t)
{
	uint8_t direction = 1; /* IP_CT_DIR_REPLY */

	(void)t;
	add_ct(r, NFT_CT_DIRECTION);
	add_cmp(r, NFT_CMP_EQ, &direction, sizeof(direction));
}

/* --- terms with a set of devices --------------------------------------- */

static struct nftnl_expr *part_new(const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (!e)
		fatal("nft: no memory for a limit");
	return e;
}

/* per second, and as many more at once */
static struct nftnl_expr *limit_new(uint32_t type, uint64_t rate,
				    uint32_t burst, uint32_t flags)
{
	struct nftnl_expr *e = part_new("limit");

	nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_RATE, rate);
	nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_UNIT, 1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_BURST, burst);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_TYPE, type);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_FLAGS, flags);
	return e;
}

/* Each element has a part of its own. A full set does not match. */
static void add_dynset(struct nftnl_rule *r, const char *set, uint32_t op,
		       struct nftnl_expr *part)
{
	struct nftnl_expr *e = expr_add(r, "dynset");

	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_OP, op);
	nftnl_expr_set_str(e, NFTNL_EXPR_DYNSET_SET_NAME, set);
	nftnl_expr_set(e, NFTNL_EXPR_DYNSET_EXPR, part, 0);
}

static void code_over_rate(struct nftnl_rule *r, const struct ruleset_term *t)
{
	add_field(r, FIELD_ETHER_SADDR);
	add_dynset(r, t->name, NFT_DYNSET_OP_UPDATE,
		   limit_new(NFT_LIMIT_PKTS, t->value,
			     t->value * RULESET_QUERIES_BURST_S,
			     NFT_LIMIT_F_INV));
}

static void code_answers(struct nftnl_rule *r, const struct ruleset_term *t)
{
	add_field(r, FIELD_ETHER_DADDR);
	add_dynset(r, t->name, NFT_DYNSET_OP_UPDATE,
		   limit_new(NFT_LIMIT_PKT_BYTES,
			     RULESET_ANSWERS_KBYTES_PER_S * 1024,
			     RULESET_ANSWERS_BURST_KBYTES * 1024, 0));
}

static void code_flows(struct nftnl_rule *r, const struct ruleset_term *t)
{
	struct nftnl_expr *e = part_new("connlimit");

	nftnl_expr_set_u32(e, NFTNL_EXPR_CONNLIMIT_COUNT, t->value);
	if (t->negate)
		nftnl_expr_set_u32(e, NFTNL_EXPR_CONNLIMIT_FLAGS,
				   NFT_CONNLIMIT_F_INV);
	add_field(r, FIELD_ETHER_SADDR);
	add_dynset(r, t->name, NFT_DYNSET_OP_ADD, e);
}

static void code_clamp_mss(struct nftnl_rule *r, const struct ruleset_term *t)
{
	struct nftnl_expr *e = expr_add(r, "rt");

	(void)t;
	nftnl_expr_set_u32(e, NFTNL_EXPR_RT_KEY, NFT_RT_TCPMSS);
	nftnl_expr_set_u32(e, NFTNL_EXPR_RT_DREG, NFT_REG_1);
	e = expr_add(r, "byteorder");
	nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_OP, NFT_BYTEORDER_HTON);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_LEN, 2);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_SIZE, 2);
	e = expr_add(r, "exthdr"); /* RFC 9293: kind 2, two bytes behind it */
	nftnl_expr_set_u32(e, NFTNL_EXPR_EXTHDR_SREG, NFT_REG_1);
	nftnl_expr_set_u8(e, NFTNL_EXPR_EXTHDR_TYPE, TCPOPT_MAXSEG);
	nftnl_expr_set_u32(e, NFTNL_EXPR_EXTHDR_OFFSET, 2);
	nftnl_expr_set_u32(e, NFTNL_EXPR_EXTHDR_LEN, 2);
	nftnl_expr_set_u32(e, NFTNL_EXPR_EXTHDR_OP, NFT_EXTHDR_OP_TCPOPT);
}

/* --- what is done ------------------------------------------------------ */

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

/* Above a shift of 16 bits nothing is left to mask. */
static void code_mark_class(struct nftnl_rule *r, const struct ruleset_term *t)
{
	add_meta(r, NFT_META_MARK);
	if (t->shift)
		add_shift_right(r, t->shift);
	if (t->shift < 16)
		add_mask(r, t->mask, 0);
	add_cmp_u32(r, NFT_CMP_NEQ, 0);
	add_mask(r, t->mask, t->value);
	add_meta_set(r, NFT_META_PRIORITY);
}

static void code_count(struct nftnl_rule *r, const struct ruleset_term *t)
{
	struct nftnl_expr *e = expr_add(r, "objref");

	nftnl_expr_set_u32(e, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	nftnl_expr_set_str(e, NFTNL_EXPR_OBJREF_IMM_NAME,
			   ruleset_counter_names[t->value]);
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

static void code_offload(struct nftnl_rule *r, const struct ruleset_term *t)
{
	nftnl_expr_set_str(expr_add(r, "flow_offload"),
			   NFTNL_EXPR_FLOW_TABLE_NAME, t->name);
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

static void (*const term_coders[TERM_KIND_MAX])(
	struct nftnl_rule *r, const struct ruleset_term *t) = {
	[TERM_IIFNAME] = code_iifname,
	[TERM_OIFNAME] = code_oifname,
	[TERM_IIF_IN_SET] = code_iif_in_set,
	[TERM_OIF] = code_oif,
	[TERM_NFPROTO] = code_nfproto,
	[TERM_L4PROTO] = code_l4proto,
	[TERM_SPORT] = code_sport,
	[TERM_DPORT] = code_dport,
	[TERM_ICMPV6] = code_icmpv6,
	[TERM_LOCAL] = code_local,
	[TERM_PORTS_OWN] = code_ports_own,
	[TERM_SPOOFED] = code_spoofed,
	[TERM_MARK] = code_mark,
	[TERM_IN_SET] = code_in_set,
	[TERM_SYN] = code_syn,
	[TERM_CT_STATE] = code_ct_state,
	[TERM_NEW_FLOW] = code_new_flow,
	[TERM_ANSWER] = code_answer,
	[TERM_OVER_RATE] = code_over_rate,
	[TERM_ANSWERS] = code_answers,
	[TERM_FLOWS] = code_flows,
	[TERM_CLAMP_MSS] = code_clamp_mss,
	[TERM_SET_MARK] = code_set_mark,
	[TERM_MAP_MARK] = code_map_mark,
	[TERM_MAP_CLASS] = code_map_class,
	[TERM_MARK_CLASS] = code_mark_class,
	[TERM_COUNT] = code_count,
	[TERM_REDIRECT] = code_redirect,
	[TERM_OFFLOAD] = code_offload,
	[TERM_MASQUERADE] = code_masquerade,
	[TERM_REJECT_TCP] = code_reject_tcp,
	[TERM_REJECT] = code_reject,
	[TERM_ACCEPT] = code_verdict,
	[TERM_DROP] = code_verdict,
	[TERM_RETURN] = code_verdict,
	[TERM_JUMP] = code_verdict,
	[TERM_GOTO] = code_verdict,
};

struct nftnl_rule *ruleset_expr_build(const struct ruleset_rule *rule)
{
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (!r)
		fatal("nft: no memory for a rule");
	nftnl_rule_set_str(r, NFTNL_RULE_TABLE, RULESET_TABLE);
	nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, rule->chain);
	for (int i = 0; i < rule->terms; i++)
		term_coders[rule->term[i].kind](r, &rule->term[i]);
	return r;
}
