/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ways in, as a table: each zone has one. It has a form on the portal page
 * and judges what comes back; netctl has the last word on every limit.
 */
#ifndef STADTTOR_PORTAL_GUEST_AUTH_H
#define STADTTOR_PORTAL_GUEST_AUTH_H

#include "portal/guest/credential.h"
#include "portal/http/form.h"

struct conn;

struct auth_method {
	/*
	 * NULL: nothing is missing in the form, pass begins with what it says.
	 * Else the key of the text that tells the person what is.
	 */
	const char *(*check)(struct conn *c, const struct form *f,
			     struct credential *pass);
	/*
	 * The method has a secret that can be guessed: netctl counts the
	 * device's attempt, and then this judges it. NULL: fine, pass says
	 * what to ask netctl for. Else the key of a text. NULL: check is all.
	 */
	const char *(*judge)(struct conn *c, struct credential *pass);
	/* netctl has refused the pass; the key of a text about it, or NULL */
	const char *(*refused)(struct conn *c, const struct credential *pass,
			       int error);
};

/* auth: enum zone_auth */
const struct auth_method *auth_method(uint64_t auth);

/* An empty pass for the terms that are in force. */
void auth_begin(struct conn *c, struct credential *pass);

/* Whether the form accepts the terms that are in force. */
bool auth_accepts_terms(struct conn *c, const struct form *f);

#endif
