/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * /api/sites: all sites, by columns, with what ails them and how many devices
 * they had in a span of days, in as many right before, and a year before on the
 * same days of the week:
 *	{"names":["a",...],"titles":[...],"districts":[...],
 *	 "states":["well",...],"heard":[1793484000,null,...],
 *	 "versions":[...],"codes":[["uplink_missing"],...],
 *	 "reasons":["",...],
 *	 "values":[12,null,...],"bands":[3.0,...],"before":[...],
 *	 "before_bands":[...],"year_before":[...],
 *	 "year_before_bands":[...]}
 * null: nothing was counted then; before and a year before also where it was
 * on more or fewer days.
 */
#ifndef STADTTOR_HUB_WEB_WEB_SITES_H
#define STADTTOR_HUB_WEB_WEB_SITES_H

#include <json-c/json.h>

#include "hub/web/web_query.h"

/* "well", "ill", "silent", "unheard", "off" */
const char *web_sites_state(enum web_health health);

/* Visitors from q->query.from to to. NULL: no memory, or the database. */
struct json_object *web_sites_build(const struct web_site *w,
				    const struct web_query *q);

#endif
