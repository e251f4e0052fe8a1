/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/dns/dns_range.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "cli/device_ioctl.h"

/* Beside the box's own address, for access points and switches. */
#define SPARED 10
#define ROOMY  100

uint32_t dns_range_size(const struct dns_range *r)
{
	return r->last - r->first + 1;
}

static bool find_range(struct dns_range *r, uint32_t own)
{
	uint32_t network = own & r->mask, broadcast = own | ~r->mask;
	uint32_t below = own > network ? own - network - 1 : 0;
	uint32_t above = own < broadcast ? broadcast - own - 1 : 0;
	uint32_t room = above >= below ? above : below;
	uint32_t spared = room > ROOMY ? SPARED : 0;

	if (!room)
		return false;
	room -= spared;
	if (room > DNS_RANGE_MAX)
		room = DNS_RANGE_MAX;
	r->first = above >= below ? own + 1 + spared : own - spared - room;
	r->last = r->first + room - 1;
	return true;
}

static uint32_t ipv4_of(const struct addr *a)
{
	uint32_t be;

	memcpy(&be, a->byte, sizeof(be));
	return ntohl(be);
}

bool dns_range_parse(struct dns_range *r, const char *text)
{
	struct addr own, network;
	size_t len = strcspn(text, "/");
	unsigned int prefix;
	char zero[32];

	/* addr_parse_prefix() takes networks; this is an address in one. */
	snprintf(zero, sizeof(zero), "0.0.0.0%s", text + len);
	if (!addr_parse_part(&own, text, len) || own.family != AF_INET ||
	    !addr_parse_prefix(&network, &prefix, zero) || !prefix)
		return false;
	r->mask = UINT32_MAX << (32 - prefix);
	return find_range(r, ipv4_of(&own));
}

bool dns_range_of_device(struct dns_range *r, const char *device)
{
	struct addr own, mask;

	if (!device_ioctl_address(device, SIOCGIFADDR, &own) ||
	    !device_ioctl_address(device, SIOCGIFNETMASK, &mask))
		return false;
	r->mask = ipv4_of(&mask);
	return find_range(r, ipv4_of(&own));
}
