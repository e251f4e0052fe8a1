/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/doctor/doctor_device.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "cli/device_ioctl.h"
#include "cli/doctor/doctor.h"

/* --- asking the kernel ------------------------------------------------- */

static bool parse_hex(uint8_t byte[16], const char *text)
{
	for (size_t i = 0; i < 16; i++)
		if (sscanf(text + 2 * i, "%2hhx", &byte[i]) != 1)
			return false;
	return true;
}

/* Lines of "ADDRESS INDEX PREFIX SCOPE FLAGS DEVICE", scope 0: of the world. */
static bool find_ipv6(const char *proc, const char *device, struct addr *out)
{
	char path[256], line[128], text[33], name[IFNAMSIZ];
	struct addr a = { .family = AF_INET6 };
	bool is_found = false;
	unsigned int scope;
	FILE *f;

	snprintf(path, sizeof(path), "%s/net/if_inet6", proc);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (!is_found && fgets(line, sizeof(line), f))
		is_found = sscanf(line, "%32s %*x %*x %x %*x %15s", text,
				  &scope, name) == 3 &&
			   !scope && !strcmp(name, device) &&
			   strlen(text) == 32 && parse_hex(a.byte, text);
	fclose(f);
	if (is_found)
		*out = a;
	return is_found;
}

bool doctor_device_find_address(const struct doctor *d,
				const struct zone_settings *z, int family,
				struct addr *out)
{
	if (family == AF_INET)
		return device_ioctl_address(z->device, SIOCGIFADDR, out);
	return find_ipv6(d->proc, z->device, out);
}

bool doctor_device_any_has(const struct doctor *d, int family)
{
	struct addr a;

	for (size_t i = 0; i < d->settings->zones; i++)
		if (doctor_device_find_address(d, &d->settings->zone[i], family,
					       &a))
			return true;
	return false;
}

/* --- the checks -------------------------------------------------------- */

void doctor_check_uplinks(struct doctor *d)
{
	const struct settings *s = d->settings;
	size_t present = 0;

	for (size_t i = 0; i < s->uplinks; i++) {
		const struct uplink_settings *u = &s->uplink[i];

		if (if_nametoindex(u->device)) {
			present++;
			continue;
		}
		doctor_say(d, DOCTOR_WARN, "device %s of uplink %s is missing",
			   u->device, u->name);
		doctor_advise(d, "Correct its option device, or see why the "
				 "system does not make the device.");
	}
	if (present == s->uplinks)
		doctor_say(d, DOCTOR_OK,
			   "the devices of all uplinks are there");
}

static bool is_shut(const struct doctor *d, const struct zone_settings *z)
{
	const struct ipc_zone *told = netctl_status_find(&d->status, z->name);

	return told && told->is_shut;
}

void doctor_check_device(struct doctor *d, const struct zone_settings *z)
{
	struct ifreq r;

	if (!device_ioctl(z->device, SIOCGIFFLAGS, &r)) {
		doctor_say(d, DOCTOR_FAIL, "device %s is missing", z->device);
		doctor_advise(d, "Correct option device of the zone, or see "
				 "why the system does not make the device.");
	} else if (is_shut(d, z)) {
		doctor_say(d, DOCTOR_FAIL,
			   "netctl has shut %s, as packets would pass by it",
			   z->device);
		doctor_advise(d, "Make the bridge, bond or VLAN above it the "
				 "zone's device; netctl's log names it.");
	} else if (!(r.ifr_flags & IFF_UP)) {
		doctor_say(d, DOCTOR_FAIL, "device %s is down", z->device);
		doctor_advise(d, "Run: ip link set %s up", z->device);
	} else {
		doctor_say(d, DOCTOR_OK, "device %s is up", z->device);
	}
}

void doctor_check_address(struct doctor *d, const struct zone_settings *z)
{
	static const int family[] = { AF_INET, AF_INET6 };
	char text[2][ADDR_TEXT_MAX];
	size_t found = 0;

	for (size_t i = 0; i < 2; i++) {
		struct addr a;

		if (doctor_device_find_address(d, z, family[i], &a))
			addr_to_string(&a, text[found++]);
	}
	if (found) {
		doctor_say(d, DOCTOR_OK, "the box is %s%s%s on %s", text[0],
			   found > 1 ? " and " : "", found > 1 ? text[1] : "",
			   z->device);
		return;
	}
	doctor_say(d, DOCTOR_FAIL, "the box has no address on %s", z->device);
	doctor_advise(d, "Give it one of the network that guests get theirs "
			 "from.");
}
