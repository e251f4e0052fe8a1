/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/devices.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/array.h"
#include "netctl/control/outlet.h"
#include "netctl/control/state.h"

#define NESTED_MAX 8 /* MAX_NEST_DEV of linux/netdevice.h */

/* Rules know a device by the one name that it goes by, ip(8) by others, too. */
static void use_own_name(char device[IFNAMSIZ], uint32_t ifindex)
{
	char name[IFNAMSIZ];

	if (!if_indextoname(ifindex, name) || !strcmp(name, device))
		return;
	log_warn("device %s is another name of %s, which the rules go by",
		 device, name);
	memcpy(device, name, IFNAMSIZ);
}

static bool update_ifindex(uint32_t *known, char device[IFNAMSIZ])
{
	uint32_t now = if_nametoindex(device);

	if (now)
		use_own_name(device, now);
	if (now == *known)
		return false;
	if (!now)
		log_warn("device %s is gone", device);
	else
		log_info("device %s is there", device);
	*known = now;
	return true;
}

/* IFF_*; 0: it is not there. */
static int read_flags(const char *device)
{
	struct ifreq r = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good;

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", device);
	good = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &r) == 0;
	if (fd >= 0)
		close(fd);
	return good ? r.ifr_flags : 0;
}

/* Rules do not depend on it, but whoever reads the state wants to know. */
static void update_uplinks(struct controller *c)
{
	for (size_t i = 0; i < c->settings->uplinks; i++) {
		const char *device = c->settings->uplink[i].device;
		int flags = read_flags(device);
		bool is_up = flags & IFF_UP && flags & IFF_RUNNING;

		c->uplink_is_shared[i] = flags & IFF_BROADCAST;
		if (is_up == c->uplink_is_up[i])
			continue;
		c->uplink_is_up[i] = is_up;
		if (is_up)
			log_info("uplink %s is up", device);
		else
			log_warn("uplink %s is down or unplugged", device);
	}
}

/* --- devices that packets take past a zone's ----------------------------- */

struct links {
	struct rtnl *rtnl;
	struct rtnl_link *link; /* all of this box */
	size_t count, size;
	bool is_cut; /* there was no memory for more */
};

static void on_link(const struct rtnl_link *l, void *arg)
{
	struct links *all = arg;
	struct rtnl_link *grown = array_grow(all->link, &all->size,
					     all->count + 1, sizeof(*grown));

	if (grown) {
		all->link = grown;
		all->link[all->count++] = *l;
	}
	all->is_cut |= !grown;
}

static int read_links(void *arg)
{
	struct links *all = arg;
	int err;

	all->count = 0;
	err = rtnl_list_links(all->rtnl, on_link, all);
	return !err && all->is_cut ? -ENOMEM : err;
}

/* Stacked devices take frames of their tag, or to their address, from it. */
static bool is_stacked(const struct rtnl_link *l)
{
	static const char *const kinds[] = { "vlan", "macvlan", "macvtap",
					     "ipvlan", "ipvtap" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(l->kind, kinds[i]))
			return true;
	return false;
}

static bool is_zone(const struct controller *c, uint32_t ifindex)
{
	for (size_t i = 0; i < c->settings->zones && ifindex; i++)
		if (c->zone[i].ifindex == ifindex)
			return true;
	return false;
}

static bool is_in_config(const struct controller *c, uint32_t ifindex)
{
	return is_zone(c, ifindex) || outlet_is_uplink(c, ifindex);
}

struct bypass {
	struct rtnl_link link; /* ifindex 0: none */
	char master[IFNAMSIZ]; /* what the zone's device is a port of */
	bool is_uplink;	       /* and a port of the zone's device */
};

static struct bypass find_bypass(const struct controller *c,
				 const struct links *all, uint32_t zone)
{
	struct bypass b = { 0 };

	for (size_t i = 0; i < all->count && zone; i++) {
		const struct rtnl_link *l = &all->link[i];

		if (l->ifindex == zone && l->master) {
			b.link = *l;
			if_indextoname(l->master, b.master);
		} else if (l->master == zone &&
			   outlet_is_uplink(c, l->ifindex)) {
			b = (struct bypass){ .link = *l, .is_uplink = true };
			b.link.master = 0;
		} else if (l->lower == zone && is_stacked(l) &&
			   !b.link.ifindex && !is_in_config(c, l->ifindex)) {
			b.link = *l;
		}
	}
	return b;
}

static void say_bypass(const struct zone_settings *z, const struct bypass *b)
{
	if (!b->link.ifindex)
		log_info("zone %s: packets reach this box by %s alone; it is "
			 "open again",
			 z->name, z->device);
	else if (b->is_uplink)
		log_error("zone %s: uplink %s is a port of %s, so guests reach "
			  "it below the gate; take it out of there, the zone "
			  "is shut until then",
			  z->name, b->link.name, z->device);
	else if (b->link.master)
		log_error("zone %s: device %s is a port of %s, by which its "
			  "packets reach this box; the zone is shut until its "
			  "device is %s, or no port",
			  z->name, z->device, b->master, b->master);
	else
		log_error("zone %s: device %s stands on %s and takes packets "
			  "past the gate; the zone is shut until a zone or "
			  "uplink of the config has it, or it is gone",
			  z->name, b->link.name, z->device);
}

/* What is not known is shut. */
static void shut_all(struct controller *c, int err)
{
	if (!c->devices_are_unknown)
		log_error("devices cannot be listed: %s; all zones are shut "
			  "until they can",
			  strerror(-err));
	c->devices_are_unknown = true;
	for (size_t i = 0; i < c->settings->zones; i++)
		c->zone[i].bypass_ifindex = UINT32_MAX;
}

static bool is_bridge(const struct links *all, uint32_t ifindex)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->link[i].ifindex == ifindex)
			return !strcmp(all->link[i].kind, "bridge");
	return false;
}

static bool update_bypass(struct controller *c, const struct links *all,
			  size_t i)
{
	struct zone_state *z = &c->zone[i];
	struct bypass b = find_bypass(c, all, z->ifindex);
	uint32_t now = b.link.master ? b.link.master : b.link.ifindex;

	if (now == z->bypass_ifindex)
		return false;
	if (now || z->ifindex)
		say_bypass(&c->settings->zone[i], &b);
	z->bypass_ifindex = now;
	return true;
}

/* --- devices below others ------------------------------------------------ */

/* Another of the config stands on it, or has it as a port, or what does. */
static bool is_lower(const struct controller *c, const struct links *all,
		     uint32_t ifindex, unsigned int depth)
{
	for (size_t i = 0; i < all->count && ifindex; i++) {
		const struct rtnl_link *l = &all->link[i];
		uint32_t upper = 0;

		if (l->ifindex == ifindex)
			upper = l->master;
		else if (l->lower == ifindex && strcmp(l->kind, "veth"))
			upper = l->ifindex;
		if (upper && (is_in_config(c, upper) ||
			      (depth && is_lower(c, all, upper, depth - 1))))
			return true;
	}
	return false;
}

bool devices_is_lower(struct controller *c, const char *device)
{
	struct links all = { .rtnl = c->rtnl };
	uint32_t ifindex = if_nametoindex(device);
	bool is_below = ifindex && !netlink_retry(read_links, &all) &&
			is_lower(c, &all, ifindex, NESTED_MAX);

	free(all.link);
	return is_below;
}

static bool update_lower(const struct controller *c, const struct links *all,
			 uint32_t ifindex, bool *known)
{
	bool was = *known;

	*known = is_lower(c, all, ifindex, NESTED_MAX);
	return *known != was;
}

/* --- devices that guests were behind ------------------------------------- */

/* No zone has it, nor anybody else by now; or what it is a port of is one. */
static bool is_stray(const struct controller *c, const struct rtnl_link *l)
{
	if (is_in_config(c, l->ifindex) || is_zone(c, l->master))
		return false;
	return byways_have(&c->byways, l->master ? l->master : l->ifindex);
}

static bool is_byway(const struct controller *c, const struct rtnl_link *l)
{
	return is_zone(c, l->ifindex) || is_stray(c, l) ||
	       (is_zone(c, l->master) && !is_in_config(c, l->ifindex));
}

static void say_strays(const struct byways *were, const struct byways *are)
{
	char name[IFNAMSIZ] = "";
	size_t more = 0;

	for (size_t i = 0; i < are->count; i++)
		if (!byways_have(were, are->ifindex[i]) && more++ == 0)
			if_indextoname(are->ifindex[i], name);
	if (more)
		log_error("guests may be behind device %s%s, which was a "
			  "zone's or a port of it: shut until a zone or uplink "
			  "of the config has it, it is a port of something "
			  "else, or this box boots",
			  name, more > 1 ? " and others" : "");
	else if (were->count && !are->count)
		log_info("guests are behind the zones' devices alone again");
}

/* Rules know them by their indexes, whatever becomes of them meanwhile. */
static bool update_byways(struct controller *c, const struct links *all)
{
	static struct byways next, strays;
	bool has_room = true, changed;

	next.count = strays.count = 0;
	for (size_t i = 0; i < all->count; i++) {
		if (is_byway(c, &all->link[i]))
			has_room &= byways_add(&next, all->link[i].ifindex);
		if (is_stray(c, &all->link[i]) && !all->link[i].master)
			byways_add(&strays, all->link[i].ifindex);
	}
	if (!has_room)
		log_error("the zones' devices have more than %d ports: some "
			  "are open where they get loose",
			  RULESET_BYWAYS_MAX);
	changed = next.count != c->byways.count;
	for (size_t i = 0; i < next.count; i++)
		changed |= !byways_have(&c->byways, next.ifindex[i]);
	say_strays(&c->strays, &strays);
	c->byways = next;
	c->strays = strays;
	return changed;
}

/* 1: rules depend on what has changed; 0: nothing has; or -errno. */
static int update_links(struct controller *c)
{
	struct links all = { .rtnl = c->rtnl };
	bool changed = false;
	int err = netlink_retry(read_links, &all);

	c->devices_are_unknown &= err != 0;
	if (err)
		shut_all(c, err);
	else
		changed |= update_byways(c, &all);
	for (size_t i = 0; i < c->settings->zones && !err; i++) {
		changed |= update_bypass(c, &all, i);
		c->zone[i].is_bridge = is_bridge(&all, c->zone[i].ifindex);
		changed |= update_lower(c, &all, c->zone[i].ifindex,
					&c->zone[i].is_lower);
	}
	for (size_t i = 0; i < c->settings->uplinks && !err; i++)
		changed |= update_lower(c, &all, c->uplink_ifindex[i],
					&c->uplink_is_lower[i]);
	free(all.link);
	return err ? err : changed;
}

int devices_update(struct controller *c)
{
	struct settings *s = c->settings;
	bool changed = false;
	int err;

	for (size_t i = 0; i < s->zones; i++)
		changed |=
			update_ifindex(&c->zone[i].ifindex, s->zone[i].device);
	for (size_t i = 0; i < s->uplinks; i++)
		changed |= update_ifindex(&c->uplink_ifindex[i],
					  s->uplink[i].device);
	update_uplinks(c);
	err = update_links(c);
	return err ? err : changed;
}

int devices_list_neighbours(struct controller *c, uint16_t zone,
			    rtnl_neighbour_fn *on_neighbour, void *arg)
{
	uint32_t ifindex = c->zone[zone].ifindex;

	if (!ifindex)
		return 0;
	return rtnl_list_neighbours(c->rtnl, ifindex, on_neighbour, arg);
}
