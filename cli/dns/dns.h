/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parts of `stadttor dns-config`, which writes as text for config files
 * what DNS and DHCP servers have to do for the gate. Nothing here changes the
 * box.
 */
#ifndef STADTTOR_CLI_DNS_DNS_H
#define STADTTOR_CLI_DNS_DNS_H

#include "cli/dns/dns_plan.h"

/* dnsmasq reads lines of up to 1024 bytes, and breaks longer ones in two */
#define DNS_LINE_MAX 1000

/*
 * The certificate as a phone judges it, against the trust store of this
 * machine; then whether netctl and the portal are there. The portal's sockets
 * belong to the guests' devices, so nobody on the box can ask them; the kernel
 * says whether there are any.
 */
void dns_check_api(const struct settings *s, struct dns_api *api);

void dns_write_dnsmasq(struct dns_plan *p);
void dns_write_uci(struct dns_plan *p);
void dns_write_radvd(struct dns_plan *p);

#endif
