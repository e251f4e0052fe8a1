/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/session/shaper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "common/array.h"
#include "netctl/rules/ruleset.h"

#define SLOTS		 0x10000
#define POOL_MIN	 64
#define LEAF_PACKETS_MIN 30
#define LEAF_PACKETS_MAX 1000
#define POOL_STEP	 8
#define ROOT_CLASS	 1 /* minor of the class that is the link */

_Static_assert(SLOT_LAST - SLOT_FIRST >= SETTINGS_SESSIONS,
	       "a class for everybody");

enum link_state {
	LINK_UNKNOWN, /* not looked at */
	LINK_OURS,    /* our root is in place */
	LINK_FOREIGN, /* somebody else's, or no HTB */
};

struct link {
	char device[IFNAMSIZ];
	uint32_t ifindex;
	uint64_t bandwidth_bps;
	enum link_state state;
	bool warned;
};

enum leaf_kind { LEAF_UNKNOWN, LEAF_FQ_CODEL, LEAF_PFIFO };

struct pool {
	uint16_t *slot; /* a stack of slots whose classes exist */
	uint32_t free, used;
	size_t size;
	bool wanted;
	bool growing; /* from half of the target up to all of it */
};

struct shaper {
	struct rtnl *rtnl;
	struct link zone[SETTINGS_ZONES];
	struct link uplink[SETTINGS_UPLINKS];
	size_t zones, uplinks;
	struct pool pool[SETTINGS_ZONES];
	uint8_t slot_is_used[SLOTS / 8]; /* taken, or in a pool */
	uint16_t next_slot;
	enum leaf_kind leaf;
};

struct shaper *shaper_new(struct rtnl *rtnl)
{
	struct shaper *sh = calloc(1, sizeof(*sh));

	if (!sh)
		return NULL;
	sh->rtnl = rtnl;
	sh->next_slot = SLOT_FIRST;
	return sh;
}

void shaper_free(struct shaper *sh)
{
	if (!sh)
		return;
	for (size_t i = 0; i < SETTINGS_ZONES; i++)
		free(sh->pool[i].slot);
	free(sh);
}

/* --- messages ---------------------------------------------------------- */

static struct nl_msg *tc_message(const struct link *l, int type, int flags,
				 uint32_t parent, uint32_t handle)
{
	const struct tcmsg tcm = { .tcm_family = AF_UNSPEC,
				   .tcm_ifindex = (int)l->ifindex,
				   .tcm_parent = parent,
				   .tcm_handle = handle };

	return rtnl_message(type, flags, &tcm, sizeof(tcm));
}

static uint32_t class_id(uint32_t minor)
{
	return (uint32_t)SHAPER_MAJOR << 16 | minor;
}

static struct nl_msg *root_message(const struct link *l)
{
	const struct tc_htb_glob glob = { .version = 3, .rate2quantum = 10 };
	struct nl_msg *msg =
		tc_message(l, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE,
			   TC_H_ROOT, class_id(0));
	struct nlattr *options;

	nla_put_string(msg, TCA_KIND, "htb");
	options = nla_nest_start(msg, TCA_OPTIONS);
	nla_put(msg, TCA_HTB_INIT, sizeof(glob), &glob);
	nla_nest_end(msg, options);
	return msg;
}

/* Time to send that many bytes, in the kernel's ticks of 64 ns. */
static uint32_t ticks(uint64_t bytes, uint64_t bps)
{
	uint64_t t = bytes * 8 * 1000000000ULL / bps / 64;

	return t > UINT32_MAX ? UINT32_MAX : (uint32_t)t;
}

/* What may go at once: two packets, or a millisecond of a fast link. */
static uint64_t burst_bytes(uint64_t bps)
{
	uint64_t ms = bps / 8 / 1000;

	return ms < 3200 ? 3200 : ms;
}

static void put_ratespec(struct tc_ratespec *spec, uint64_t bps)
{
	uint64_t bytes = bps / 8;

	spec->linklayer = TC_LINKLAYER_ETHERNET;
	spec->rate = bytes >= UINT32_MAX ? UINT32_MAX : (uint32_t)bytes;
}

/*
 * What a class may send in its turn. Packets that the kernel has merged (GRO)
 * are not split again here, so shares are even only if the largest of them
 * fits.
 */
#define QUANTUM_BYTES 70000

/* The class is made, or its rates change where it is there. */
static struct nl_msg *class_message(const struct link *l, uint32_t parent,
				    uint32_t minor, uint64_t rate_bps,
				    uint64_t ceil_bps)
{
	struct nl_msg *msg = tc_message(l, RTM_NEWTCLASS, NLM_F_CREATE, parent,
					class_id(minor));
	struct tc_htb_opt opt = {
		.buffer = ticks(burst_bytes(rate_bps), rate_bps),
		.cbuffer = ticks(burst_bytes(ceil_bps), ceil_bps),
		.quantum = QUANTUM_BYTES,
	};
	struct nlattr *options;

	put_ratespec(&opt.rate, rate_bps);
	put_ratespec(&opt.ceil, ceil_bps);
	nla_put_string(msg, TCA_KIND, "htb");
	options = nla_nest_start(msg, TCA_OPTIONS);
	nla_put(msg, TCA_HTB_PARMS, sizeof(opt), &opt);
	if (opt.rate.rate == UINT32_MAX)
		nla_put_u64(msg, TCA_HTB_RATE64, rate_bps / 8);
	if (opt.ceil.rate == UINT32_MAX)
		nla_put_u64(msg, TCA_HTB_CEIL64, ceil_bps / 8);
	nla_nest_end(msg, options);
	return msg;
}

/*
 * Caps are of IP packets, as people and speed tests count; HTB counts the
 * Ethernet header too, which is 1 % of a full-sized frame.
 */
static uint64_t with_ethernet(uint64_t ip_bps)
{
	return ip_bps + ip_bps / 100;
}

/*
 * Where the link's rate is known, a class has next to nothing of its own and
 * borrows from the link in even rounds, up to its cap; else it has its cap.
 */
static struct nl_msg *leaf_message(const struct link *l, uint32_t minor,
				   uint64_t cap_bps)
{
	uint64_t link_bps = l->bandwidth_bps;

	if (!link_bps) {
		uint64_t bps =
			cap_bps ? with_ethernet(cap_bps) : SHAPER_RATE_ANY_BPS;

		return class_message(l, class_id(0), minor, bps, bps);
	}
	if (!cap_bps || with_ethernet(cap_bps) > link_bps)
		cap_bps = link_bps;
	else
		cap_bps = with_ethernet(cap_bps);
	return class_message(l, class_id(ROOT_CLASS), minor,
			     SETTINGS_RATE_MIN_BPS, cap_bps);
}

/* Handles of leaves only have to differ; the slot is at hand. */
static uint32_t leaf_handle(uint32_t minor)
{
	return minor << 16;
}

/*
 * The number of flows can only be given at birth; asking again is answered by
 * EEXIST, which rtnl_commit() takes for done. As a probe it changes what is
 * there, which tells whether that is of this kind.
 */
static struct nl_msg *fq_codel_message(const struct link *l, uint32_t minor,
				       bool is_probe)
{
	int flags = NLM_F_CREATE | NLM_F_REPLACE | (is_probe ? 0 : NLM_F_EXCL);
	struct nl_msg *msg = tc_message(l, RTM_NEWQDISC, flags, class_id(minor),
					leaf_handle(minor));
	struct nlattr *options;

	nla_put_string(msg, TCA_KIND, "fq_codel");
	options = nla_nest_start(msg, TCA_OPTIONS);
	nla_put_u32(msg, TCA_FQ_CODEL_LIMIT, 300);
	if (!is_probe)
		nla_put_u32(msg, TCA_FQ_CODEL_FLOWS, 64);
	nla_nest_end(msg, options);
	return msg;
}

/*
 * Where fq_codel is missing: 150 ms of full-sized frames at the cap, within
 * reason.
 */
static struct nl_msg *pfifo_message(const struct link *l, uint32_t minor,
				    uint64_t cap_bps)
{
	uint64_t bps = cap_bps ? cap_bps : l->bandwidth_bps;
	uint64_t packets = bps * 150 / 1000 / (1514 * 8);
	struct tc_fifo_qopt opt = { .limit = (uint32_t)packets };
	struct nl_msg *msg =
		tc_message(l, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE,
			   class_id(minor), leaf_handle(minor));

	if (packets < LEAF_PACKETS_MIN)
		opt.limit = LEAF_PACKETS_MIN;
	else if (packets > LEAF_PACKETS_MAX)
		opt.limit = LEAF_PACKETS_MAX;
	if (!bps)
		opt.limit = LEAF_PACKETS_MAX;
	nla_put_string(msg, TCA_KIND, "pfifo");
	nla_put(msg, TCA_OPTIONS, sizeof(opt), &opt);
	return msg;
}

/* --- roots ------------------------------------------------------------- */

struct root_search {
	uint32_t ifindex;
	bool ours, foreign;
};

/*
 * A root that nobody set up has handle 0 (noqueue, mq, fq_codel by default);
 * one that somebody set up has a major number.
 */
static int on_qdisc(const struct nlmsghdr *nlh, void *arg)
{
	struct root_search *s = arg;
	const struct tcmsg *tcm = nlmsg_data((struct nlmsghdr *)(uintptr_t)nlh);
	struct nlattr *tb[TCA_MAX + 1];

	if (nlh->nlmsg_type != RTM_NEWQDISC ||
	    (uint32_t)tcm->tcm_ifindex != s->ifindex ||
	    tcm->tcm_parent != TC_H_ROOT || !tcm->tcm_handle ||
	    nlmsg_parse((struct nlmsghdr *)(uintptr_t)nlh, sizeof(*tcm), tb,
			TCA_MAX, NULL) < 0 ||
	    !tb[TCA_KIND])
		return 0;
	if (tcm->tcm_handle == class_id(0) &&
	    !strcmp(nla_get_string(tb[TCA_KIND]), "htb"))
		s->ours = true;
	else
		s->foreign = true;
	return 0;
}

static int find_root(struct shaper *sh, const struct link *l,
		     struct root_search *s)
{
	s->ifindex = l->ifindex;
	return rtnl_dump(sh->rtnl, tc_message(l, RTM_GETQDISC, 0, 0, 0),
			 on_qdisc, s);
}

/* The pool's classes of a link that lost them are made again when used. */
static int make_root(struct shaper *sh, const struct link *l, bool is_there)
{
	int err = 0;

	if (!is_there)
		err = rtnl_request(sh->rtnl, root_message(l));
	if (!err && l->bandwidth_bps)
		err = rtnl_request(sh->rtnl,
				   class_message(l, class_id(0), ROOT_CLASS,
						 l->bandwidth_bps,
						 l->bandwidth_bps));
	return err;
}

static void link_prepare(struct shaper *sh, struct link *l)
{
	struct root_search s = { 0 };
	const char *why = NULL;
	int err;

	if (!l->ifindex || l->state == LINK_OURS)
		return;
	err = find_root(sh, l, &s);
	if (!err && s.foreign)
		why = "has a root qdisc that is not ours";
	else if (!err)
		err = make_root(sh, l, s.ours);
	if (err)
		why = err == -ENOENT ? "cannot have HTB in this kernel"
				     : strerror(-err);
	l->state = why ? LINK_FOREIGN : LINK_OURS;
	if (why && !l->warned)
		log_warn("shaper: %s %s: caps are policed by nftables instead",
			 l->device, why);
	l->warned = why != NULL;
}

static void link_remove(struct shaper *sh, struct link *l)
{
	struct root_search s = { 0 };

	if (!l->ifindex || find_root(sh, l, &s) < 0 || !s.ours)
		return;
	if (rtnl_request(sh->rtnl, tc_message(l, RTM_DELQDISC, 0, TC_H_ROOT,
					      class_id(0))) < 0)
		log_warn("shaper: %s: could not remove the root qdisc",
			 l->device);
	l->state = LINK_UNKNOWN;
}

static void empty_pool(struct shaper *sh, struct pool *p)
{
	while (p->free) {
		uint16_t slot = p->slot[--p->free];

		sh->slot_is_used[slot / 8] &= (uint8_t) ~(1U << (slot % 8));
	}
}

/* Slots in the pools may have lost their classes: make new ones. */
static void empty_pools(struct shaper *sh)
{
	for (size_t i = 0; i < SETTINGS_ZONES; i++)
		empty_pool(sh, &sh->pool[i]);
}

void shaper_rezone(struct shaper *sh, const int map[])
{
	struct pool pool[SETTINGS_ZONES];
	struct link zone[SETTINGS_ZONES];

	memcpy(pool, sh->pool, sizeof(pool));
	memcpy(zone, sh->zone, sizeof(zone));
	memset(sh->pool, 0, sizeof(sh->pool));
	memset(sh->zone, 0, sizeof(sh->zone));
	for (size_t i = 0; i < SETTINGS_ZONES; i++) {
		if (map[i] >= 0) {
			sh->pool[map[i]] = pool[i];
			sh->zone[map[i]] = zone[i];
			continue;
		}
		empty_pool(sh, &pool[i]);
		free(pool[i].slot);
		if (zone[i].state == LINK_OURS)
			link_remove(sh, &zone[i]);
	}
}

/* HTB cannot move a class to another parent, so that takes a new root. */
static void configure_link(struct shaper *sh, struct link *l,
			   const struct shaper_link *given)
{
	bool same_device = !strcmp(l->device, given->device);

	if (same_device && l->ifindex == given->ifindex &&
	    l->bandwidth_bps == given->bandwidth_bps)
		return;
	if (l->state == LINK_OURS &&
	    (!same_device || !l->bandwidth_bps != !given->bandwidth_bps))
		link_remove(sh, l);
	l->state = LINK_UNKNOWN;
	l->warned = l->warned && same_device;
	snprintf(l->device, sizeof(l->device), "%s", given->device);
	l->ifindex = given->ifindex;
	l->bandwidth_bps = given->bandwidth_bps;
	empty_pools(sh);
}

void shaper_configure(struct shaper *sh, const struct shaper_link *zone,
		      size_t zones, const struct shaper_link *uplink,
		      size_t uplinks)
{
	static const struct shaper_link gone = { .device = "" };

	for (size_t i = 0; i < SETTINGS_ZONES; i++)
		configure_link(sh, &sh->zone[i], i < zones ? &zone[i] : &gone);
	for (size_t i = 0; i < SETTINGS_UPLINKS; i++)
		configure_link(sh, &sh->uplink[i],
			       i < uplinks ? &uplink[i] : &gone);
	sh->zones = zones;
	sh->uplinks = uplinks;
}

bool shaper_prepare(struct shaper *sh, size_t zone)
{
	bool good;

	link_prepare(sh, &sh->zone[zone]);
	good = sh->zone[zone].state != LINK_FOREIGN;
	for (size_t i = 0; i < sh->uplinks; i++) {
		link_prepare(sh, &sh->uplink[i]);
		good = good && sh->uplink[i].state != LINK_FOREIGN;
	}
	sh->pool[zone].wanted = good;
	return good;
}

static bool link_verify(struct shaper *sh, struct link *l)
{
	struct root_search s = { 0 };

	if (l->state != LINK_OURS || find_root(sh, l, &s) < 0 || s.ours)
		return true;
	l->state = LINK_UNKNOWN;
	return false;
}

bool shaper_verify_roots(struct shaper *sh)
{
	bool good = true;

	for (size_t i = 0; i < sh->zones; i++)
		good &= link_verify(sh, &sh->zone[i]);
	for (size_t i = 0; i < sh->uplinks; i++)
		good &= link_verify(sh, &sh->uplink[i]);
	if (!good)
		empty_pools(sh);
	return good;
}

bool shaper_uplink_is_shaped(const struct shaper *sh, size_t uplink)
{
	return sh->uplink[uplink].state == LINK_OURS;
}

/* --- slots ------------------------------------------------------------- */

static bool slot_is_used(const struct shaper *sh, uint32_t slot)
{
	return sh->slot_is_used[slot / 8] & (1U << (slot % 8));
}

static void slot_set_used(struct shaper *sh, uint32_t slot)
{
	sh->slot_is_used[slot / 8] |= (uint8_t)(1U << (slot % 8));
}

/* A number that nobody has; the qdisc's own major is spared for handles. */
static uint16_t unused_slot(struct shaper *sh)
{
	for (uint32_t tried = 0; tried < SLOTS; tried++) {
		uint16_t slot = sh->next_slot;

		sh->next_slot =
			slot >= SLOT_LAST ? SLOT_FIRST : (uint16_t)(slot + 1);
		if (slot != SHAPER_MAJOR && !slot_is_used(sh, slot)) {
			slot_set_used(sh, slot);
			return slot;
		}
	}
	return SLOT_NONE;
}

/* Asks the kernel for fq_codel with the first class; -errno is the class's. */
static void probe_leaf(struct shaper *sh, const struct link *l, uint16_t slot)
{
	int err = rtnl_request(sh->rtnl, leaf_message(l, slot, 0));

	if (err)
		return;
	err = rtnl_request(sh->rtnl, fq_codel_message(l, slot, false));
	if (err == -EEXIST) /* one of this kind, or a pfifo */
		err = rtnl_request(sh->rtnl, fq_codel_message(l, slot, true));
	sh->leaf = err ? LEAF_PFIFO : LEAF_FQ_CODEL;
	if (sh->leaf == LEAF_PFIFO)
		log_info("shaper: no fq_codel in this kernel, classes queue "
			 "in a pfifo");
}

/* A pfifo's length follows the cap; fq_codel is told once. */
static void put_class(struct shaper *sh, const struct link *l, uint16_t slot,
		      uint64_t cap_bps, bool with_leaf)
{
	if (l->state != LINK_OURS)
		return;
	if (with_leaf && sh->leaf == LEAF_UNKNOWN)
		probe_leaf(sh, l, slot);
	rtnl_put(sh->rtnl, leaf_message(l, slot, cap_bps));
	if (sh->leaf == LEAF_PFIFO)
		rtnl_put(sh->rtnl, pfifo_message(l, slot, cap_bps));
	else if (with_leaf)
		rtnl_put(sh->rtnl, fq_codel_message(l, slot, false));
}

static void put_classes(struct shaper *sh, size_t zone, uint16_t slot,
			const struct shaper_rates *rates, bool with_leaf)
{
	put_class(sh, &sh->zone[zone], slot, rates->down_bps, with_leaf);
	for (size_t i = 0; i < sh->uplinks; i++)
		put_class(sh, &sh->uplink[i], slot, rates->up_bps, with_leaf);
}

static bool pool_push(struct pool *p, uint16_t slot)
{
	uint16_t *grown =
		array_grow(p->slot, &p->size, p->free + 1, sizeof(*grown));

	if (!grown)
		return false;
	p->slot = grown;
	p->slot[p->free++] = slot;
	return true;
}

static const struct shaper_rates no_rates;

uint16_t shaper_take(struct shaper *sh, size_t zone)
{
	struct pool *p = &sh->pool[zone];
	uint16_t slot;

	if (p->free) {
		p->used++;
		return p->slot[--p->free];
	}
	slot = unused_slot(sh);
	if (slot == SLOT_NONE)
		return SLOT_NONE;
	p->used++;
	put_classes(sh, zone, slot, &no_rates, true);
	return slot;
}

void shaper_adopt(struct shaper *sh, size_t zone, uint16_t slot)
{
	slot_set_used(sh, slot);
	sh->pool[zone].used++;
}

void shaper_give(struct shaper *sh, size_t zone, uint16_t slot)
{
	struct pool *p = &sh->pool[zone];

	if (p->used)
		p->used--;
	if (!pool_push(p, slot))
		log_warn("shaper: no memory, a class is lost");
}

void shaper_put_rates(struct shaper *sh, size_t zone, uint16_t slot,
		      const struct shaper_rates *rates, bool restore)
{
	put_classes(sh, zone, slot, rates, restore);
}

/* As many again as a quarter of those in use, and never fewer than a few. */
static uint32_t pool_target(const struct pool *p)
{
	uint32_t quarter = p->used / 4;

	return quarter > POOL_MIN ? quarter : POOL_MIN;
}

bool shaper_grow_pool(struct shaper *sh)
{
	for (size_t zone = 0; zone < sh->zones; zone++) {
		struct pool *p = &sh->pool[zone];
		int err;

		if (p->free < pool_target(p) / 2)
			p->growing = true;
		else if (p->free >= pool_target(p))
			p->growing = false;
		if (!p->wanted || !p->growing)
			continue;
		for (int i = 0; i < POOL_STEP; i++) {
			uint16_t slot = unused_slot(sh);

			if (slot == SLOT_NONE)
				return false;
			put_classes(sh, zone, slot, &no_rates, true);
			if (!pool_push(p, slot))
				return false;
		}
		err = rtnl_commit(sh->rtnl);
		if (err) {
			log_warn("shaper: %s: new classes: %s",
				 sh->zone[zone].device, strerror(-err));
			return false;
		}
		return true;
	}
	return false;
}

/* Found first and deleted then: one socket, and a dump must come to its end. */
struct own_roots {
	uint32_t ifindex[SETTINGS_ZONES + SETTINGS_UPLINKS];
	size_t count;
};

static int on_own_root(const struct nlmsghdr *nlh, void *arg)
{
	struct own_roots *found = arg;
	const struct tcmsg *tcm = nlmsg_data((struct nlmsghdr *)(uintptr_t)nlh);
	struct root_search s = { .ifindex = (uint32_t)tcm->tcm_ifindex };

	on_qdisc(nlh, &s);
	if (s.ours && found->count < ARRAY_SIZE(found->ifindex))
		found->ifindex[found->count++] = s.ifindex;
	return 0;
}

int shaper_remove(struct rtnl *rtnl)
{
	struct own_roots found = { .count = 0 };
	struct link l = { .ifindex = 0 };
	int err = rtnl_dump(rtnl, tc_message(&l, RTM_GETQDISC, 0, 0, 0),
			    on_own_root, &found);

	for (size_t i = 0; i < found.count && !err; i++) {
		l.ifindex = found.ifindex[i];
		err = rtnl_request(rtnl, tc_message(&l, RTM_DELQDISC, 0,
						    TC_H_ROOT, class_id(0)));
	}
	return err;
}
