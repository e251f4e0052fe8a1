/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The walled garden by name, as a resolver has to know it. */
#ifndef STADTTOR_CLI_DNS_DNS_NAMES_H
#define STADTTOR_CLI_DNS_DNS_NAMES_H

#include "cli/dns/dns_plan.h"

/* Fills in the names that the zones of the plan open. 0 or -ENOMEM. */
int dns_names_collect(struct dns_plan *p) MUST_CHECK;
void dns_names_clear(struct dns_names *n);

#endif
