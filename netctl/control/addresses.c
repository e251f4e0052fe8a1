/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/addresses.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "netctl/control/state.h"

_Static_assert(IPC_DEVICE_MAX == IFNAMSIZ, "names fit messages");

typedef int list_fn(struct rtnl *r, rtnl_address_fn *on_address, void *arg);

struct reading {
	const struct controller *controller;
	list_fn *list;
	bool of_uplinks; /* the others are left out */
	struct rtnl_address *at;
	size_t count, room;
	bool is_cut; /* for want of memory */
};

/*
 * Which others share: a route by a device that leads to one machine alone, as a
 * tunnel does, may lead to half of the internet without a gateway.
 */
static bool is_shared_uplink(const struct controller *c, uint32_t ifindex)
{
	for (size_t u = 0; u < c->settings->uplinks; u++)
		if (c->uplink_ifindex[u] == ifindex)
			return c->uplink_is_shared[u];
	return false;
}

static void on_address(const struct rtnl_address *a, void *arg)
{
	struct reading *r = arg;
	void *grown;

	if (r->of_uplinks && !is_shared_uplink(r->controller, a->addr.ifindex))
		return;
	grown = array_grow(r->at, &r->room, r->count + 1, sizeof(*r->at));
	if (!grown) {
		r->is_cut = true;
		return;
	}
	r->at = grown;
	r->at[r->count++] = *a;
}

static int read_list(void *arg)
{
	struct reading *r = arg;
	int err;

	r->count = 0;
	err = r->list(r->controller->rtnl, on_address, r);
	return !err && r->is_cut ? -ENOMEM : err;
}

/* 1: it is another list; 0: the same; -errno: it stays as it was. */
static int update(struct reading *r, struct rtnl_address **known, size_t *count)
{
	int err = netlink_retry(read_list, r);
	bool is_same;

	if (err) {
		free(r->at);
		return err;
	}
	is_same = r->count == *count &&
		  (!r->count ||
		   !memcmp(r->at, *known, r->count * sizeof(*r->at)));
	free(*known);
	*known = r->at;
	*count = r->count;
	return !is_same;
}

bool addresses_update(struct controller *c)
{
	struct reading own = { .controller = c, .list = rtnl_list_addresses };
	struct reading nets = { .controller = c,
				.list = rtnl_list_link_nets,
				.of_uplinks = true };
	int has_nets = update(&nets, &c->link_net, &c->link_nets);
	int has_own = update(&own, &c->address, &c->addresses);
	int err = has_own < 0 ? has_own : has_nets;

	if (err < 0 && !c->addresses_are_old)
		log_error("addresses and routes of this box cannot be listed: "
			  "%s; those that were known go on being used",
			  strerror(-err));
	c->addresses_are_old = err < 0;
	return has_own > 0 || has_nets > 0;
}

static int fitness(const struct addr *a)
{
	if (a->family == AF_INET)
		return 2;
	return a->family == AF_INET6 && !addr_is_link_local(a);
}

struct addr addresses_usable(const struct controller *c, uint32_t ifindex)
{
	struct addr best = { .family = AF_UNSPEC };

	for (size_t i = 0; i < c->addresses; i++)
		if (c->address[i].addr.ifindex == ifindex &&
		    fitness(&c->address[i].addr) > fitness(&best))
			best = c->address[i].addr;
	return best;
}

/* Also by a bridge above the zone's device, or what was the zone's. */
static bool has_guests(const struct controller *c, uint32_t ifindex)
{
	for (size_t i = 0; i < c->settings->zones; i++)
		if (c->zone[i].bypass_ifindex == ifindex)
			return true;
	return byways_have(&c->byways, ifindex);
}

/* Link-local addresses may be on many devices: one without guests will do. */
int addresses_find_device(const struct controller *c, const struct addr *wanted,
			  struct ipc_device *m)
{
	if (!addr_len(wanted) || wanted->ifindex)
		return -EINVAL;
	for (size_t i = 0; i < c->addresses; i++) {
		if (!addr_equal(&c->address[i].addr, wanted))
			continue;
		m->ifindex = c->address[i].addr.ifindex;
		m->has_guests = has_guests(c, m->ifindex);
		if (!m->has_guests)
			break;
	}
	return m->ifindex && if_indextoname(m->ifindex, m->device) ? 0
								   : -ENOENT;
}
