/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `stadttor dns-config`: what DNS and DHCP servers have to do for the gate, as
 * text for their config files. dns.c is the command, dns_names.c collects the
 * walled garden, dns_check.c says whether the captive portal API may be
 * announced (RFC 8910: only what phones can verify), dns_dnsmasq.c, dns_uci.c
 * and dns_radvd.c write. Nothing here changes the box.
 *
 * What cannot be written is told three times: as a comment in the text, on
 * standard error, and by the exit status.
 */
#ifndef STADTTOR_CLI_DNS_DNS_H
#define STADTTOR_CLI_DNS_DNS_H

#include "cli/cli.h"

#define DNS_NAME_MAX 256
#define DNS_WHY_MAX  400
/* dnsmasq reads lines of up to 1024 bytes, and breaks longer ones in two */
#define DNS_LINE_MAX 1000

/* Whether phones would believe the API. */
struct dns_api {
	bool is_fit;
	char why[DNS_WHY_MAX]; /* it is not */
	char url[DNS_NAME_MAX + 32];
	char until[32]; /* end of the certificate; empty: it did not load */
};

struct dns_name {
	char name[DNS_NAME_MAX]; /* lower case */
	uint32_t zones;		 /* whose garden it is in; bit: index of zone */
	const char *why_not;	 /* a resolver cannot open it; NULL: it can */
};

struct dns_names {
	struct dns_name *name;
	size_t count;
};

struct dns_plan {
	const struct settings *settings;
	uint32_t zones; /* that are asked for; bit: index in the settings */
	struct dns_names garden;
	struct dns_api api;
	bool announces; /* the API */
	bool is_wanted; /* so it is to be told where it is not announced */
	FILE *out;
	struct json_object *left_out; /* texts */
};

/* The zones of the plan: for (i = 0; (z = dns_next_zone(p, &i)); i++) */
const struct zone_settings *dns_next_zone(const struct dns_plan *p, size_t *i);

/* Fills in the names that the zones of the plan open. 0 or -ENOMEM. */
int dns_names_collect(struct dns_plan *p) MUST_CHECK;
void dns_names_clear(struct dns_names *n);

/*
 * The certificate as a phone judges it, against the trust store of this
 * machine; then whether netctl and the portal are there. The portal's sockets
 * belong to the guests' devices, so nobody on the box can ask them; the kernel
 * says whether there are any.
 */
void dns_check_api(const struct settings *s, struct dns_api *api);

/* The names of the sets "garden4_ZONE" and "garden6_ZONE". */
void dns_set_name(char name[32], int version, const char *zone);

/* One thing that is not in the text, and why. */
void dns_leave_out(struct dns_plan *p, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* What all three write where the API is not announced, or by force. */
void dns_write_api_state(struct dns_plan *p);

void dns_write_dnsmasq(struct dns_plan *p);
void dns_write_uci(struct dns_plan *p);
void dns_write_radvd(struct dns_plan *p);

#endif
