/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/rules/foreign_marks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "common/array.h"
#include "netctl/rules/ruleset.h"

#define SUSPECTS  8
#define REGISTERS 32

/* --- one rule ---------------------------------------------------------- */

/* Which bits of each register are those of the packet's own mark. */
struct registers {
	uint32_t kept[REGISTERS];
	uint32_t mask;
	bool changes;
};

static uint32_t *reg(struct registers *r, struct nftnl_expr *e, uint16_t attr)
{
	static uint32_t none;
	uint32_t number = nftnl_expr_get_u32(e, attr);

	return number < REGISTERS ? &r->kept[number] : &none;
}

static void on_meta(struct registers *r, struct nftnl_expr *e)
{
	bool is_mark =
		nftnl_expr_get_u32(e, NFTNL_EXPR_META_KEY) == NFT_META_MARK;

	if (nftnl_expr_is_set(e, NFTNL_EXPR_META_DREG))
		*reg(r, e, NFTNL_EXPR_META_DREG) = is_mark ? UINT32_MAX : 0;
	else if (is_mark &&
		 (*reg(r, e, NFTNL_EXPR_META_SREG) & r->mask) != r->mask)
		r->changes = true;
}

static uint32_t word(struct nftnl_expr *e, uint16_t attr)
{
	uint32_t len = 0, value = 0;
	const void *data = nftnl_expr_get(e, attr, &len);

	if (data && len == sizeof(value))
		memcpy(&value, data, sizeof(value));
	return value;
}

/* register & mask ^ flip; a shift keeps nothing in its place. */
static void on_bitwise(struct registers *r, struct nftnl_expr *e)
{
	uint32_t kept = *reg(r, e, NFTNL_EXPR_BITWISE_SREG);

	if (nftnl_expr_is_set(e, NFTNL_EXPR_BITWISE_MASK))
		kept &= word(e, NFTNL_EXPR_BITWISE_MASK) &
			~word(e, NFTNL_EXPR_BITWISE_XOR);
	else
		kept = 0;
	*reg(r, e, NFTNL_EXPR_BITWISE_DREG) = kept;
}

static int on_expression(struct nftnl_expr *e, void *arg)
{
	static const struct {
		const char *name;
		uint16_t dreg;
	} loads[] = {
		{ "immediate", NFTNL_EXPR_IMM_DREG },
		{ "ct", NFTNL_EXPR_CT_DREG },
		{ "lookup", NFTNL_EXPR_LOOKUP_DREG },
		{ "payload", NFTNL_EXPR_PAYLOAD_DREG },
	};
	const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);

	if (!strcmp(name, "meta"))
		on_meta(arg, e);
	else if (!strcmp(name, "bitwise"))
		on_bitwise(arg, e);
	for (size_t i = 0; i < ARRAY_SIZE(loads); i++)
		if (!strcmp(name, loads[i].name) &&
		    nftnl_expr_is_set(e, loads[i].dreg))
			*reg(arg, e, loads[i].dreg) = 0;
	return 0;
}

/* --- all rules --------------------------------------------------------- */

struct suspects {
	struct nft *nft;
	uint32_t mask;
	struct foreign_rule rule[SUSPECTS];
	size_t count;
};

static void suspect(struct suspects *s, const struct nftnl_rule *r)
{
	struct foreign_rule *f = &s->rule[s->count];

	f->nfproto = (uint16_t)nftnl_rule_get_u32(r, NFTNL_RULE_FAMILY);
	snprintf(f->table, sizeof(f->table), "%s",
		 nftnl_rule_get_str(r, NFTNL_RULE_TABLE));
	snprintf(f->chain, sizeof(f->chain), "%s",
		 nftnl_rule_get_str(r, NFTNL_RULE_CHAIN));
	if (s->count && !memcmp(f, f - 1, sizeof(*f)))
		return;
	s->count++;
}

static int on_rule(const struct nlmsghdr *nlh, void *arg)
{
	struct suspects *s = arg;
	struct registers regs = { .mask = s->mask };
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (!r)
		return -ENOMEM;
	if (s->count < SUSPECTS && nftnl_rule_nlmsg_parse(nlh, r) == 0 &&
	    strcmp(nftnl_rule_get_str(r, NFTNL_RULE_TABLE), RULESET_TABLE)) {
		nftnl_expr_foreach(r, on_expression, &regs);
		if (regs.changes)
			suspect(s, r);
	}
	nftnl_rule_free(r);
	return 0;
}

static int find_suspects(void *arg)
{
	struct suspects *s = arg;
	const struct nft_dump d = { .type = NFT_MSG_GETRULE,
				    .family = NFPROTO_UNSPEC,
				    .on_message = on_rule,
				    .arg = s };

	*s = (struct suspects){ .nft = s->nft, .mask = s->mask };
	return nft_dump(s->nft, &d);
}

/* --- where they are ---------------------------------------------------- */

struct place {
	const struct foreign_rule *rule;
	bool is_met;
};

static void fill_chain(struct nlmsghdr *nlh, void *arg)
{
	const struct place *p = arg;

	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, p->rule->table);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, p->rule->chain);
}

static int on_chain(const struct nlmsghdr *nlh, void *arg)
{
	struct place *p = arg;
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (!c)
		return -ENOMEM;
	if (nftnl_chain_nlmsg_parse(nlh, c) == 0) {
		uint32_t hook = nftnl_chain_get_u32(c, NFTNL_CHAIN_HOOKNUM);

		p->is_met = !nftnl_chain_is_set(c, NFTNL_CHAIN_HOOKNUM) ||
			    hook == NF_INET_PRE_ROUTING ||
			    hook == NF_INET_FORWARD;
	}
	nftnl_chain_free(c);
	return 0;
}

static bool is_met(struct nft *nft, const struct foreign_rule *rule)
{
	struct place p = { .rule = rule };
	const struct nft_dump d = { .type = NFT_MSG_GETCHAIN,
				    .family = rule->nfproto,
				    .fill = fill_chain,
				    .on_message = on_chain,
				    .arg = &p };

	return nft_get(nft, &d) == 0 && p.is_met;
}

int foreign_marks_find(struct nft *nft, uint32_t mask,
		       struct foreign_rule *found)
{
	struct suspects s = { .nft = nft, .mask = mask };
	int err = netlink_retry(find_suspects, &s);

	for (size_t i = 0; !err && i < s.count; i++)
		if (is_met(nft, &s.rule[i])) {
			*found = s.rule[i];
			return 1;
		}
	return err;
}
