/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What phones need beside the gate: names, addresses, and a router's word. */
#include "cli/doctor/doctor.h"

#include <netinet/in.h>
#include <string.h>

#include "cli/doctor/dns_question.h"
#include "cli/doctor/doctor_device.h"
#include "cli/doctor/http_question.h"
#include "cli/socket_table.h"

#define PORTAL	  "stadttor-portal"
#define PORT_DHCP 67
/* A name that a resolver finds if it finds any: one of the DNS's root. */
#define ANY_NAME "a.root-servers.net"

static bool find_address(struct doctor *d, const struct zone_settings *z,
			 const char *what, struct addr *a)
{
	if (doctor_device_find_address(d, z, AF_INET, a) ||
	    doctor_device_find_address(d, z, AF_INET6, a))
		return true;
	doctor_say(d, DOCTOR_SKIP, "it has no address to ask the %s on", what);
	return false;
}

/* --- the portal -------------------------------------------------------- */

/* As whoever opens any page before the tap is led there. */
static bool leads_to_portal(const char *answer)
{
	const char *to = strstr(answer, "\nLocation: http");

	return !strncmp(answer, "HTTP/1.1 302 ", 13) && to &&
	       strstr(to, "/?via=");
}

void doctor_check_page(struct doctor *d, const struct zone_settings *z)
{
	uint16_t port = (uint16_t)d->settings->portal.hijack_port;
	char answer[HTTP_ANSWER_MAX], server[ADDR_TEXT_MAX];
	struct addr a;
	int err;

	if (!find_address(d, z, "portal", &a))
		return;
	addr_to_string(&a, server);
	err = http_question_ask(&a, port, answer);
	if (err) {
		doctor_say(d, DOCTOR_FAIL,
			   "the portal does not answer on %s, port %u: %s",
			   server, port, strerror(-err));
		doctor_advise_start(d, PORTAL);
	} else if (!leads_to_portal(answer)) {
		doctor_say(d, DOCTOR_FAIL,
			   "another program answers on %s, port %u", server,
			   port);
		doctor_advise(d, "Stop it, or give the portal another "
				 "hijack_port.");
	} else {
		doctor_say(d, DOCTOR_OK, "the portal answers on %s", server);
	}
}

/* --- DNS --------------------------------------------------------------- */

static void say_silent(struct doctor *d, const char *server, int err)
{
	doctor_say(d, DOCTOR_FAIL, "the resolver does not answer on %s: %s",
		   server, strerror(-err));
	doctor_advise(d, "Start it, or let it listen on that address; stadttor "
			 "dns-config prints what dnsmasq needs.");
}

static bool is_own_name(const struct doctor *d, const char *name)
{
	return !strcmp(name, d->settings->portal.hostname);
}

/* The portal's name comes from the box itself, others from upstream. */
static void say_unknown(struct doctor *d, const char *name, const char *server,
			const char *why)
{
	bool is_own = is_own_name(d, name);

	doctor_say(d, is_own ? DOCTOR_FAIL : DOCTOR_WARN,
		   "the resolver on %s does not find %s%s", server, name, why);
	if (is_own)
		doctor_advise(d, "Give it what stadttor dns-config prints.");
	else
		doctor_advise(d, "See whom it asks, and whether that server is "
				 "reached.");
}

static void judge(struct doctor *d, const char *name, const char *server,
		  const struct dns_reply *reply)
{
	if (reply->rcode == DNS_RCODE_FINE && reply->answers)
		doctor_say(d, DOCTOR_OK, "the resolver on %s knows %s", server,
			   name);
	else
		say_unknown(d, name, server,
			    reply->rcode == DNS_RCODE_REFUSED  ? ": refused"
			    : reply->rcode == DNS_RCODE_FAILED ? ": server "
								 "failure"
							       : "");
}

/* true: it answers. It has answered when it is asked for a second name. */
static bool ask(struct doctor *d, const struct addr *a, const char *name)
{
	bool is_first = is_own_name(d, name) || !*d->settings->portal.hostname;
	char server[ADDR_TEXT_MAX];
	struct dns_reply reply;
	int err = dns_question_ask(a, d->dns_port, name, &reply);

	addr_to_string(a, server);
	if (!err)
		judge(d, name, server, &reply);
	else if (is_first)
		say_silent(d, server, err);
	else
		say_unknown(d, name, server, ": no answer");
	return !err;
}

/* As far as netctl knows: where it has none, no name is found. */
static bool has_internet(const struct doctor *d, const struct zone_settings *z)
{
	const struct ipc_zone *told = netctl_status_find(&d->status, z->name);

	return !told || told->outlet == IPC_OUTLET_OPEN;
}

void doctor_check_dns(struct doctor *d, const struct zone_settings *z)
{
	const char *own = d->settings->portal.hostname;
	struct addr a;

	if (!find_address(d, z, "resolver", &a))
		return;
	if (*own && (!ask(d, &a, own) || !has_internet(d, z)))
		return;
	if (strcmp(own, ANY_NAME) != 0)
		ask(d, &a, ANY_NAME);
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
