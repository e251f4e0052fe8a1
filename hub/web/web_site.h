/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the handlers of the hub's listener work with. */
#ifndef STADTTOR_HUB_WEB_WEB_SITE_H
#define STADTTOR_HUB_WEB_WEB_SITE_H

#include "hub/db/city_read.h"
#include "hub/intake/poller.h"
#include "portal/admin/admin_site.h"

struct web_site {
	struct admin_site admin; /* first: the portal's handlers get it, too */
	const struct hub_conf *conf;
	const struct city_conf *city;
	const struct sites *sites;
	const struct intake *intake;
	const struct poller *poller;
	struct city_read *read;
};

enum web_health { WEB_WELL, WEB_ILL, WEB_SILENT, WEB_UNHEARD, WEB_OFF };

/* Of a site now; by the store's clock. */
enum web_health web_health_of(const struct web_site *w, const struct site *s);

#endif
