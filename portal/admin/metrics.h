/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * /metrics: what Prometheus and its kin collect, in OpenMetrics 1.0 or in the
 * older text format. Health is as it is now; figures of use are sums of what
 * netctl has released, so at least k devices share each step of theirs.
 */
#ifndef STADTTOR_PORTAL_ADMIN_METRICS_H
#define STADTTOR_PORTAL_ADMIN_METRICS_H

#include <stdio.h>

#include "portal/http/conn.h"
#include "portal/store/store.h"

#define METRICS_ZONES 64 /* with those that are no longer configured */

#define METRICS_TYPE_TEXT "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_TYPE_OPENMETRICS                                               \
	"application/openmetrics-text; version=1.0.0; charset=utf-8"

enum metrics_format { METRICS_TEXT, METRICS_OPENMETRICS };

struct metrics_totals {
	size_t count;
	struct {
		char name[IPC_ZONE_NAME_MAX]; /* empty: of the box */
		uint64_t value[USAGE_METRICS];
	} zone[METRICS_ZONES];
};

struct metrics_source {
	const struct ipc_health *health; /* NULL: netctl does not answer */
	bool is_connected;		 /* to netctl */
	uint64_t uptime_s;		 /* of the portal */
	uint64_t memory_bytes;
	uint64_t generation;
	const struct conns_stats *guests, *operators;
	enum store_health store;
	const struct metrics_totals *totals;
	uint32_t counted; /* bit i: metric i of usage.h is counted */
};

/* 0 or -errno */
int metrics_write(const struct metrics_source *m, enum metrics_format format,
		  FILE *out) MUST_CHECK;

#endif
