/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/gate.h"

#include <errno.h>
#include <string.h>

#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "common/clock.h"
#include "netctl/ruleset.h"

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

static void put_add(struct gate *g, size_t zone, const struct garden_entry *e,
		    uint64_t now_ms)
{
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

static int commit(struct gate *g, const char *what)
{
	int err = nft_commit(g->nft);

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

/* Not for each of thousands of answers. */
static void say_full(struct gate *g, uint64_t now_ms)
{
	if (g->garden_full_ms && now_ms - g->garden_full_ms < SAY_AGAIN_MS)
		return;
	g->garden_full_ms = now_ms;
	log_warn("garden: %u addresses of names are open in a zone; no more "
		 "until some are over",
		 GARDEN_MAX);
}

int gate_open_name(struct gate *g, const struct ipc_garden *m, uint32_t *count)
{
	uint64_t now_ms = clock_ms();
	uint32_t zones;
	int err = garden_take(g->garden, g->settings, m, now_ms, &zones);
	int failed;

	*count = 0;
	if (err == -ENOSPC)
		say_full(g, now_ms);
	if (!zones)
		return err;
	nft_begin(g->nft);
	for (size_t z = 0; z < g->settings->zones; z++) {
		const struct garden_entry *e;

		if (!(zones & 1U << z))
			continue;
		e = garden_find(g->garden, z, &m->address);
		put_delete(g, z, e);
		put_add(g, z, e, now_ms);
		(*count)++;
	}
	failed = commit(g, "opening");
	return failed ? failed : err;
}

void gate_restore_garden(struct gate *g)
{
	uint64_t now_ms = clock_ms();
	const struct garden_entry *e;
	int err;

	nft_begin(g->nft);
	for (size_t z = 0; z < g->settings->zones; z++) {
		garden_expire(g->garden, z, now_ms);
		if (!settings_opens_names(g->settings, z))
			continue; /* it has no sets any more */
		for (size_t i = 0; (e = garden_at(g->garden, z, i)); i++)
			put_add(g, z, e, now_ms);
	}
	err = commit(g, "restoring");
	if (err)
		log_debug("garden: not restored: %s", strerror(-err));
}

struct pruning {
	struct gate *gate;
	size_t zone;
};

static void on_gone(const struct garden_entry *e, void *arg)
{
	const struct pruning *p = arg;

	if (settings_opens_names(p->gate->settings, p->zone))
		put_delete(p->gate, p->zone, e);
}

void gate_prune_garden(struct gate *g)
{
	struct pruning p = { .gate = g };
	int err;

	nft_begin(g->nft);
	for (; p.zone < g->settings->zones; p.zone++)
		garden_prune(g->garden, g->settings, p.zone, on_gone, &p);
	err = commit(g, "closing");
	if (err)
		log_debug("garden: not closed: %s", strerror(-err));
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
