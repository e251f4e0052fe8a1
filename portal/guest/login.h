/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A login that has come back from the provider, until the code is judged. */
#ifndef STADTTOR_PORTAL_GUEST_LOGIN_H
#define STADTTOR_PORTAL_GUEST_LOGIN_H

#include "portal/oidc/oidc.h"

struct conn;

struct login {
	struct conn *conn;
	struct oidc_state state;
	struct oidc_login *under_way; /* NULL: not yet, or over */
	char code[OIDC_CODE_MAX];
};

/* arg: struct login. Nobody waits for the answer any more. */
void login_withdraw(void *arg);

/* NULL is fine. */
void login_free(struct login *l);

#endif
