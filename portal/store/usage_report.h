/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Usage figures as JSON and CSV: what /api/usage and `stadttor usage` give
 * out. Knows nothing of HTTP.
 */
#ifndef STADTTOR_PORTAL_STORE_USAGE_REPORT_H
#define STADTTOR_PORTAL_STORE_USAGE_REPORT_H

#include <stdio.h>

#include "portal/store/store.h"

enum usage_report_format { USAGE_REPORT_JSON, USAGE_REPORT_CSV };

/*
 * JSON, by columns, so that a year of hours is quick to write and to read:
 *	{"step":"hour","from":"2026-11-01","to":"2026-11-24","zone":"guest",
 *	 "start":[1793484000,...],"time":["2026-11-01T00:00+01:00",...],
 *	 "values":{"visitors":[12,...],...}}
 * zone is null for all. time of a day: "2026-11-01", of a month: "2026-11";
 * of figures whose time is not known: null, and start 0. CSV (RFC 4180) has
 * the columns time and the metrics. 0 or -errno.
 */
int usage_report_usage(struct store *st, const struct store_query *q,
		       enum usage_report_format format, FILE *out) MUST_CHECK;

/* {"kind":"language","from":...,"to":...,"values":{"de":120,"other":7}} */
int usage_report_labels(struct store *st, const struct store_label_query *q,
			enum usage_report_format format, FILE *out) MUST_CHECK;

/* "2026-11-24", "today", "yesterday", "-7d" (that many days ago), "" for no
 * bound. false: none of these, or no day of the calendar. */
bool usage_report_parse_day(const char *text, store_day *out);

/* "visitors,bytes_up" -> bits; false: names something unknown. */
bool usage_report_parse_metrics(const char *text, uint32_t *out);

#endif
