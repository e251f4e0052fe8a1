/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * /api/parts: what a place is made of, a city of districts, these of sites, a
 * site of zones, each with its visits in a span of days and its average day by
 * the hour. A site without a district is a part of the city itself. Those with
 * most visits come first, and no more than 200 of them.
 *	{"count":12,"names":["Mitte",...],"titles":[null,...],
 *	 "kinds":["district",...],"visitors":[1200,null,...],
 *	 "visitors_bands":[6.0,...],"online":[[3.5,null,...],...],
 *	 "online_bands":[[1.1,null,...],...]}
 * count: of all; online has 24 members, hours by the hub's clock.
 */
#ifndef STADTTOR_HUB_WEB_WEB_PARTS_H
#define STADTTOR_HUB_WEB_WEB_PARTS_H

#include <json-c/json.h>

#include "hub/web/web_query.h"

/* From q->query.from to to; without them, of the four weeks up to yesterday.
 * NULL: no memory, or the database. */
struct json_object *web_parts_build(const struct web_site *w,
				    const struct web_query *q);

#endif
