/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For radvd beside dnsmasq, which then sends no router advertisements. */
#include "cli/dns/dns.h"

static void write_zone(struct dns_plan *p, const struct zone_settings *z)
{
	fprintf(p->out,
		"\ninterface %s {\n"
		"\tAdvSendAdvert on;\n",
		z->device);
	if (p->announces)
		fprintf(p->out,
			"\tAdvOtherConfigFlag on; # ask DHCPv6 for option 103\n"
			"\t#AdvCaptivePortalAPI \"%s\";\n",
			p->api.url);
	fputs("\tprefix ::/64 {\n\t};\n};\n", p->out);
}

void dns_write_radvd(struct dns_plan *p)
{
	const struct zone_settings *z;

	fputs("# Router advertisements of Stadttor's zones, for radvd.\n"
	      "# Printed by `stadttor dns-config --server radvd`. Belongs into "
	      "/etc/radvd.conf;\n"
	      "# then: systemctl restart radvd. DNS and DHCP stay with "
	      "dnsmasq.\n",
	      p->out);
	dns_write_api_state(p);
	if (p->announces)
		fputs("# radvd 2.20 and later announce the API themselves "
		      "(option 37): take the # away\n"
		      "# there. Debian 12 has 2.19, which refuses a file with "
		      "that line; until then\n"
		      "# phones ask for option 103, which dnsmasq answers.\n",
		      p->out);
	for (size_t i = 0; (z = dns_next_zone(p, &i)); i++)
		write_zone(p, z);
}
