/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The history of some days as JSON and CSV, with what it adds up to: what
 * /api/health gives out. Knows nothing of HTTP.
 */
#ifndef STADTTOR_PORTAL_HISTORY_HISTORY_REPORT_H
#define STADTTOR_PORTAL_HISTORY_HISTORY_REPORT_H

#include <stdio.h>

#include "portal/history/history.h"
#include "portal/store/store_types.h"

#define HISTORY_REPORT_DAYS 400

struct history_query {
	store_day from, to; /* both included; 0: 400 days back, today */
	const char *zone;   /* NULL: all; else what is of others is left out */
};

/* Whether guests who come then cannot get online, all or those of its zone. */
bool history_is_outage(const struct history_event *e);

/*
 *	{"from":"2026-11-01","to":"2026-11-30","zone":null,
 *	 "known_s":2592000,"down_s":840,"outages":2,"longest_s":600,
 *	 "at_most":false,"day":["2026-11-01",...],"day_known_s":[86400,...],
 *	 "day_down_s":[0,...],"events":[{"began":"2026-11-03T10:04:12+01:00",
 *	 "ended":null,"seconds":240,"level":"error","code":"zone_offline",
 *	 "zone":"guest","times":1,"outage":true},...]}
 * known_s: of the days that the history covers, down_s: of these, when there
 * was an outage; those that overlap count once. at_most: for some of it the
 * portal did not run, and nobody knows since when exactly. 0 or -errno.
 */
int history_report_json(struct history *h, const struct history_query *q,
			FILE *out) MUST_CHECK;

/* The events, RFC 4180: began, ended, seconds, level, code, zone, times,
 * outage. */
int history_report_csv(struct history *h, const struct history_query *q,
		       FILE *out) MUST_CHECK;

#endif
