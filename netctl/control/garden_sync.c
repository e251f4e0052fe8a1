/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/garden_sync.h"

#include <errno.h>
#include <netinet/in.h> /* before linux/netfilter.h */
#include <string.h>

#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "common/array.h"
#include "common/clock.h"
#include "common/config/settings_valid.h"
#include "netctl/control/pending.h"
#include "netctl/control/state.h"
#include "netctl/rules/ruleset.h"

#define SAY_AGAIN_MS 3600000

static const uint16_t families[] = { AF_INET, AF_INET6 };

/* --- elements ------------------------------------------------------ */

static struct nftnl_set *set_of(const struct controller *c, size_t zone,
				uint16_t family)
{
	struct nftnl_set *set = nftnl_set_alloc();
	char name[RULESET_NAME_MAX];

	if (!set)
		fatal("nft: no memory for a set");
	ruleset_name(name, family == AF_INET ? "garden4" : "garden6",
		     c->settings->zone[zone].name);
	nftnl_set_set_str(set, NFTNL_SET_TABLE, RULESET_TABLE);
	nftnl_set_set_str(set, NFTNL_SET_NAME, name);
	nftnl_set_set_u32(set, NFTNL_SET_FAMILY, NFPROTO_INET);
	return set;
}

static void put_elements(struct controller *c, uint16_t type,
			 struct nftnl_set *set)
{
	struct nlmsghdr *nlh =
		nft_put(c->nft, type, NFPROTO_INET,
			type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0);

	nftnl_set_elems_nlmsg_build_payload(nlh, set);
	nft_put_done(c->nft, nlh);
	nftnl_set_free(set);
}

/* Sends one element of the zone's garden; left_ms 0: it has no time-out. */
static void put(struct controller *c, uint16_t type, size_t zone,
		const struct addr *a, uint64_t left_ms)
{
	struct nftnl_set *set = set_of(c, zone, a->family);
	struct nftnl_set_elem *e = nftnl_set_elem_alloc();

	if (!e)
		fatal("nft: no memory for an element");
	nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY, a->byte,
			   (uint32_t)addr_len(a));
	if (left_ms)
		nftnl_set_elem_set_u64(e, NFTNL_SET_ELEM_TIMEOUT, left_ms);
	nftnl_set_elem_add(set, e);
	put_elements(c, type, set);
}

/* All of them, whoever put them there. */
static void put_flush(struct controller *c, size_t zone, uint16_t family)
{
	put_elements(c, NFT_MSG_DELSETELEM, set_of(c, zone, family));
}

static void put_add(struct controller *c, size_t zone,
		    const struct garden_entry *e)
{
	uint64_t now_ms = clock_ms();

	put(c, NFT_MSG_NEWSETELEM, zone, &e->address,
	    e->ends_ms > now_ms ? e->ends_ms - now_ms : 1);
}

/*
 * Adding what is there changes nothing; so whoever put an element there, and
 * whether it is there at all, it can be deleted then.
 */
static void put_delete(struct controller *c, size_t zone,
		       const struct garden_entry *e)
{
	put(c, NFT_MSG_NEWSETELEM, zone, &e->address, 1000);
	put(c, NFT_MSG_DELSETELEM, zone, &e->address, 0);
}

/* --- what is open -------------------------------------------------- */

static bool has_port(const struct zone_settings *z, uint16_t port,
		     uint8_t protocol)
{
	uint16_t own;
	uint8_t its;

	if ((port == 443 && protocol == IPPROTO_UDP) ||
	    ((port == 80 || port == 443) && protocol == IPPROTO_TCP))
		return true;
	for (size_t i = 0; i < z->garden_port.count; i++)
		if (!strcmp(z->garden_port.value[i], "all") ||
		    (valid_port_parse(z->garden_port.value[i], &own, &its) &&
		     own == port && its == protocol))
			return true;
	return false;
}

static bool is_in_nets(const struct conf_list *nets, const struct addr *a)
{
	struct addr net;
	unsigned int prefix;

	for (size_t i = 0; i < nets->count; i++)
		if (addr_parse_prefix(&net, &prefix, nets->value[i]) &&
		    addr_is_within(a, &net, prefix))
			return true;
	return false;
}

static void fill_set(struct nlmsghdr *nlh, void *arg)
{
	nftnl_set_elems_nlmsg_build_payload(nlh, arg);
}

static int on_element(const struct nlmsghdr *nlh, void *arg)
{
	(void)nlh;
	(void)arg;
	return 0;
}

/* Of dnsmasq's, too, which tells nobody what it puts there. */
static bool kernel_has(const struct controller *c, size_t zone,
		       const struct addr *a)
{
	struct nftnl_set *set = set_of(c, zone, a->family);
	struct nftnl_set_elem *e = nftnl_set_elem_alloc();
	const struct nft_dump question = { .type = NFT_MSG_GETSETELEM,
					   .family = NFPROTO_INET,
					   .fill = fill_set,
					   .on_message = on_element,
					   .arg = set };
	int err;

	if (!e)
		fatal("nft: no memory for an element");
	nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY, a->byte,
			   (uint32_t)addr_len(a));
	nftnl_set_elem_add(set, e);
	err = nft_get(c->nft, &question);
	nftnl_set_free(set);
	return err == 0;
}

bool garden_sync_has(const struct controller *c, size_t zone,
		     const struct addr *to, uint16_t port, uint8_t protocol)
{
	const struct zone_settings *z = &c->settings->zone[zone];

	return has_port(z, port, protocol) &&
	       (is_in_nets(&z->garden_address, to) ||
		(settings_opens_names(c->settings, zone) &&
		 garden_is_public(to) && kernel_has(c, zone, to)));
}

/* Not for each of thousands of answers. */
static void say_full(struct controller *c, const char *what)
{
	uint64_t now_ms = clock_ms();

	if (c->garden_full_ms && now_ms - c->garden_full_ms < SAY_AGAIN_MS)
		return;
	c->garden_full_ms = now_ms;
	log_warn("garden: %s; that zone opens no more until some expire", what);
}

/* -ENOSPC: others have filled a set; -EAGAIN: the rules are not ours now. */
static int commit(struct controller *c, const char *what)
{
	int err = nft_commit(c->nft);

	if (err == -ENFILE) {
		say_full(c,
			 "a set is full, of addresses from elsewhere as well");
		return -ENOSPC;
	}
	if (err == -ENOENT) {
		pending_check_rules(c); /* somebody else has removed the sets */
		return -EAGAIN;
	}
	if (err) {
		c->health.errors[IPC_NETLINK_NFTABLES]++;
		log_warn("nft: %s the garden: %s", what, strerror(-err));
	}
	return err;
}

/* --- names --------------------------------------------------------- */

/* Memory follows the kernel: what did not get in is not kept. */
static int open_in_zone(struct controller *c, size_t zone,
			const struct garden_entry *e)
{
	int err;

	nft_begin(c->nft);
	put_delete(c, zone, e);
	put_add(c, zone, e);
	err = commit(c, "opening");
	if (!err || err == -EAGAIN)
		garden_keep(c->garden, zone, e);
	if (err == -EAGAIN) /* it gets in with the rules */
		garden_doubt(c->garden);
	return err;
}

int garden_sync_open(struct controller *c, const struct ipc_garden *m,
		     uint32_t *count)
{
	struct garden_plan plan;
	int err;

	*count = 0;
	pending_see_changes(c); /* the plan relies on what the kernel has */
	err = garden_plan(c->garden, c->settings, m, clock_ms(), &plan);
	if (err == -ENOSPC)
		say_full(c, "a zone has all the addresses that it may have");
	for (size_t z = 0; z < c->settings->zones; z++) {
		int failed = 0;

		if (!(plan.zones & 1U << z))
			continue;
		if (plan.lacks & 1U << z)
			failed = open_in_zone(c, z, &plan.entry[z]);
		if (failed)
			err = failed;
		else
			(*count)++;
	}
	return err;
}

/* --- all of them --------------------------------------------------- */

/* Looks at that many entries, puts those of the family; the place after. */
static size_t put_some(struct controller *c, size_t zone, uint16_t family,
		       size_t from, size_t max)
{
	const struct garden_entry *e;
	size_t at = from;

	for (; at - from < max && (e = garden_at(c->garden, zone, at)); at++)
		if (e->address.family == family)
			put_add(c, zone, e);
	return at;
}

/*
 * One element too many fails the whole transaction, so a failed one is halved
 * and tried again, down to the element that has no room. Those after it are in
 * the set already, or have no room either.
 */
static int restore_set(struct controller *c, size_t zone, uint16_t family)
{
	size_t max = GARDEN_MAX;

	for (size_t at = 0; garden_at(c->garden, zone, at);) {
		size_t next;
		int err;

		nft_begin(c->nft);
		next = put_some(c, zone, family, at, max);
		err = commit(c, "restoring");
		if (!err)
			at = next;
		else if (err == -ENOSPC && next - at > 1)
			max = (next - at) / 2;
		else
			return err;
	}
	return 0;
}

void garden_sync_restore(struct controller *c)
{
	for (size_t z = 0; z < c->settings->zones; z++) {
		if (!settings_opens_names(c->settings, z))
			continue; /* it has no sets any more */
		for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
			int err = restore_set(c, z, families[i]);

			if (err)
				garden_doubt(c->garden);
			if (err && err != -ENOSPC)
				return; /* nor would the next */
		}
	}
}

/* Of a name that is listed no more, dnsmasq's elements bear no sign. */
static int close_lost(struct controller *c, size_t zone)
{
	garden_expire(c->garden, zone, clock_ms());
	garden_prune(c->garden, c->settings, zone);
	if (!settings_opens_names(c->settings, zone))
		return 0; /* it has no sets any more */
	nft_begin(c->nft);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		put_flush(c, zone, families[i]);
		put_some(c, zone, families[i], 0, GARDEN_MAX);
	}
	return commit(c, "closing");
}

void garden_sync_prune(struct controller *c)
{
	for (size_t z = 0; z < c->settings->zones; z++)
		if (c->zone[z].has_lost_names && close_lost(c, z) == 0)
			c->zone[z].has_lost_names = false;
}

/* --- a new config ------------------------------------------------------ */

struct names {
	const struct settings *settings;
	size_t zone;
	bool has_lost;
};

static void on_old_name(const char *name, size_t len, void *arg)
{
	struct names *n = arg;
	char clean[GARDEN_NAME_MAX], of[GARDEN_NAME_MAX];

	n->has_lost |= garden_name_clean(name, len, clean) &&
		       !garden_names_open(n->settings, n->zone, clean, of);
}

bool garden_sync_loses(const struct settings *old, size_t zone,
		       const struct settings *next, size_t to)
{
	struct names n = { .settings = next, .zone = to };

	garden_names_each(old, zone, on_old_name, &n);
	return n.has_lost;
}
