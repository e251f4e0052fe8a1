/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/addresses.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "netctl/control/state.h"

_Static_assert(IPC_DEVICE_MAX == IFNAMSIZ, "names fit messages");

struct reading {
	struct rtnl *rtnl;
	struct rtnl_address *at;
	size_t count, room;
	bool is_cut; /* for want of memory */
};

static void on_address(const struct rtnl_address *a, void *arg)
{
	struct reading *r = arg;
	void *grown = array_grow(r->at, &r->room, r->count + 1, sizeof(*r->at));

	if (!grown) {
		r->is_cut = true;
		return;
	}
	r->at = grown;
	r->at[r->count++] = *a;
}

static int read_addresses(void *arg)
{
	struct reading *r = arg;

	r->count = 0;
	return rtnl_list_addresses(r->rtnl, on_address, r);
}

static int list(struct reading *r)
{
	int err = netlink_retry(read_addresses, r);

	return !err && r->is_cut ? -ENOMEM : err;
}

int addresses_update(struct controller *c)
{
	struct reading r = { .rtnl = c->rtnl };
	int err = list(&r);
	bool is_same;

	if (err && !c->addresses_are_old)
		log_error("addresses of this box cannot be listed: %s; those "
			  "that were known go on being used",
			  strerror(-err));
	c->addresses_are_old = err != 0;
	if (err) {
		free(r.at);
		return err;
	}
	is_same = r.count == c->addresses &&
		  (!r.count ||
		   !memcmp(r.at, c->address, r.count * sizeof(*r.at)));
	free(c->address);
	c->address = r.at;
	c->addresses = r.count;
	return !is_same;
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

/* Also by a bridge above the zone's device, or under that one's new name. */
static bool has_guests(const struct controller *c, uint32_t ifindex)
{
	for (size_t i = 0; i < c->settings->zones; i++)
		if (c->zone[i].ifindex == ifindex ||
		    c->zone[i].bypass_ifindex == ifindex ||
		    c->zone[i].renamed_ifindex == ifindex)
			return true;
	return false;
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
