/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What phones need beside the gate: names, addresses, and a router's word. */
#include "cli/doctor/doctor.h"

#include <netinet/in.h>
#include <string.h>

#include "cli/doctor/dns_question.h"
#include "cli/doctor/doctor_device.h"
#include "cli/socket_table.h"

#define PORT_DHCP 67
/* A name that a resolver finds if it finds any: one of the DNS's root. */
#define ANY_NAME "a.root-servers.net"

/* --- DNS --------------------------------------------------------------- */

static void say_silent(struct doctor *d, const char *server, int err)
{
	doctor_say(d, DOCTOR_FAIL, "the resolver does not answer on %s: %s",
		   server, strerror(-err));
	doctor_advise(d, "Start it, or let it listen on that address; stadttor "
			 "dns-config prints what dnsmasq needs.");
}

/* The portal's name comes from the box itself, others from upstream. */
static void judge(struct doctor *d, const char *name, const char *server,
		  const struct dns_reply *reply)
{
	bool is_own = *d->settings->portal.hostname != '\0';

	if (reply->rcode == DNS_RCODE_FINE && reply->answers) {
		doctor_say(d, DOCTOR_OK, "the resolver on %s knows %s", server,
			   name);
		return;
	}
	doctor_say(d, is_own ? DOCTOR_FAIL : DOCTOR_WARN,
		   "the resolver on %s does not find %s%s", server, name,
		   reply->rcode == DNS_RCODE_REFUSED  ? ": refused"
		   : reply->rcode == DNS_RCODE_FAILED ? ": server failure"
						      : "");
	if (is_own)
		doctor_advise(d, "Give it what stadttor dns-config prints.");
	else
		doctor_advise(d, "See whom it asks, and whether that server is "
				 "reached.");
}

void doctor_check_dns(struct doctor *d, const struct zone_settings *z)
{
	const char *own = d->settings->portal.hostname;
	const char *name = *own ? own : ANY_NAME;
	char server[ADDR_TEXT_MAX];
	struct dns_reply reply;
	struct addr a;
	int err;

	if (!doctor_device_find_address(d, z, AF_INET, &a) &&
	    !doctor_device_find_address(d, z, AF_INET6, &a)) {
		doctor_say(d, DOCTOR_SKIP,
			   "it has no address to ask the resolver on");
		return;
	}
	addr_to_string(&a, server);
	err = dns_question_ask(&a, d->dns_port, name, &reply);
	if (err)
		say_silent(d, server, err);
	else
		judge(d, name, server, &reply);
}

/* --- addresses --------------------------------------------------------- */

void doctor_check_dhcp(struct doctor *d)
{
	if (!doctor_device_any_has(d, AF_INET)) {
		doctor_say(d, DOCTOR_OK,
			   "no zone has IPv4, so none needs DHCP");
	} else if (socket_table_has(d->proc, SOCKET_TABLE_UDP, PORT_DHCP)) {
		doctor_say(d, DOCTOR_OK, "a DHCP server listens");
	} else {
		doctor_say(d, DOCTOR_WARN,
			   "no DHCP server listens on this box");
		doctor_advise(d, "Start it, unless another machine in the zone "
				 "gives addresses.");
	}
}

void doctor_check_advertisements(struct doctor *d,
				 const struct zone_settings *z)
{
	struct addr a;

	if (!doctor_device_find_address(d, z, AF_INET6, &a)) {
		doctor_say(d, DOCTOR_OK, "it has no IPv6 to announce");
	} else if (socket_table_has(d->proc, SOCKET_TABLE_RAW6,
				    IPPROTO_ICMPV6)) {
		doctor_say(d, DOCTOR_OK,
			   "a program for router advertisements runs");
	} else {
		doctor_say(d, DOCTOR_WARN,
			   "it has IPv6, but nobody sends router "
			   "advertisements");
		doctor_advise(d, "Let dnsmasq (enable-ra), odhcpd or radvd do "
				 "it; phones have no IPv6 without.");
	}
}
