/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/web/web_query.h"

#include <string.h>

#include "common/array.h"
#include "common/config/settings_valid.h"
#include "portal/admin/admin_answer.h"

static bool refuse(struct conn *c, const char *name, const char *value)
{
	admin_answer_error(c, 400, NULL, "%s: '%.40s' is not allowed", name,
			   value);
	return false;
}

static bool take_days(struct conn *c, struct web_query *q)
{
	if (!usage_report_parse_day(q->from, &q->query.from))
		return refuse(c, "from", q->from);
	if (!usage_report_parse_day(q->to, &q->query.to))
		return refuse(c, "to", q->to);
	if (!strcmp(q->format, "csv"))
		q->report_format = USAGE_REPORT_CSV;
	else if (strcmp(q->format, "json") != 0)
		return refuse(c, "format", q->format);
	return true;
}

/* Zones are a site's: two sites may call different ones by one name. */
static bool take_place(struct conn *c, struct web_query *q)
{
	q->kind = *q->site ? CITY_SITE
			   : (*q->district ? CITY_DISTRICT : CITY_WHOLE);
	q->name = *q->site ? q->site : q->district;
	if (*q->site && *q->district)
		return refuse(c, "district", q->district);
	if (*q->zone && (!*q->site || !valid_zone_name(q->zone)))
		return refuse(c, "zone", q->zone);
	if (*q->zone)
		q->query.zone = q->zone;
	return true;
}

static bool take_figures(struct conn *c, struct web_query *q)
{
	if (!store_step_parse(q->step, &q->query.step))
		return refuse(c, "step", q->step);
	if (*q->metrics &&
	    !usage_report_parse_metrics(q->metrics, &q->metric_bits))
		return refuse(c, "metrics", q->metrics);
	return true;
}

bool web_query_parse(struct conn *c, struct web_query *q)
{
	const struct request_extra *e = conn_exchange(c)->request.extra;
	char wrong[ADMIN_QUERY_NAME_MAX];
	const struct admin_parameter all[] = {
		{ "from", q->from, sizeof(q->from) },
		{ "to", q->to, sizeof(q->to) },
		{ "format", q->format, sizeof(q->format) },
		{ "step", q->step, sizeof(q->step) },
		{ "zone", q->zone, sizeof(q->zone) },
		{ "site", q->site, sizeof(q->site) },
		{ "district", q->district, sizeof(q->district) },
		{ "metrics", q->metrics, sizeof(q->metrics) },
	};

	*q = (struct web_query){ .step = "day", .format = "json" };
	if (!admin_query_parse(e->query, all, ARRAY_SIZE(all), wrong))
		return refuse(c, "query", wrong);
	return take_days(c, q) && take_place(c, q) && take_figures(c, q);
}
