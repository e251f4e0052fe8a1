/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a request wants to see: parameters of /api/, checked. */
#ifndef STADTTOR_HUB_WEB_WEB_QUERY_H
#define STADTTOR_HUB_WEB_WEB_QUERY_H

#include "hub/web/web_site.h"
#include "portal/admin/admin_query.h"
#include "portal/http/conn.h"
#include "portal/store/usage_report.h"

struct web_query {
	char step[8], zone[IPC_ZONE_NAME_MAX];
	char from[16], to[16], format[8];
	char site[CITY_SITE_MAX], district[CITY_NAME_MAX];
	char metrics[REQUEST_QUERY_MAX];
	struct store_query query; /* points into this */
	uint64_t metric_bits;
	enum usage_report_format report_format;
	enum city_place_kind kind;
	const char *name; /* of the place; likewise */
};

/* false: it was answered. */
bool web_query_parse(struct conn *c, struct web_query *q) MUST_CHECK;

#endif
