/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For OpenWrt: odhcpd announces by IPv6, dnsmasq answers the rest, and both are
 * told by /etc/config/dhcp. Written as commands that can be run again, since
 * the sections are there already.
 */
#include "cli/dns/dns.h"

#include <ctype.h>
#include <string.h>

static void write_head(struct dns_plan *p)
{
	fputs("# DNS and DHCP of Stadttor's zones, for OpenWrt.\n"
	      "# Printed by `stadttor dns-config --server odhcpd`; run it on "
	      "the access point:\n"
	      "#\tstadttor dns-config --server odhcpd >/tmp/dns && sh "
	      "/tmp/dns\n"
	      "# Each zone is taken to be an interface of the same name, with "
	      "a section of that\n"
	      "# name in /etc/config/dhcp; change dhcp.ZONE where it has "
	      "another one.\n"
	      "\n# --- addresses and names of devices stay out of the log; "
	      "leases are in RAM\n"
	      "uci set dhcp.@dnsmasq[0].quietdhcp='1'\n",
	      p->out);
}

static void write_list(struct dns_plan *p, const char *list, const char *value)
{
	fprintf(p->out,
		"uci -q del_list %s='%s'\n"
		"uci add_list %s='%s'\n",
		list, value, list, value);
}

static void write_hostname(struct dns_plan *p)
{
	const char *name = p->settings->portal.hostname;
	const struct zone_settings *z;
	char text[DNS_NAME_MAX + 8];

	if (!*name)
		return;
	fputs("\n# --- the portal's name: addresses of the guests' own device\n"
	      "uci set dhcp.@dnsmasq[0].localise_queries='1'\n",
	      p->out);
	snprintf(text, sizeof(text), "/%s/", name);
	write_list(p, "dhcp.@dnsmasq[0].server", text);
	for (size_t i = 0; (z = dns_next_zone(p, &i)); i++) {
		char list[64];

		snprintf(list, sizeof(list), "dhcp.%s.interface_name", z->name);
		write_list(p, list, name);
	}
}

/* What an earlier run has announced. */
static void withdraw_api(struct dns_plan *p)
{
	const struct zone_settings *z;

	for (size_t i = 0; (z = dns_next_zone(p, &i)); i++) {
		fprintf(p->out, "uci -q delete dhcp.%s.captive_portal_uri\n",
			z->name);
		if (*p->settings->portal.hostname)
			fprintf(p->out,
				"uci -q del_list dhcp.%s.dhcp_option='114,%s'"
				"\n",
				z->name, p->api.url);
	}
}

static void write_api(struct dns_plan *p)
{
	const struct zone_settings *z;
	char list[64];
	char value[sizeof(p->api.url) + 8];

	fputs("\n# --- the captive portal API (RFC 8910)\n", p->out);
	dns_write_api_state(p);
	if (!p->announces) {
		withdraw_api(p);
		return;
	}
	fputs("# odhcpd knows captive_portal_uri (router advertisements, "
	      "DHCPv6) since the end of\n"
	      "# 2025, older ones skip it; DHCPv4 is dnsmasq's.\n",
	      p->out);
	snprintf(value, sizeof(value), "114,%s", p->api.url);
	for (size_t i = 0; (z = dns_next_zone(p, &i)); i++) {
		fprintf(p->out, "uci set dhcp.%s.captive_portal_uri='%s'\n",
			z->name, p->api.url);
		snprintf(list, sizeof(list), "dhcp.%s.dhcp_option", z->name);
		write_list(p, list, value);
	}
}

/*
 * OpenWrt's init script takes a lone 4 or 6 at the end of a set's name, or
 * between two _, for the family: garden4_wifi6 would get IPv6 addresses.
 */
static bool is_misread(const char *zone)
{
	size_t len = strlen(zone);

	for (size_t i = 0; i < len; i++) {
		bool is_alone = !i || zone[i - 1] == '_';

		if (zone[i] != '4' && zone[i] != '6')
			continue;
		if (i + 1 == len ? !i || !isdigit((unsigned char)zone[i - 1])
				 : is_alone && zone[i + 1] == '_')
			return true;
	}
	return false;
}

static void write_name(struct dns_plan *p, const struct dns_name *n,
		       unsigned int number)
{
	const struct zone_settings *z;
	char set[32];

	if (n->why_not) {
		dns_leave_out(p, "'%s', %s", n->name, n->why_not);
		return;
	}
	fprintf(p->out,
		"uci set dhcp.stadttor_%u='ipset'\n"
		"uci set dhcp.stadttor_%u.table='stadttor'\n"
		"uci set dhcp.stadttor_%u.table_family='inet'\n"
		"uci add_list dhcp.stadttor_%u.domain='%s'\n",
		number, number, number, number, n->name);
	for (size_t i = 0; (z = dns_next_zone(p, &i)); i++) {
		if (!(n->zones & 1U << i) || is_misread(z->name))
			continue;
		for (int v = 4; v <= 6; v += 2) {
			dns_set_name(set, v, z->name);
			fprintf(p->out,
				"uci add_list dhcp.stadttor_%u.name='%s'\n",
				number, set);
		}
	}
}

static void write_garden(struct dns_plan *p)
{
	const struct zone_settings *z;

	fputs("\n# --- walled garden: names that lead on before the tap\n"
	      "# Needs dnsmasq-full. Addresses stay in the sets for six hours, "
	      "so nobody may\n"
	      "# remember an answer for long.\n"
	      "for section in $(uci show dhcp | "
	      "sed -n 's/^dhcp\\.\\(stadttor_[0-9]*\\)=ipset$/\\1/p'); do\n"
	      "\tuci delete \"dhcp.$section\"\n"
	      "done\n",
	      p->out);
	if (!p->garden.count)
		return;
	for (size_t i = 0; (z = dns_next_zone(p, &i)); i++)
		if (is_misread(z->name))
			dns_leave_out(p,
				      "a walled garden for zone %s: OpenWrt "
				      "takes the 4 or 6 in its name for the "
				      "family of its sets; call it otherwise",
				      z->name);
	fputs("uci set dhcp.@dnsmasq[0].max_cache_ttl='300'\n"
	      "uci set dhcp.@dnsmasq[0].max_ttl='300'\n",
	      p->out);
	for (size_t i = 0; i < p->garden.count; i++)
		write_name(p, &p->garden.name[i], (unsigned int)i + 1);
}

void dns_write_uci(struct dns_plan *p)
{
	write_head(p);
	write_hostname(p);
	write_api(p);
	write_garden(p);
	fputs("\nuci commit dhcp\n"
	      "/etc/init.d/odhcpd restart\n"
	      "/etc/init.d/dnsmasq restart\n",
	      p->out);
}
