/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/devices.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/array.h"
#include "netctl/control/state.h"

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

/* Guests are still behind it, whatever it is called. true: it is news. */
static bool update_renamed(struct zone_state *z, uint32_t was,
			   const struct zone_settings *s)
{
	char name[IFNAMSIZ];
	uint32_t known = z->renamed_ifindex ? z->renamed_ifindex : was;

	if (!known || known == z->ifindex || !if_indextoname(known, name))
		known = 0;
	if (known == z->renamed_ifindex)
		return false;
	if (known)
		log_error("zone %s: device %s is called %s now, and is shut "
			  "until it has its name again",
			  s->name, s->device, name);
	z->renamed_ifindex = known;
	return true;
}

/* Set up, and with a carrier. */
static bool is_running(const char *device)
{
	struct ifreq r = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good;

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", device);
	good = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &r) == 0;
	if (fd >= 0)
		close(fd);
	return good && r.ifr_flags & IFF_UP && r.ifr_flags & IFF_RUNNING;
}

/* Rules do not depend on it, but whoever reads the state wants to know. */
static void update_uplinks(struct controller *c)
{
	for (size_t i = 0; i < c->settings->uplinks; i++) {
		const char *device = c->settings->uplink[i].device;
		bool is_up = is_running(device);

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

struct bypass {
	const struct controller *c;
	struct rtnl_link found[SETTINGS_ZONES]; /* ifindex 0: none */
	char master[SETTINGS_ZONES][IFNAMSIZ];
};

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

static bool is_in_config(const struct controller *c, uint32_t ifindex)
{
	for (size_t i = 0; i < c->settings->zones; i++)
		if (c->zone[i].ifindex == ifindex)
			return true;
	for (size_t i = 0; i < c->settings->uplinks; i++)
		if (c->uplink_ifindex[i] == ifindex)
			return true;
	return false;
}

static void on_link(const struct rtnl_link *l, void *arg)
{
	struct bypass *b = arg;

	for (size_t i = 0; i < b->c->settings->zones; i++) {
		uint32_t zone = b->c->zone[i].ifindex;

		if (zone && l->ifindex == zone && l->master) {
			b->found[i] = *l;
			if_indextoname(l->master, b->master[i]);
		} else if (zone && l->lower == zone && is_stacked(l) &&
			   !b->found[i].ifindex &&
			   !is_in_config(b->c, l->ifindex)) {
			b->found[i] = *l;
		}
	}
}

static void say_bypass(const struct zone_settings *z, const struct bypass *b,
		       size_t i)
{
	if (!b->found[i].ifindex)
		log_info("zone %s: packets reach this box by %s alone; it is "
			 "open again",
			 z->name, z->device);
	else if (b->found[i].master)
		log_error("zone %s: device %s is a port of %s, by which its "
			  "packets reach this box; the zone is shut until its "
			  "device is %s, or no port",
			  z->name, z->device, b->master[i], b->master[i]);
	else
		log_error("zone %s: device %s stands on %s and takes packets "
			  "past the gate; the zone is shut until a zone or "
			  "uplink of the config has it, or it is gone",
			  z->name, b->found[i].name, z->device);
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

static int find_bypasses(void *arg)
{
	struct bypass *b = arg;

	*b = (struct bypass){ .c = b->c };
	return rtnl_list_links(b->c->rtnl, on_link, b);
}

/* 1: some zone is to be shut or opened; 0: none is; or -errno. */
static int update_bypasses(struct controller *c)
{
	struct bypass b = { .c = c };
	int err = netlink_retry(find_bypasses, &b);
	bool changed = false;

	if (err) {
		shut_all(c, err);
		return err;
	}
	c->devices_are_unknown = false;
	for (size_t i = 0; i < c->settings->zones; i++) {
		const struct rtnl_link *l = &b.found[i];
		uint32_t now = l->master ? l->master : l->ifindex;

		if (now == c->zone[i].bypass_ifindex)
			continue;
		if (now || c->zone[i].ifindex)
			say_bypass(&c->settings->zone[i], &b, i);
		c->zone[i].bypass_ifindex = now;
		changed = true;
	}
	return changed;
}

int devices_update(struct controller *c)
{
	struct settings *s = c->settings;
	bool changed = false;
	int err;

	for (size_t i = 0; i < s->zones; i++) {
		struct zone_state *z = &c->zone[i];
		uint32_t was = z->ifindex;

		changed |= update_ifindex(&z->ifindex, s->zone[i].device);
		changed |= update_renamed(z, was, &s->zone[i]);
	}
	for (size_t i = 0; i < s->uplinks; i++)
		changed |= update_ifindex(&c->uplink_ifindex[i],
					  s->uplink[i].device);
	update_uplinks(c);
	err = update_bypasses(c);
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
