/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The way in by an account: to the provider and back. Between the two nothing
 * is kept; afterwards the code, until the provider has said what it is worth.
 */
#ifndef STADTTOR_PORTAL_GUEST_AUTH_OIDC_H
#define STADTTOR_PORTAL_GUEST_AUTH_OIDC_H

#include "portal/guest/auth.h"
#include "portal/oidc/oidc.h"

/* Where the browser goes. Else what the person is told. */
enum page_notice auth_oidc_begin(struct conn *c, const struct form *f,
				 char url[OIDC_URL_MAX]);

/*
 * What the browser brings back, in its query: none, and the credential has
 * begun. Else what the person is told.
 */
enum page_notice auth_oidc_return(struct conn *c);

/* For struct auth_method. */
void auth_oidc_judge(struct conn *c, struct credential *pass);
enum page_notice auth_oidc_refused(struct conn *c,
				   const struct credential *pass, int error);

#endif
