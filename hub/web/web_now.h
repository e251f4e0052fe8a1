/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * /api/now of the hub: what the portal's dashboard asks of a box, answered for
 * a city or one of its sites, with "city" beside it:
 *	"city":{"name":"...","sites":3,"well":2,"ill":0,"silent":1,
 *		"unheard":0,"off":0}
 */
#ifndef STADTTOR_HUB_WEB_WEB_NOW_H
#define STADTTOR_HUB_WEB_WEB_NOW_H

#include <json-c/json.h>

#include "hub/web/web_query.h"

struct json_object *web_now_build(struct web_site *w,
				  const struct web_query *q);

#endif
