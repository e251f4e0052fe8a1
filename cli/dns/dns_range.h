/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which addresses a zone's guests get by DHCP. */
#ifndef STADTTOR_CLI_DNS_DNS_RANGE_H
#define STADTTOR_CLI_DNS_DNS_RANGE_H

#include "cli/dns/dns_plan.h"

/* No more than the neighbour tables of etc/sysctl.conf have room for. */
#define DNS_RANGE_MAX 16384

struct dns_range {
	uint32_t first, last, mask; /* host order */
};

/*
 * Those of the network that has the box's own address, "10.20.0.1/22", on the
 * larger side of it. false: no such address, or a network with room for nobody.
 */
bool dns_range_parse(struct dns_range *r, const char *text);

/* The same of the address that the device has now. */
bool dns_range_of_device(struct dns_range *r, const char *device);

uint32_t dns_range_size(const struct dns_range *r);

#endif
