/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What people see: fills the pages' holes with a zone's or a session's
 * figures and sends the answer. Decides nothing. Each of these ends the
 * connection; it may be gone when they return.
 */
#ifndef STADTTOR_PORTAL_VIEW_H
#define STADTTOR_PORTAL_VIEW_H

#include "portal/conn.h"
#include "portal/origin.h"
#include "portal/page.h"

/* What all answers are made of; conn_arg() of every connection. */
struct site {
	const struct portal_settings *settings;
	struct page_set *pages;
	struct gate *gate;
	struct origin origin;
};

/* The kinds of 503 that have a page of their own. */
enum view_trouble {
	VIEW_BY_STATUS, /* the text of the status */
	VIEW_ZONE_FULL,
	VIEW_DEVICE_UNKNOWN,
};

/* notice: the key of a text that stands above the form, or NULL. */
void view_portal(struct conn *c, const char *path, const char *notice);
void view_status(struct conn *c, const struct ipc_session *s);
void view_terms(struct conn *c);

/* fields: further header lines, or NULL. */
void view_error(struct conn *c, unsigned int status, const char *fields);
void view_trouble(struct conn *c, enum view_trouble kind);

/* To another page of ours, in the same language. */
void view_go(struct conn *c, unsigned int status, const char *path);

/* To the portal, for those who meant somebody else. */
void view_redirect(struct conn *c);

#endif
