/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which request gets which answer: the table of pages and their handlers. */
#ifndef STADTTOR_PORTAL_GUEST_ROUTES_H
#define STADTTOR_PORTAL_GUEST_ROUTES_H

#include "portal/http/conn.h"

/* Both are for struct conns_config; arg is the struct site. */
void routes_on_request(struct conn *c, void *arg);
void routes_on_trouble(struct conn *c, unsigned int status, void *arg);

#endif
