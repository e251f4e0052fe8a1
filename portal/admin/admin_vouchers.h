/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Codes in the dashboard: listed, made and taken back, as `stadttor voucher`
 * does it, by accounts that may. The routes' table says who that is.
 */
#ifndef STADTTOR_PORTAL_ADMIN_ADMIN_VOUCHERS_H
#define STADTTOR_PORTAL_ADMIN_ADMIN_VOUCHERS_H

#include "portal/http/conn.h"

/* Bounds for what a browser asks for; the command line has none of them. */
#define ADMIN_VOUCHERS_AT_ONCE 500
#define ADMIN_VOUCHERS_IN_ALL  20000

void admin_vouchers_list(struct conn *c);

/* The codes are told this once: the disk has their hashes. */
void admin_vouchers_create(struct conn *c);

/* A whole batch; who is online by its codes is so no longer. */
void admin_vouchers_revoke(struct conn *c);

#endif
