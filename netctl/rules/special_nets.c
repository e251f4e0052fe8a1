/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/rules/special_nets.h"

/* clang-format off */
const char *const special_nets[SPECIAL_NETS] = {
	"0.0.0.0/8",	  "10.0.0.0/8",	    "100.64.0.0/10",  "127.0.0.0/8",
	"169.254.0.0/16", "172.16.0.0/12",  "192.0.0.0/24",   "192.168.0.0/16",
	"192.88.99.0/24", "198.18.0.0/15",  "224.0.0.0/3",
	/* unspecified, loopback, IPv4-mapped and IPv4-compatible */
	"::/32",
	/* the above behind a NAT64 of the well-known prefix, or a local one */
	"64:ff9b::/104",	   "64:ff9b::a00:0/104",
	"64:ff9b::6440:0/106",	   "64:ff9b::7f00:0/104",
	"64:ff9b::a9fe:0/112",	   "64:ff9b::ac10:0/108",
	"64:ff9b::c000:0/120",	   "64:ff9b::c0a8:0/112",
	"64:ff9b::c612:0/111",	   "64:ff9b::e000:0/99",
	"64:ff9b:1::/48",
	/* discard-only, protocol assignments with Teredo, 6to4, SRv6 */
	"100::/64",		   "2001::/23",
	"2002::/16",		   "5f00::/16",
	/* unique local, link-local and site-local, multicast */
	"fc00::/7",		   "fe80::/9",
	"ff00::/8",
};
/* clang-format on */

bool special_nets_have(const struct addr *a)
{
	struct addr net;
	unsigned int prefix;

	for (size_t i = 0; i < SPECIAL_NETS; i++)
		if (addr_parse_prefix(&net, &prefix, special_nets[i]) &&
		    addr_is_within(a, &net, prefix))
			return true;
	return false;
}
