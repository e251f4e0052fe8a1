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

#define UPLINK_NETS 32

/* Networks that guests are kept out of; good until the next call. */
static struct ruleset_nets refused_nets(const struct controller *c)
{
	static char text[UPLINK_NETS][ADDR_TEXT_MAX + 4];
	static const char *all[SPECIAL_NETS + UPLINK_NETS];
	size_t count = 0;

	memcpy(all, special_nets, sizeof(special_nets));
	for (size_t i = 0; i < c->addresses && count < UPLINK_NETS; i++) {
		const struct rtnl_address *a = &c->address[i];
		struct addr net = addr_network(&a->addr, a->prefix);
		char name[ADDR_TEXT_MAX];

		if (!a->prefix || !outlet_is_uplink(c, a->addr.ifindex))
			continue;
		snprintf(text[count], sizeof(text[0]), "%s/%u",
			 addr_to_string(&net, name), a->prefix);
		all[SPECIAL_NETS + count] = text[count];
		count++;
	}
	return (struct ruleset_nets){ all, SPECIAL_NETS + count };
}

static struct ruleset_input ruleset_input(const struct controller *c)
{
	struct ruleset_input in = { .settings = c->settings,
				    .has_flow_table = c->has_flow_table,
				    .special = refused_nets(c) };

	for (size_t i = 0; i < c->settings->zones; i++) {
		in.zone_present[i] = c->zone[i].ifindex != 0;
		in.zone_shut[i] = c->zone[i].bypass_ifindex != 0;
		if_indextoname(c->zone[i].renamed_ifindex, in.zone_renamed[i]);
		in.zone_policed[i] = c->zone[i].policed;
		in.zone_offline[i] = outlet_of_zone(c, i) != IPC_OUTLET_OPEN;
	}
	for (size_t i = 0; i < c->settings->uplinks; i++) {
		in.uplink_ifindex[i] = c->uplink_ifindex[i];
		in.uplink_shaped[i] = shaper_uplink_is_shaped(c->shaper, i);
	}
	return in;
}

static int install(struct nft *nft, const struct ruleset_input *in, bool fresh)
{
	int err;

	nft_begin(nft);
	err = ruleset_put(nft, in, fresh);
	return err ? err : nft_commit(nft);
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

int rules_sync_install(struct controller *c)
{
	struct ruleset_input in;
	int err;

	c->has_flow_table = foreign_has_flow_table(c->nft);
	in = ruleset_input(c);
	err = install(c->nft, &in, false);
	if (err == -EEXIST || err == -EBUSY || err == -EINVAL) {
		log_warn("nft: our tables have another layout: %s; "
			 "replacing them",
			 strerror(-err));
		err = install(c->nft, &in, true);
		if (!err)
			forget_elements(c);
	}
	if (err) {
		c->health.errors[IPC_NETLINK_NFTABLES]++;
		log_error("nft: installing the rules: %s%s", strerror(-err),
			  err == -EOPNOTSUPP || err == -ENOENT
				  ? " (needs Linux 5.16 or newer with "
				    "netdev ingress and egress hooks, and "
				    "nft_connlimit)"
				  : "");
		return err;
	}
	touch_absent(c);
	garden_sync_prune(c); /* what a reload closed that failed, too */
	garden_sync_restore(c);
	if (fingerprint_take(c->nft, &in, &c->fingerprint) < 0)
		c->fingerprint = FINGERPRINT_OTHERS; /* they are gone again */
	if (c->fingerprint == FINGERPRINT_OTHERS)
		pending_check_rules(c);
	return 0;
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
	if (foreign_has_flow_table(c->nft) == c->has_flow_table)
		return;
	if (rules_sync_install(c) == 0)
		log_info("flow tables %s: uploads get their class %s",
			 c->has_flow_table ? "appeared" : "disappeared",
			 c->has_flow_table ? "at the uplink's egress"
					   : "in the forward hook");
}
