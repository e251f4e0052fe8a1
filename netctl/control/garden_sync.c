/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/controller.h"

#include <errno.h>
#include <string.h>

#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "common/clock.h"
#include "netctl/rules/ruleset.h"

#define SAY_AGAIN_MS 3600000

/* --- elements ---------------------------------------------------------- */

/* Sends one element of the zone's garden; left_ms 0: it has no time-out. */
static void put(struct gate *g, uint16_t type, size_t zone,
		const struct addr *a, uint64_t left_ms)
{
	struct nftnl_set *set = nftnl_set_alloc();
	struct nftnl_set_elem *e = nftnl_set_elem_alloc();
	char name[RULESET_NAME_MAX];
	struct nlmsghdr *nlh;

	if (!set || !e)
		fatal("nft: no memory for an element");
	ruleset_name(name, a->family == AF_INET ? "garden4" : "garden6",
		     g->settings->zone[zone].name);
	nftnl_set_set_str(set, NFTNL_SET_TABLE, RULESET_TABLE);
	nftnl_set_set_str(set, NFTNL_SET_NAME, name);
	nftnl_set_set_u32(set, NFTNL_SET_FAMILY, NFPROTO_INET);
	nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY, a->byte,
			   (uint32_t)addr_len(a));
	if (left_ms)
		nftnl_set_elem_set_u64(e, NFTNL_SET_ELEM_TIMEOUT, left_ms);
	nftnl_set_elem_add(set, e);
	nlh = nft_put(g->nft, type, NFPROTO_INET,
		      type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0);
	nftnl_set_elems_nlmsg_build_payload(nlh, set);
	nft_put_done(g->nft, nlh);
	nftnl_set_free(set);
}

static void put_add(struct gate *g, size_t zone, const struct garden_entry *e)
{
	uint64_t now_ms = clock_ms();

	put(g, NFT_MSG_NEWSETELEM, zone, &e->address,
	    e->ends_ms > now_ms ? e->ends_ms - now_ms : 1);
}

/*
 * Adding what is there changes nothing; so whoever put an element there, and
 * whether it is there at all, it can be deleted then.
 */
static void put_delete(struct gate *g, size_t zone,
		       const struct garden_entry *e)
{
	put(g, NFT_MSG_NEWSETELEM, zone, &e->address, 1000);
	put(g, NFT_MSG_DELSETELEM, zone, &e->address, 0);
}

/* Not for each of thousands of answers. */
static void say_full(struct gate *g, const char *what)
{
	uint64_t now_ms = clock_ms();

	if (g->garden_full_ms && now_ms - g->garden_full_ms < SAY_AGAIN_MS)
		return;
	g->garden_full_ms = now_ms;
	log_warn("garden: %s; no more in that zone until some are over", what);
}

/* -ENOSPC: others have filled a set; -EAGAIN: the rules are not ours now. */
static int commit(struct gate *g, const char *what)
{
	int err = nft_commit(g->nft);

	if (err == -ENFILE) {
		say_full(g,
			 "a set is full, of addresses from elsewhere as well");
		return -ENOSPC;
	}
	if (err == -ENOENT) {
		gate_check_rules(g); /* a stranger has taken the sets */
		return -EAGAIN;
	}
	if (err) {
		g->health.errors[IPC_NETLINK_NFTABLES]++;
		log_warn("nft: %s the garden: %s", what, strerror(-err));
	}
	return err;
}

/* --- names ------------------------------------------------------------- */

/* Memory follows the kernel: what did not get in is not kept. */
static int open_in_zone(struct gate *g, size_t zone,
			const struct garden_entry *e)
{
	int err;

	nft_begin(g->nft);
	put_delete(g, zone, e);
	put_add(g, zone, e);
	err = commit(g, "opening");
	if (!err || err == -EAGAIN)
		garden_keep(g->garden, zone, e);
	if (err == -EAGAIN) /* it gets in with the rules */
		garden_doubt(g->garden);
	return err;
}

int gate_open_name(struct gate *g, const struct ipc_garden *m, uint32_t *count)
{
	struct garden_plan plan;
	int err;

	*count = 0;
	gate_see_strangers(g); /* the plan relies on what the kernel has */
	err = garden_plan(g->garden, g->settings, m, clock_ms(), &plan);
	if (err == -ENOSPC)
		say_full(g, "a zone has all the addresses that it may have");
	for (size_t z = 0; z < g->settings->zones; z++) {
		int failed = 0;

		if (!(plan.zones & 1U << z))
			continue;
		if (plan.lacks & 1U << z)
			failed = open_in_zone(g, z, &plan.entry[z]);
		if (failed)
			err = failed;
		else
			(*count)++;
	}
	return err;
}

/* --- all of them ------------------------------------------------------- */

/* Looks at that many entries, puts those of the family; the place after. */
static size_t put_some(struct gate *g, size_t zone, uint16_t family,
		       size_t from, size_t max)
{
	const struct garden_entry *e;
	size_t at = from;

	for (; at - from < max && (e = garden_at(g->garden, zone, at)); at++)
		if (e->address.family == family)
			put_add(g, zone, e);
	return at;
}

/*
 * One element too many fails a whole transaction. So by halves, up to the one
 * that has no room: those after it are there already, or have none either.
 */
static int restore_set(struct gate *g, size_t zone, uint16_t family)
{
	size_t max = GARDEN_MAX;

	for (size_t at = 0; garden_at(g->garden, zone, at);) {
		size_t next;
		int err;

		nft_begin(g->nft);
		next = put_some(g, zone, family, at, max);
		err = commit(g, "restoring");
		if (!err)
			at = next;
		else if (err == -ENOSPC && next - at > 1)
			max = (next - at) / 2;
		else
			return err;
	}
	return 0;
}

void gate_restore_garden(struct gate *g)
{
	static const uint16_t family[] = { AF_INET, AF_INET6 };

	for (size_t z = 0; z < g->settings->zones; z++) {
		if (!settings_opens_names(g->settings, z))
			continue; /* it has no sets any more */
		for (size_t i = 0; i < 2; i++) {
			int err = restore_set(g, z, family[i]);

			if (err)
				garden_doubt(g->garden);
			if (err && err != -ENOSPC)
				return; /* nor would the next */
		}
	}
}

struct closing {
	struct gate *gate;
	size_t zone;
	int err; /* of those deleted alone */
};

static void on_gone(const struct garden_entry *e, void *arg)
{
	const struct closing *c = arg;

	put_delete(c->gate, c->zone, e);
}

/* Without adding it before, so it may not be there. */
static void on_gone_alone(const struct garden_entry *e, void *arg)
{
	struct closing *c = arg;
	struct gate *g = c->gate;
	int err;

	nft_begin(g->nft);
	put(g, NFT_MSG_DELSETELEM, c->zone, &e->address, 0);
	err = nft_commit(g->nft);
	if (!err || err == -ENOENT)
		return;
	c->err = err;
	g->health.errors[IPC_NETLINK_NFTABLES]++;
	log_warn("nft: closing the garden: %s", strerror(-err));
}

/* 0 or -errno: some may be open yet. */
static int close_gone(struct gate *g, size_t zone)
{
	struct closing c = { .gate = g, .zone = zone };
	int err;

	nft_begin(g->nft);
	garden_each_gone(g->garden, g->settings, zone, on_gone, &c);
	err = commit(g, "closing");
	if (err != -ENOSPC)
		return err == -EAGAIN ? 0 : err; /* rules anew have none */
	garden_each_gone(g->garden, g->settings, zone, on_gone_alone, &c);
	return c.err;
}

void gate_prune_garden(struct gate *g)
{
	const struct settings *s = g->settings;

	for (size_t z = 0; z < s->zones; z++) {
		garden_expire(g->garden, z, clock_ms());
		/* what is open yet is known, so the next time closes it */
		if (!settings_opens_names(s, z) || close_gone(g, z) == 0)
			garden_prune(g->garden, s, z);
	}
}

/* --- devices that have gone -------------------------------------------- */

void gate_left(struct gate *g, const struct mac *mac)
{
	for (uint16_t z = 0; z < g->settings->zones; z++) {
		uint64_t leave_s = g->settings->zone[z].leave_s;
		struct session *s = session_find(g->sessions, z, mac);

		if (!leave_s || !s || s->state != SESSION_GRANTED ||
		    !s->installed)
			continue;
		gate_read(g, s); /* what it sent before is not a return */
		s->leaves_ms = clock_ms() + leave_s * 1000;
		gate_plan_poll(g, s);
	}
}
