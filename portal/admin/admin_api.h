/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What programs ask for: figures of use, the state of the gate, metrics. The
 * handlers are for the table of routes; whoever gets here may see it all.
 */
#ifndef STADTTOR_PORTAL_ADMIN_ADMIN_API_H
#define STADTTOR_PORTAL_ADMIN_ADMIN_API_H

#include "portal/admin/admin_routes.h"

extern const struct admin_route admin_api_routes[];
extern const size_t admin_api_count;

/*
 * For struct conns_config, whose user is a struct netctl_request: withdraws
 * the question that a handler has asked.
 */
void admin_api_on_close(void *user);

#endif
