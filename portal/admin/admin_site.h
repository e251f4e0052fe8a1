/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the handlers of the dashboard's listener work with. Nearly all of it is
 * lent by the portal and replaced at a reload.
 */
#ifndef STADTTOR_PORTAL_ADMIN_ADMIN_SITE_H
#define STADTTOR_PORTAL_ADMIN_ADMIN_SITE_H

#include "common/config/settings.h"
#include "portal/admin/accounts.h"
#include "portal/admin/admin_session.h"
#include "portal/admin/asset.h"
#include "portal/admin/lockout.h"
#include "portal/admin/metrics.h"
#include "portal/city/city.h"
#include "portal/http/conn.h"
#include "portal/netctl_client.h"
#include "portal/store/store.h"

struct admin_route;
struct history;
struct oidc;
struct vouchers;

struct admin_site {
	const struct admin_route *api; /* beside pages and login */
	size_t api_routes;
	const struct settings *settings;
	const struct accounts *accounts; /* NULL: none can be read */
	const struct asset_set *assets;
	struct netctl_client *netctl;
	const struct city *city;   /* NULL: in none */
	struct oidc *oidc;	   /* NULL: no zone asks for accounts */
	struct store *store;	   /* NULL: not opened yet */
	struct history *history;   /* NULL: none is kept */
	struct vouchers *vouchers; /* NULL: no zone asks for codes */
	const struct conns *operators;
	uint64_t generation; /* configs taken over */
	/* when it ends, seconds since 1970; 0: there is none */
	int64_t certificate_end_s[METRICS_CERTIFICATES];
	bool is_reload_refused; /* the last one, or what was tried at the start
				 */

	/* its own */
	struct admin_sessions *sessions;
	struct lockout *lockout;
	struct addr address; /* listened on */
	bool is_loopback;
	bool is_secure;
	uint64_t since_ms;
	uint64_t token_said_ms;	 /* unknown tokens, in the log */
	uint64_t netlink_errors; /* of the last look at netctl's health */
	uint64_t netlink_grew_ms;
};

#endif
