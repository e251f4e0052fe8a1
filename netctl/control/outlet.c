/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/outlet.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <net/if.h>
#include <string.h>

#include "common/array.h"
#include "netctl/control/state.h"

#define MISSES 2 /* in a row */

/* Of the internet, whichever: the A of the DNS's root servers. */
static const struct {
	const char *name;
	struct addr somewhere;
} families[] = {
	{ "IPv4", { .family = AF_INET, .byte = { 198, 41, 0, 4 } } },
	{ "IPv6",
	  { .family = AF_INET6,
	    .byte = { 0x20, 0x01, 0x05, 0x03, 0xba, 0x3e, 0, 0, 0, 0, 0, 0, 0,
		      2, 0, 0x30 } } },
};

/* What one family of a zone amounts to. */
struct finding {
	enum ipc_outlet outlet;
	uint32_t ifindex; /* of the device that it is about, or 0 */
	struct addr gateway;
	int error; /* of the question for a route */
};

static const struct rtnl_address *find_address(const struct controller *c,
					       uint32_t ifindex, uint8_t family)
{
	for (size_t i = 0; i < c->addresses; i++)
		if (c->address[i].addr.ifindex == ifindex &&
		    c->address[i].addr.family == family &&
		    !addr_is_link_local(&c->address[i].addr))
			return &c->address[i];
	return NULL;
}

/* SETTINGS_UPLINKS: none */
static size_t find_uplink(const struct controller *c, uint32_t ifindex)
{
	for (size_t u = 0; u < c->settings->uplinks; u++)
		if (ifindex && c->uplink_ifindex[u] == ifindex)
			return u;
	return SETTINGS_UPLINKS;
}

bool outlet_is_uplink(const struct controller *c, uint32_t ifindex)
{
	return find_uplink(c, ifindex) < SETTINGS_UPLINKS;
}

static bool any_is_up(const struct controller *c)
{
	for (size_t u = 0; u < c->settings->uplinks; u++)
		if (c->uplink_is_up[u])
			return true;
	return false;
}

/*
 * The uplink whose network is the guests', or a part of it, so that answers to
 * guests leave by it. A wider one leaves the guests their own route.
 */
static uint32_t find_overlap(const struct controller *c,
			     const struct rtnl_address *own)
{
	for (size_t i = 0; i < c->addresses; i++) {
		const struct rtnl_address *a = &c->address[i];

		if (outlet_is_uplink(c, a->addr.ifindex) &&
		    !addr_is_link_local(&a->addr) && a->prefix >= own->prefix &&
		    a->prefix < addr_len(&a->addr) * 8 &&
		    addr_is_within(&a->addr, &own->addr, own->prefix))
			return a->addr.ifindex;
	}
	return 0;
}

/* Of the network, and neither its first address nor its last (broadcast). */
static bool is_host(const struct addr *a, uint32_t prefix)
{
	size_t bits = addr_len(a) * 8;
	size_t ones = 0;

	for (size_t i = prefix; i < bits; i++)
		ones += (a->byte[i / 8] >> (7 - i % 8)) & 1;
	return prefix + 1 >= bits || (ones && ones < bits - prefix);
}

/* Somebody beside the box: the kernel routes nothing that a guest cannot be. */
static struct addr neighbour_of(const struct rtnl_address *own)
{
	struct addr a = own->addr;
	uint8_t *last = &a.byte[addr_len(&a) - 1];
	uint8_t was = *last;

	*last = was ^ 1;
	if (!is_host(&a, own->prefix))
		*last = was ^ 3;
	return a;
}

static bool masquerades(const struct uplink_settings *u, uint8_t family)
{
	return u->masquerade == MASQUERADE_BOTH ||
	       (u->masquerade == MASQUERADE_IPV4 && family == AF_INET);
}

/* The route that a packet of the zone would take. */
static struct finding follow(const struct controller *c, uint32_t zone,
			     const struct rtnl_address *own,
			     const struct addr *to)
{
	struct rtnl_route_ask ask = { .iif = zone,
				      .from = neighbour_of(own),
				      .to = *to };
	struct finding f = { .outlet = IPC_OUTLET_NO_ROUTE };
	struct rtnl_route route;
	size_t u;

	if (to->family == AF_INET6 && !rtnl_forwards_ipv6(c->rtnl, zone)) {
		f.error = -EHOSTUNREACH; /* as of IPv4 */
		return f;
	}
	f.error = rtnl_find_route(c->rtnl, &ask, &route);
	if (f.error)
		return f;
	f.ifindex = route.oif;
	f.gateway = route.gateway;
	u = find_uplink(c, f.ifindex);
	if (u == SETTINGS_UPLINKS)
		f.outlet = IPC_OUTLET_ELSEWHERE;
	else if (!c->uplink_is_up[u])
		f.outlet = IPC_OUTLET_DOWN;
	else if (masquerades(&c->settings->uplink[u], to->family) &&
		 !find_address(c, f.ifindex, to->family))
		f.outlet = IPC_OUTLET_NO_ADDRESS;
	else
		f.outlet = IPC_OUTLET_OPEN;
	return f;
}

static struct finding look(const struct controller *c, size_t zone,
			   const struct addr *to)
{
	uint32_t ifindex = c->zone[zone].ifindex;
	const struct rtnl_address *own =
		ifindex ? find_address(c, ifindex, to->family) : NULL;
	struct finding f = { .outlet = IPC_OUTLET_MAX };

	if (!own)
		return f;
	f.ifindex = find_overlap(c, own);
	f.outlet = f.ifindex ? IPC_OUTLET_OVERLAP : IPC_OUTLET_DOWN;
	if (f.ifindex || !any_is_up(c))
		return f;
	return follow(c, ifindex, own, to);
}

/* --- what the log says ------------------------------------------------- */

static void say(const char *zone, const char *family, const struct finding *f)
{
	char device[IFNAMSIZ] = "?";

	if_indextoname(f->ifindex, device);
	switch (f->outlet) {
	case IPC_OUTLET_OPEN:
		log_info("zone %s: %s leaves by %s", zone, family, device);
		return;
	case IPC_OUTLET_DOWN:
		log_warn("zone %s: %s has no way to the internet: no uplink is "
			 "up",
			 zone, family);
		return;
	case IPC_OUTLET_NO_ROUTE:
		log_warn("zone %s: %s has no way to the internet: no route "
			 "leads there: %s",
			 zone, family, strerror(-f->error));
		return;
	case IPC_OUTLET_ELSEWHERE:
		log_warn("zone %s: %s has no way to the internet: the route "
			 "leaves by %s, which is no uplink of the config",
			 zone, family, device);
		return;
	case IPC_OUTLET_NO_ADDRESS:
		log_warn("zone %s: %s has no way to the internet: uplink %s "
			 "has no address of it",
			 zone, family, device);
		return;
	case IPC_OUTLET_OVERLAP:
		log_warn("zone %s: %s has no way to the internet: uplink %s is "
			 "in the guests' own network; give one of the two "
			 "other addresses",
			 zone, family, device);
		return;
	case IPC_OUTLET_DROPPED: /* path.c says it */
	case IPC_OUTLET_SILENT:	 /* as outlet_check_gateways() */
	case IPC_OUTLET_MAX:
		return;
	}
}

/* --- all zones --------------------------------------------------------- */

enum ipc_outlet outlet_of_zone(const struct controller *c, size_t zone)
{
	const enum ipc_outlet *o = c->zone[zone].outlet;

	if (o[0] == IPC_OUTLET_OPEN || o[1] == IPC_OUTLET_OPEN)
		return IPC_OUTLET_OPEN;
	if (o[0] != IPC_OUTLET_MAX)
		return o[0];
	return o[1] == IPC_OUTLET_MAX ? IPC_OUTLET_OPEN : o[1];
}

/* All gateways of families that are open. */
static bool is_silent(const struct zone_state *z)
{
	bool all = false;

	for (size_t k = 0; k < ARRAY_SIZE(families); k++) {
		if (z->outlet[k] != IPC_OUTLET_OPEN)
			continue;
		if (z->gateway_misses[k] < MISSES)
			return false;
		all = true;
	}
	return all;
}

enum ipc_outlet outlet_to_tell(const struct controller *c, size_t zone)
{
	enum ipc_outlet o = outlet_of_zone(c, zone);

	if (o != IPC_OUTLET_OPEN)
		return o;
	if (c->path.troubles & IPC_TROUBLE_OUT_DROPPED)
		return IPC_OUTLET_DROPPED;
	return is_silent(&c->zone[zone]) ? IPC_OUTLET_SILENT : o;
}

/*
 * One that answers has no entry, or a good one. An answer is waited for three
 * seconds at most, and then it is asked anew if there are packets for it: so
 * two looks in a row without one are the same as a failure.
 */
static unsigned int count_misses(unsigned int before, uint16_t state)
{
	if (state & NUD_FAILED)
		return MISSES;
	if (!(state & NUD_INCOMPLETE))
		return 0;
	return before < MISSES ? before + 1 : before;
}

static bool check_gateway(struct controller *c, size_t zone, size_t k)
{
	struct zone_state *z = &c->zone[zone];
	bool was = z->gateway_misses[k] >= MISSES, now;
	const char *name = c->settings->zone[zone].name;
	uint16_t state = 0;

	if (z->outlet[k] == IPC_OUTLET_OPEN && addr_len(&z->gateway[k]) &&
	    rtnl_read_neighbour_state(c->rtnl, &z->gateway[k], &state) < 0)
		return false;
	z->gateway_misses[k] = count_misses(z->gateway_misses[k], state);
	now = z->gateway_misses[k] >= MISSES;
	if (now && !was)
		log_warn("zone %s: %s has no way to the internet: the uplink's "
			 "gateway does not answer",
			 name, families[k].name);
	else if (was && !now)
		log_info("zone %s: the gateway of %s answers again", name,
			 families[k].name);
	return was != now;
}

bool outlet_check_gateways(struct controller *c)
{
	bool changed = false;

	for (size_t i = 0; i < c->settings->zones; i++)
		for (size_t k = 0; k < ARRAY_SIZE(families); k++)
			changed |= check_gateway(c, i, k);
	return changed;
}

bool outlet_update(struct controller *c)
{
	bool changed = false;

	for (size_t i = 0; i < c->settings->zones; i++) {
		enum ipc_outlet was = outlet_of_zone(c, i);

		for (size_t k = 0; k < ARRAY_SIZE(families); k++) {
			struct finding f = look(c, i, &families[k].somewhere);
			enum ipc_outlet *known = &c->zone[i].outlet[k];

			c->zone[i].gateway[k] = f.gateway;
			if (f.outlet == *known)
				continue;
			if (*known != IPC_OUTLET_MAX ||
			    f.outlet != IPC_OUTLET_OPEN)
				say(c->settings->zone[i].name, families[k].name,
				    &f);
			*known = f.outlet;
		}
		changed |= was != outlet_of_zone(c, i);
	}
	return changed;
}
