/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * /metrics: what Prometheus and its kin collect, in OpenMetrics 1.0 or in the
 * older text format. Health is that of the machine, as it is now; of use there
 * is what netctl has released, the last of each, with its noise.
 */
#ifndef STADTTOR_PORTAL_ADMIN_METRICS_H
#define STADTTOR_PORTAL_ADMIN_METRICS_H

#include <stdio.h>

#include "portal/city/city.h"
#include "portal/http/conn.h"
#include "portal/store/store.h"

#define METRICS_TYPE_TEXT "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_TYPE_OPENMETRICS                                               \
	"application/openmetrics-text; version=1.0.0; charset=utf-8"

enum metrics_format { METRICS_TEXT, METRICS_OPENMETRICS };

enum metrics_certificate {
	METRICS_CERTIFICATE_PORTAL,
	METRICS_CERTIFICATE_ADMIN,
	METRICS_CERTIFICATES
};

struct metrics_source {
	const struct ipc_health *health; /* NULL: netctl does not answer */
	bool is_connected;		 /* to netctl */
	uint64_t uptime_s;		 /* of the portal */
	uint64_t generation;
	const struct conns_stats *operators;
	enum store_health health_of_store;
	struct store *store; /* NULL: not opened yet */
	/* METRICS_CERTIFICATES of them, as of struct admin_site */
	const int64_t *certificate_end_s;
	bool is_reload_refused;
	struct city_status city;
};

/* 0 or -errno */
int metrics_write(const struct metrics_source *m, enum metrics_format format,
		  FILE *out) MUST_CHECK;

#endif
