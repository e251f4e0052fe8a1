/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the provider of accounts tells that somebody has logged out there
 * (OpenID Connect Back-Channel Logout 1.0). It is here since providers are
 * where operators are, and never among guests.
 */
#ifndef STADTTOR_PORTAL_ADMIN_ADMIN_LOGOUT_H
#define STADTTOR_PORTAL_ADMIN_ADMIN_LOGOUT_H

struct conn;

void admin_logout_take(struct conn *c);

#endif
