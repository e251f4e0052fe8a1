/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a way in is, and what ways in share: each has a form on the portal page
 * and judges what comes back; netctl has the last word on every limit.
 */
#ifndef STADTTOR_PORTAL_GUEST_AUTH_H
#define STADTTOR_PORTAL_GUEST_AUTH_H

#include "portal/guest/credential.h"
#include "portal/http/form.h"
#include "portal/pages/page.h"

struct conn;

struct auth_method {
	const char *name; /* its form's field "way" */
	/*
	 * None: nothing is missing in the form, pass begins with what it says.
	 * Else what tells the person what is.
	 */
	enum page_notice (*check)(struct conn *c, const struct form *f,
				  struct credential *pass);
	/*
	 * The method has a secret that can be guessed: netctl counts the
	 * device's attempt, and then this judges it by auth_answer(), at once
	 * or after auth_wait(). pass, of the connection, says then what to ask
	 * netctl for. NULL: check is all.
	 */
	void (*judge)(struct conn *c, struct credential *pass);
	/* netctl has refused the pass; what is to be said about it */
	enum page_notice (*refused)(struct conn *c,
				    const struct credential *pass, int error);
};

/*
 * For a method that judges: auth_answer() comes later. Where the connection
 * ends before, or the time, withdraw(arg) is called instead, once; pass is gone
 * when it returns. false: too many wait already, and nothing is called.
 */
bool auth_wait(struct conn *c, void (*withdraw)(void *arg),
	       void *arg) MUST_CHECK;

/*
 * What the method makes of the pass. None: netctl is asked for what it says;
 * else it is what the person is told. c may be gone when it returns.
 */
void auth_answer(struct conn *c, enum page_notice notice);

/* For auth_waits_init(): the method has not answered. */
void auth_on_late(struct conn *c);

/* An empty credential for the terms in force. */
void auth_begin(struct conn *c, struct credential *pass);

/* What the form says of the terms; none: it accepts those in force. */
enum page_notice auth_check_terms(struct conn *c, const struct form *f);

/* Whether the form accepts the terms that are in force. */
bool auth_accepts_terms(struct conn *c, const struct form *f);

#endif
