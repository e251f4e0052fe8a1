/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What people see: fills the page's context for a zone or a session and sends
 * the answer. Decides nothing. Each of these ends the connection; it may be
 * gone when they return.
 */
#ifndef STADTTOR_PORTAL_GUEST_VIEW_H
#define STADTTOR_PORTAL_GUEST_VIEW_H

#include "common/ipc.h"
#include "portal/http/conn.h"
#include "portal/pages/page.h"
#include "portal/pages/picture.h"

/* Refusals that have a page of their own. */
enum view_trouble {
	VIEW_BUSY,
	VIEW_ZONE_FULL,
	VIEW_DEVICE_UNKNOWN,
	VIEW_NOT_IN, /* there is no such page; the portal is what to look at */
};

/* What was typed, and stands in its field again; NULL: nothing. */
struct view_typed {
	const char *code, *name;
};

/* notice: what stands above the form, or at its field. typed: or NULL. */
void view_portal(struct conn *c, const char *path, enum page_notice notice,
		 const struct view_typed *typed);
void view_status(struct conn *c, const struct ipc_session *s,
		 enum page_notice notice);
void view_terms(struct conn *c);
void view_accessibility(struct conn *c);
void view_legal_notice(struct conn *c);
void view_privacy(struct conn *c);
void view_picture(struct conn *c, enum picture_kind kind);
void view_captive(struct conn *c, const struct ipc_session *s);

/* The same where netctl says nothing of the asker: no page for a program. */
void view_captive_trouble(struct conn *c);

/* fields: further header lines, or NULL. */
void view_error(struct conn *c, unsigned int status, const char *fields);
void view_trouble(struct conn *c, enum view_trouble kind);

/* To another page of ours, in the same language. */
void view_go(struct conn *c, unsigned int status, const char *path);

/* To somebody else's, after a form. url: without quotes, blanks or < and >. */
void view_leave(struct conn *c, const char *url);

/* To the portal, for those who meant somebody else. */
void view_redirect(struct conn *c);

/* To its name, which there is: that is what the certificate is for. */
void view_redirect_by_name(struct conn *c);

/* To the address that was asked for, which can be a header line's as it is. */
void view_probe_again(struct conn *c);

#endif
