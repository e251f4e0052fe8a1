/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which request of the dashboard's listener gets which answer, and who may
 * ask: the names it goes by (against DNS rebinding), same origin for whatever
 * changes something, a session or a token for whatever shows something.
 */
#ifndef STADTTOR_PORTAL_ADMIN_ADMIN_ROUTES_H
#define STADTTOR_PORTAL_ADMIN_ADMIN_ROUTES_H

#include "portal/http/conn.h"

enum admin_access {
	ADMIN_ALL,
	ADMIN_SESSION,
	ADMIN_TOKEN,	/* or a session */
	ADMIN_VOUCHERS, /* likewise, of an account that may handle codes */
	ADMIN_FULL,	/* likewise, of one that may do all */
};

/* Bits of methods. */
#define ADMIN_READING (1U << REQUEST_GET | 1U << REQUEST_HEAD)
#define ADMIN_WRITING (1U << REQUEST_POST)

/* What a site answers beside its pages and the login. */
struct admin_route {
	const char *path;
	unsigned int methods;
	enum admin_access access;
	void (*handle)(struct conn *c);
};

/* Both are for struct conns_config; arg is the struct admin_site. */
void admin_routes_on_request(struct conn *c, void *arg);
void admin_routes_on_trouble(struct conn *c, unsigned int status, void *arg);

#endif
