/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who asks: sessions by cookie, programs by token, and how both come about.
 * Whoever guesses is made to wait.
 */
#ifndef STADTTOR_PORTAL_ADMIN_ADMIN_LOGIN_H
#define STADTTOR_PORTAL_ADMIN_ADMIN_LOGIN_H

#include "portal/admin/accounts.h"
#include "portal/http/conn.h"

/* A browser that is logged in. */
bool admin_login_has_session(struct conn *c);

/* A program with a token. false: it was answered. */
bool admin_login_check_token(struct conn *c);

/* Of a token, or of whoever is logged in; NULL: neither. Lent. */
const struct account *admin_login_account(struct conn *c);

/* Handlers of POST /login and POST /logout. */
void admin_login_take(struct conn *c);
void admin_login_take_logout(struct conn *c);

#endif
