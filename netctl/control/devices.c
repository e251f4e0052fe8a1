/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/devices.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

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

bool devices_update(struct controller *c)
{
	struct settings *s = c->settings;
	bool changed = false;

	for (size_t i = 0; i < s->zones; i++)
		changed |=
			update_ifindex(&c->zone[i].ifindex, s->zone[i].device);
	for (size_t i = 0; i < s->uplinks; i++)
		changed |= update_ifindex(&c->uplink_ifindex[i],
					  s->uplink[i].device);
	update_uplinks(c);
	return changed;
}

int devices_list_neighbours(struct controller *c, uint16_t zone,
			    rtnl_neighbour_fn *on_neighbour, void *arg)
{
	uint32_t ifindex = c->zone[zone].ifindex;

	if (!ifindex)
		return 0;
	return rtnl_list_neighbours(c->rtnl, ifindex, on_neighbour, arg);
}
