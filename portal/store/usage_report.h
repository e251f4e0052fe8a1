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
 *	 "hours":[1,...],"values":{"online":[12,-3,null,...],...},
 *	 "bands":{"online":[15.0,...],...}}
 * zone is null for all. time of a day or week: "2026-11-01", of a month:
 * "2026-11", of a year: "2026". hours: that a cell covers of its period.
 * Values are noisy, so they may be below 0; what was counted lies within the
 * band of them in 95 of 100 cases. null: it was not counted then. CSV (RFC
 * 4180) has the columns time, hours, and NAME and NAME_band of each metric; and
 * note, where there can be some.
 * metrics: bits; 0: all that the step has. 0 or -errno.
 */
int usage_report_usage(struct store *st, const struct store_query *q,
		       uint64_t metrics, enum usage_report_format format,
		       FILE *out) MUST_CHECK;

/* The same of whatever else keeps figures; read is as store_read(). */
struct usage_report_source {
	int (*read)(void *figures, const struct store_query *q,
		    store_row_fn *on_row, void *arg);
	void *figures;
	/* What is noted at a day, for CSV by days; may be NULL, as may what it
	 * returns. Valid until it is asked again. */
	const char *(*note)(void *notes, store_day day);
	void *notes;
};
struct usage_report_source usage_report_of(struct store *st);
int usage_report_write(const struct usage_report_source *source,
		       const struct store_query *q, uint64_t metrics,
		       enum usage_report_format format, FILE *out) MUST_CHECK;

/* Days of versions up to 0.1, exact and shared by k devices, as CSV. */
int usage_report_old(struct store *st, store_day from, store_day to,
		     FILE *out) MUST_CHECK;

/* "2026-11-24", "today", "yesterday", "-7d" (that many days ago), "" for no
 * bound. false: none of these, or no day of the calendar. */
bool usage_report_parse_day(const char *text, store_day *out);

/* "visitors,bytes_up" -> bits; false: names something unknown. */
bool usage_report_parse_metrics(const char *text, uint64_t *out);

#endif
