/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For dnsmasq as Debian has it, 2.87 or later. */
#include "cli/dns/dns.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/dns/dns_range.h"

static void write_head(struct dns_plan *p)
{
	const struct zone_settings *z;

	fprintf(p->out,
		"# DNS and DHCP of Stadttor's zones, for dnsmasq 2.87 or "
		"later.\n"
		"# Printed by `stadttor dns-config%s`; print it anew when the "
		"config of the gate\n"
		"# changes. Belongs into /etc/dnsmasq.d/stadttor.conf; then: "
		"systemctl restart dnsmasq\n",
		p->is_full ? " --full" : "");
	if (!p->is_full)
		fputs("#\n"
		      "# Which addresses guests get is yours to add, or "
		      "printed "
		      "with --full, such as\n"
		      "#\tdhcp-range=10.20.1.0,10.20.9.255,1h\n"
		      "#\tdhcp-range=::,constructor:br-guest,ra-stateless\n",
		      p->out);
	fputs("\n# --- where guests ask\n", p->out);
	for (size_t i = 0; (z = dns_next_zone(p, &i)); i++)
		fprintf(p->out, "interface=%s\n", z->device);
	fputs("\n# --- names of the internet do not lead into private "
	      "networks\n"
	      "# A name of your own that does: rebind-domain-ok=/example/\n"
	      "stop-dns-rebind\n"
	      "\n# --- questions that wait for an answer, of all devices: "
	      "one alone can have 300\n"
	      "dns-forward-max=3000\n",
	      p->out);
}

/* --- addresses --------------------------------------------------------- */

static void write_ipv4(FILE *out, uint32_t address, const char *end)
{
	struct in_addr a = { .s_addr = htonl(address) };
	char text[INET_ADDRSTRLEN] = "";

	inet_ntop(AF_INET, &a, text, sizeof(text));
	fprintf(out, "%s%s", text, end);
}

/* How many devices can have one. */
static uint32_t write_range(struct dns_plan *p, const struct zone_settings *z)
{
	struct dns_range r;
	uint32_t size;

	if (!(p->range ? dns_range_parse(&r, p->range)
		       : dns_range_of_device(&r, z->device))) {
		dns_leave_out(
			p,
			"IPv4 addresses for zone %s: its device %s has "
			"none itself, or one in too small a network; give "
			"it one, or say --range ADDRESS/LEN",
			z->name, z->device);
		return 0;
	}
	size = dns_range_size(&r);
	if (size < z->max_sessions)
		fprintf(p->out,
			"# %u addresses, and room for %" PRIu64
			" devices (max_sessions): a larger network\n"
			"# has more.\n",
			size, z->max_sessions);
	fputs("dhcp-range=", p->out);
	write_ipv4(p->out, r.first, ",");
	write_ipv4(p->out, r.last, ",");
	write_ipv4(p->out, r.mask, ",1h\n");
	return size;
}

static void write_addresses(struct dns_plan *p)
{
	const struct zone_settings *z;
	uint32_t leases = 0;

	if (!p->is_full)
		return;
	fputs("\n# --- for guests alone, beside other resolvers of the box\n"
	      "bind-dynamic\n"
	      "except-interface=lo\n"
	      "no-hosts\n"
	      "domain-needed\n"
	      "bogus-priv\n"
	      "\n# --- addresses; who has which is known in RAM, and told to "
	      "no log\n"
	      "dhcp-authoritative\n"
	      "dhcp-leasefile=/run/dnsmasq/stadttor.leases\n"
	      "quiet-dhcp\n"
	      "quiet-dhcp6\n"
	      "quiet-ra\n",
	      p->out);
	for (size_t i = 0; (z = dns_next_zone(p, &i)); i++) {
		leases += write_range(p, z);
		fprintf(p->out,
			"dhcp-range=::,constructor:%s,ra-stateless,1h\n",
			z->device);
	}
	if (leases)
		fprintf(p->out, "dhcp-lease-max=%u\n", leases);
}

/* --- names ------------------------------------------------------------- */

static void write_hostname(struct dns_plan *p)
{
	const char *name = p->settings->portal.hostname;
	const struct zone_settings *z;

	if (!*name)
		return;
	fputs("\n# --- the portal's name\n"
	      "# Guests get the addresses of their own device, and no other "
	      "record of that\n"
	      "# name from elsewhere. It must not stand in /etc/hosts.\n"
	      "localise-queries\n",
	      p->out);
	fprintf(p->out, "local=/%s/\n", name);
	for (size_t i = 0; (z = dns_next_zone(p, &i)); i++)
		fprintf(p->out, "interface-name=%s,%s\n", name, z->device);
}

/* The name of the device is a tag of all that comes through it. */
static void write_api(struct dns_plan *p)
{
	const struct zone_settings *z;

	fputs("\n# --- the captive portal API, announced by DHCP (RFC 8910)\n",
	      p->out);
	dns_write_api_state(p);
	if (!p->announces)
		return;
	fputs("# Option 103 needs a dhcp-range with DHCPv6. Option 37 of "
	      "router advertisements\n"
	      "# is beyond dnsmasq; phones with IPv6 only look for a portal "
	      "by themselves.\n",
	      p->out);
	for (size_t i = 0; (z = dns_next_zone(p, &i)); i++)
		fprintf(p->out,
			"dhcp-option=tag:%s,114,\"%s\"\n"
			"dhcp-option=tag:%s,option6:103,\"%s\"\n",
			z->device, p->api.url, z->device, p->api.url);
}

static void build_sets(const struct dns_plan *p, uint32_t zones, FILE *out)
{
	const char *separator = "";
	const struct zone_settings *z;
	char name[32];

	for (size_t i = 0; (z = dns_next_zone(p, &i)); i++) {
		for (int v = 4; v <= 6 && zones & 1U << i; v += 2) {
			dns_set_name(name, v, z->name);
			fprintf(out, "%s%d#inet#stadttor#%s", separator, v,
				name);
			separator = ",";
		}
	}
}

static void write_name(struct dns_plan *p, const struct dns_name *n)
{
	char line[8 * DNS_LINE_MAX] = "";
	FILE *out;

	if (n->why_not) {
		dns_leave_out(p, "'%s', %s", n->name, n->why_not);
		return;
	}
	out = fmemopen(line, sizeof(line), "w");
	if (out) {
		fprintf(out, "nftset=/%s/", n->name);
		build_sets(p, n->zones, out);
		fclose(out);
	}
	if (out && strlen(line) <= DNS_LINE_MAX)
		fprintf(p->out, "%s\n", line);
	else
		dns_leave_out(
			p,
			"'%s' of so many zones that dnsmasq does not read "
			"the line; shorter names of zones help",
			n->name);
}

static void write_garden(struct dns_plan *p)
{
	if (!p->garden.count)
		return;
	fputs("\n# --- walled garden: names that lead on before the tap\n"
	      "# Those of garden_name, and the hosts of the pages' links. "
	      "dnsmasq puts what they\n"
	      "# resolve to into the zone's sets, at each answer from "
	      "elsewhere and for six hours.\n"
	      "# So nobody may remember an answer for long:\n"
	      "max-cache-ttl=300\n"
	      "max-ttl=300\n",
	      p->out);
	for (size_t i = 0; i < p->garden.count; i++)
		write_name(p, &p->garden.name[i]);
}

void dns_write_dnsmasq(struct dns_plan *p)
{
	write_head(p);
	write_addresses(p);
	write_hostname(p);
	write_api(p);
	write_garden(p);
}
