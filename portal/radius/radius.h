/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The accounts of one section `config radius`: who is let in. Knows no page, no
 * connection and no netctl.
 */
#ifndef STADTTOR_PORTAL_RADIUS_RADIUS_H
#define STADTTOR_PORTAL_RADIUS_RADIUS_H

#include "common/config/settings.h"
#include "portal/radius/radius_account.h"

struct event_base;
struct radius;
struct radius_attempt;

#define RADIUS_ERROR_MAX 300

/* Reads the files that it names. NULL: error says what is wrong. */
struct radius *radius_new(struct event_base *base,
			  const struct radius_settings *s,
			  char error[RADIUS_ERROR_MAX]) MUST_CHECK;

/* Whoever waits is told RADIUS_UNAVAILABLE. */
void radius_free(struct radius *r);

enum radius_verdict {
	RADIUS_ACCEPTED,
	RADIUS_REFUSED, /* also where more is asked than a password */
	RADIUS_UNAVAILABLE,
};

/* The account is the callee's from now on; NULL where it is not accepted. */
typedef void radius_login_fn(enum radius_verdict verdict,
			     struct radius_account *account, void *arg);

/*
 * Asks the servers; name and password are not kept. NULL: it cannot be asked,
 * and nothing is called.
 */
struct radius_attempt *radius_log_in(struct radius *r,
				     const struct radius_login *l,
				     radius_login_fn *on_login,
				     void *arg) MUST_CHECK;
void radius_attempt_cancel(struct radius_attempt *a);

#endif
