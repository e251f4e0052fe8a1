/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/rules_sync.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "netctl/control/garden_sync.h"
#include "netctl/control/outlet.h"
#include "netctl/control/pending.h"
#include "netctl/rules/fingerprint.h"
#include "netctl/rules/foreign.h"
#include "netctl/rules/ruleset_nft.h"
#include "netctl/rules/special_nets.h"

#define UPLINK_NETS  256
#define INSTALLS_MAX 3 /* in a row, to have one that nobody came close to */

/* Networks that guests are kept out of. */
struct refused {
	char text[UPLINK_NETS][ADDR_TEXT_MAX + 4];
	const char *all[SPECIAL_NETS + UPLINK_NETS];
	size_t count; /* of uplinks */
	bool is_cut;
};

static bool has(const struct refused *r, const char *text)
{
	for (size_t i = 0; i < r->count; i++)
		if (!strcmp(r->text[i], text))
			return true;
	return false;
}

static void refuse_one(struct refused *r, const struct addr *a, uint32_t prefix)
{
	struct addr net = addr_network(a, prefix);
	char name[ADDR_TEXT_MAX], *text;

	if (r->count == UPLINK_NETS) {
		if (!r->is_cut)
			log_error("uplinks have more than %d networks: guests "
				  "are not kept out of the rest",
				  UPLINK_NETS);
		r->is_cut = true;
		return;
	}
	text = r->text[r->count];
	snprintf(text, sizeof(r->text[0]), "%s/%u", addr_to_string(&net, name),
		 prefix);
	if (!has(r, text))
		r->all[SPECIAL_NETS + r->count++] = text;
}

/* Of IPv4 also as a NAT64 of the well-known prefix calls it (RFC 6052, 2.1). */
static void refuse(struct refused *r, const struct rtnl_address *a)
{
	struct addr nat64 = { .family = AF_INET6,
			      .byte = { 0, 0x64, 0xff, 0x9b } };

	if (!a->prefix)
		return;
	refuse_one(r, &a->addr, a->prefix);
	if (a->addr.family != AF_INET)
		return;
	memcpy(nat64.byte + 12, a->addr.byte, 4);
	refuse_one(r, &nat64, a->prefix + 96);
}

/* Good until the next call. */
static struct ruleset_nets refused_nets(const struct controller *c)
{
	static struct refused r;

	r.count = 0;
	memcpy(r.all, special_nets, sizeof(special_nets));
	for (size_t i = 0; i < c->addresses; i++)
		if (outlet_is_uplink(c, c->address[i].addr.ifindex))
			refuse(&r, &c->address[i]);
	for (size_t i = 0; i < c->link_nets; i++)
		refuse(&r, &c->link_net[i]);
	return (struct ruleset_nets){ r.all, SPECIAL_NETS + r.count };
}

static struct ruleset_input ruleset_input(const struct controller *c)
{
	struct ruleset_input in = {
		.settings = c->settings,
		.flow_table = c->flow_table == IPC_FLOW_TABLE_ON,
		.foreign_flow_table = c->foreign_flow_table,
		.special = refused_nets(c),
		.byways = { c->byways.ifindex, c->byways.count }
	};

	for (size_t i = 0; i < c->settings->zones; i++) {
		in.zone_present[i] = c->zone[i].ifindex != 0;
		in.zone_shut[i] = c->zone[i].bypass_ifindex != 0;
		in.zone_is_lower[i] = c->zone[i].is_lower;
		in.zone_policed[i] = c->zone[i].policed;
		in.zone_offline[i] = outlet_of_zone(c, i) != IPC_OUTLET_OPEN;
	}
	for (size_t i = 0; i < c->settings->uplinks; i++) {
		in.uplink_ifindex[i] = c->uplink_ifindex[i];
		in.uplink_is_lower[i] = c->uplink_is_lower[i];
		in.uplink_shaped[i] = shaper_uplink_is_shaped(c->shaper, i);
	}
	return in;
}

static int install(struct controller *c, const struct ruleset_input *in,
		   bool fresh)
{
	int err = nft_generation(c->nft, &c->generation);

	if (err)
		return err;
	nft_begin(c->nft);
	err = ruleset_put(c->nft, in, fresh);
	return err ? err : nft_commit(c->nft);
}

static enum ipc_flow_table wanted_flow_table(const struct controller *c)
{
	if (!c->settings->gate.flow_table)
		return IPC_FLOW_TABLE_OFF;
	return c->flow_table_refusal ? IPC_FLOW_TABLE_REFUSED
				     : IPC_FLOW_TABLE_ON;
}

/*
 * The gate works without a flow table, so that nothing that a kernel has
 * against one is a reason to be without rules.
 */
static int install_with_or_without(struct controller *c,
				   struct ruleset_input *in, bool fresh)
{
	int err, refusal;

	c->flow_table = wanted_flow_table(c);
	in->flow_table = c->flow_table == IPC_FLOW_TABLE_ON;
	refusal = install(c, in, fresh);
	if (!refusal || !in->flow_table)
		return refusal;
	c->flow_table = IPC_FLOW_TABLE_REFUSED;
	in->flow_table = false;
	err = install(c, in, fresh);
	if (!err)
		c->flow_table_refusal = refusal;
	return err;
}

static void say_flow_table(const struct controller *c, enum ipc_flow_table was)
{
	if (c->flow_table == was)
		return;
	if (c->flow_table == IPC_FLOW_TABLE_ON)
		log_info("flow table: connections of those who are in take "
			 "the short way");
	else if (c->flow_table == IPC_FLOW_TABLE_REFUSED)
		log_info("flow table: none, as the kernel refuses it: %s; all "
			 "packets take the long way",
			 strerror(-c->flow_table_refusal));
}

static void forget_elements(struct controller *c)
{
	struct session *s;

	SESSION_FOREACH (s, c->sessions) {
		s->installed = false;
		s->policed = 0;
		pending_touch(c, s);
	}
}

/* Sessions that found no map to be in. */
static void touch_absent(struct controller *c)
{
	struct session *s;

	SESSION_FOREACH (s, c->sessions)
		if (s->state == SESSION_GRANTED && !s->installed)
			pending_touch(c, s);
}

/* Once: it is tried again and again. */
static void say_result(struct controller *c, int err)
{
	c->health.errors[IPC_NETLINK_NFTABLES] += err != 0;
	if (err && err != c->rules_error)
		log_error("nft: installing the rules: %s%s", strerror(-err),
			  err == -EOPNOTSUPP || err == -ENOENT
				  ? " (needs Linux 5.16 or newer with "
				    "netdev ingress and egress hooks, and "
				    "nft_connlimit)"
				  : "");
	else if (!err && c->rules_error)
		log_info("nft: the rules can be installed again");
	c->rules_error = err;
	if (!err)
		c->rules_retry_ms = 0;
}

static int install_over(struct controller *c, struct ruleset_input *in)
{
	int err = install_with_or_without(c, in, false);

	if (err != -EEXIST && err != -EBUSY && err != -EINVAL)
		return err;
	log_warn("nft: our tables have another layout: %s; replacing them",
		 strerror(-err));
	err = install_with_or_without(c, in, true);
	if (!err)
		forget_elements(c);
	return err;
}

/* false: others have changed tables since before our transaction. */
static bool take_fingerprint(struct controller *c,
			     const struct ruleset_input *in)
{
	uint32_t ours = c->generation + 1 ? c->generation + 1 : 1;
	uint32_t now;

	if (fingerprint_take(c->nft, in, &c->fingerprint) < 0)
		c->fingerprint = FINGERPRINT_OTHERS; /* they are gone again */
	return nft_generation(c->nft, &now) == 0 && now == ours;
}

/*
 * What others changed between the transaction and the look at it would count as
 * ours from then on. So it is done again where there was another transaction;
 * but those may go on and on, as of a resolver that fills the garden's sets:
 * then what fingerprint_take() can count has to do.
 */
static int install_alone(struct controller *c, struct ruleset_input *in)
{
	int err = 0;

	for (unsigned int i = 0; i < INSTALLS_MAX; i++) {
		err = install_over(c, in);
		if (err || take_fingerprint(c, in))
			break;
	}
	return err;
}

int rules_sync_install(struct controller *c)
{
	enum ipc_flow_table was = c->flow_table;
	struct ruleset_input in;
	int err;

	c->foreign_flow_table = foreign_has_flow_table(c->nft);
	in = ruleset_input(c);
	err = install_alone(c, &in);
	say_result(c, err);
	if (err)
		return err;
	say_flow_table(c, was);
	touch_absent(c);
	garden_sync_prune(c); /* what a reload closed that failed, too */
	garden_sync_restore(c);
	if (c->fingerprint == FINGERPRINT_OTHERS)
		pending_check_rules(c);
	return 0;
}

void rules_sync_shut(struct controller *c)
{
	int err;

	nft_begin(c->nft);
	ruleset_put_guards(c->nft, c->settings);
	err = nft_commit(c->nft);
	if (err)
		log_error("nft: guests are NOT kept out: %s", strerror(-err));
	else
		log_error("the rules are not those of the gate, and cannot be "
			  "put back: all zones are shut until they can");
}

bool rules_sync_are_ours(struct controller *c)
{
	struct ruleset_input in = ruleset_input(c);
	uint64_t now = 0;

	return fingerprint_read(c->nft, &in, &now) == 0 &&
	       now == c->fingerprint && now != FINGERPRINT_OTHERS;
}

void rules_sync_follow_policing(struct controller *c)
{
	struct session *s;

	SESSION_FOREACH (s, c->sessions) {
		bool policed = c->zone[s->zone].policed && elements_caps(s);

		if (!s->policed == !policed || s->state != SESSION_GRANTED)
			continue;
		if (!policed)
			s->policed = 0; /* the sets are gone */
		pending_touch(c, s);
	}
}

void rules_sync_follow_flow_tables(struct controller *c)
{
	if (foreign_has_flow_table(c->nft) == c->foreign_flow_table)
		return;
	if (rules_sync_install(c) == 0)
		log_info("somebody else's flow tables %s: the rules allow for "
			 "it",
			 c->foreign_flow_table ? "appeared" : "disappeared");
}

void rules_sync_retry_flow_table(struct controller *c)
{
	c->flow_table_refusal = 0;
}
