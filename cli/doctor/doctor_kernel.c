/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings of the kernel that a gate needs, see etc/sysctl.conf. */
#include "cli/doctor/doctor.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/doctor/doctor_device.h"
#include "common/array.h"

#define FLOWS_PER_DEVICE 100 /* in the mean, of a crowd */
#define GREEDY_DEVICES	 10  /* that the table has room for in any case */

static bool find_number(const struct doctor *d, const char *name, uint64_t *out)
{
	char path[256];
	bool good;
	FILE *f;

	snprintf(path, sizeof(path), "%s/sys/net/%s", d->proc, name);
	f = fopen(path, "re");
	good = f && fscanf(f, "%" SCNu64, out) == 1;
	if (f)
		fclose(f);
	return good;
}

/* false: it has been said that it is not to be seen. */
static bool read_number(struct doctor *d, const char *name, uint64_t *out)
{
	bool good = find_number(d, name, out);

	if (!good)
		doctor_say(d, DOCTOR_SKIP, "%s/sys/net/%s cannot be read",
			   d->proc, name);
	return good;
}

/* --- forwarding -------------------------------------------------------- */

void doctor_check_forwarding(struct doctor *d)
{
	static const struct {
		int family;
		const char *name, *file, *key;
	} families[] = {
		{ AF_INET, "IPv4", "ipv4/ip_forward", "net.ipv4.ip_forward" },
		{ AF_INET6, "IPv6", "ipv6/conf/all/forwarding",
		  "net.ipv6.conf.all.forwarding" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const char *name = families[i].name;
		uint64_t value;

		if (families[i].family == AF_INET6 &&
		    !doctor_device_any_has(d, AF_INET6))
			continue;
		if (!read_number(d, families[i].file, &value))
			continue;
		if (value) {
			doctor_say(d, DOCTOR_OK, "the kernel forwards %s",
				   name);
			continue;
		}
		doctor_say(d, DOCTOR_FAIL, "the kernel does not forward %s",
			   name);
		doctor_advise(d,
			      "Run: sysctl -w %s=1, and put it into "
			      "/etc/sysctl.d.",
			      families[i].key);
	}
}

/* --- bridges ----------------------------------------------------------- */

/* Not there without br_netfilter, as it should be. */
void doctor_check_bridges(struct doctor *d)
{
	static const char *const keys[] = { "bridge-nf-call-iptables",
					    "bridge-nf-call-ip6tables" };
	unsigned int found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		char name[64];
		uint64_t value = 0;

		snprintf(name, sizeof(name), "bridge/%s", keys[i]);
		if (!find_number(d, name, &value) || !value)
			continue;
		found++;
		doctor_say(d, DOCTOR_FAIL,
			   "bridges hand packets to iptables before the gate "
			   "sees them: %s is on",
			   keys[i]);
		doctor_advise(d,
			      "Run: sysctl -w net.bridge.%s=0, and put it into "
			      "/etc/sysctl.d.",
			      keys[i]);
	}
	if (!found)
		doctor_say(d, DOCTOR_OK, "bridges leave packets to the gate");
}

/* --- tables that a crowd fills ----------------------------------------- */

static uint64_t max_devices(const struct settings *s)
{
	uint64_t devices = 0;

	for (size_t i = 0; i < s->zones; i++)
		devices += s->zone[i].max_sessions;
	return devices;
}

/* each: addresses of a device. */
static void check_neighbours(struct doctor *d, int version, uint64_t each)
{
	uint64_t devices = max_devices(d->settings);
	uint64_t max;
	char file[64];

	snprintf(file, sizeof(file), "ipv%d/neigh/default/gc_thresh3", version);
	if (!read_number(d, file, &max))
		return;
	if (max >= devices * each) {
		doctor_say(d, DOCTOR_OK,
			   "the table of IPv%d neighbours takes %" PRIu64,
			   version, max);
		return;
	}
	doctor_say(d, DOCTOR_WARN,
		   "the table of IPv%d neighbours takes %" PRIu64
		   "; max_sessions of %" PRIu64 " needs %" PRIu64,
		   version, max, devices, devices * each);
	doctor_advise(d,
		      "Set net.ipv%d.neigh.default.gc_thresh3=%" PRIu64
		      " in /etc/sysctl.d.",
		      version, devices * each);
}

/* A phone has one IPv4 and about three IPv6 addresses. */
void doctor_check_neighbours(struct doctor *d)
{
	check_neighbours(d, 4, 1);
	if (doctor_device_any_has(d, AF_INET6))
		check_neighbours(d, 6, 3);
}

/* Of all devices that may be in at once. */
static uint64_t usual_flows(const struct settings *s)
{
	uint64_t flows = 0;

	for (size_t i = 0; i < s->zones; i++) {
		const struct zone_settings *z = &s->zone[i];
		uint64_t each = z->max_flows && z->max_flows < FLOWS_PER_DEVICE
					? z->max_flows
					: FLOWS_PER_DEVICE;

		flows += z->max_sessions * each;
	}
	return flows;
}

/* The zone whose devices may take most each; 0: any number. */
static const struct zone_settings *greediest(const struct settings *s)
{
	const struct zone_settings *most = &s->zone[0];

	for (size_t i = 1; i < s->zones; i++)
		if (most->max_flows && (!s->zone[i].max_flows ||
					s->zone[i].max_flows > most->max_flows))
			most = &s->zone[i];
	return most;
}

static bool check_greedy(struct doctor *d, uint64_t max)
{
	const struct zone_settings *z = greediest(d->settings);

	if (z->max_flows && max / GREEDY_DEVICES >= z->max_flows)
		return true;
	if (z->max_flows)
		doctor_say(d, DOCTOR_WARN,
			   "fewer than %d devices of zone %s with max_flows "
			   "connections each fill the table of %" PRIu64,
			   GREEDY_DEVICES, z->name, max);
	else
		doctor_say(d, DOCTOR_WARN,
			   "one device of zone %s may fill the table of "
			   "connections, as max_flows is 0",
			   z->name);
	doctor_advise(d,
		      "Set max_flows to %" PRIu64 " at most, or raise "
		      "net.netfilter.nf_conntrack_max.",
		      max / GREEDY_DEVICES);
	return false;
}

void doctor_check_conntrack(struct doctor *d)
{
	uint64_t flows = usual_flows(d->settings);
	uint64_t max;

	if (!read_number(d, "netfilter/nf_conntrack_max", &max))
		return;
	if (!check_greedy(d, max))
		return;
	if (max >= flows) {
		doctor_say(d, DOCTOR_OK,
			   "the table of connections takes %" PRIu64, max);
		return;
	}
	doctor_say(d, DOCTOR_WARN,
		   "the table takes %" PRIu64 " connections; max_sessions of "
		   "%" PRIu64 " devices need about %" PRIu64,
		   max, max_devices(d->settings), flows);
	doctor_advise(d,
		      "Set net.netfilter.nf_conntrack_max=%" PRIu64
		      " in /etc/sysctl.d.",
		      flows);
}
