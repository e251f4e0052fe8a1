/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Name and password, which servers judge: a row of the table of ways in. */
#ifndef STADTTOR_PORTAL_GUEST_AUTH_RADIUS_H
#define STADTTOR_PORTAL_GUEST_AUTH_RADIUS_H

#include "portal/guest/auth.h"

/* As of struct auth_method. */
enum page_notice auth_radius_check(struct conn *c, const struct form *f,
				   struct credential *pass);
void auth_radius_judge(struct conn *c, struct credential *pass);
enum page_notice auth_radius_refused(struct conn *c,
				     const struct credential *pass, int error);

/* netctl has let somebody in, perhaps by an account. */
void auth_radius_begin(struct conn *c, struct credential *pass,
		       const struct ipc_session *s);

#endif
