/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is to be written for a DNS or DHCP server, and what the writers share.
 *
 * What cannot be written is told three times: as a comment in the text, on
 * standard error, and by the exit status.
 */
#ifndef STADTTOR_CLI_DNS_DNS_PLAN_H
#define STADTTOR_CLI_DNS_DNS_PLAN_H

#include "cli/cli.h"

#define DNS_NAME_MAX 256
#define DNS_WHY_MAX  400

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
	bool is_full;	   /* with addresses for guests */
	const char *range; /* of the one zone; NULL: of its device */
	struct dns_api api;
	bool announces; /* the API */
	bool is_wanted; /* so it is to be told where it is not announced */
	FILE *out;
	struct json_object *left_out; /* texts */
};

/* The zones of the plan: for (i = 0; (z = dns_next_zone(p, &i)); i++) */
const struct zone_settings *dns_next_zone(const struct dns_plan *p, size_t *i);

/* The names of the sets "garden4_ZONE" and "garden6_ZONE". */
void dns_set_name(char name[32], int version, const char *zone);

/* One thing that is not in the text, and why. */
void dns_leave_out(struct dns_plan *p, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* What all three write where the API is not announced, or by force. */
void dns_write_api_state(struct dns_plan *p);

#endif
