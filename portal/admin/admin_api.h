/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What programs ask for: figures of use, the state of the gate, metrics. The
 * handlers are for the table of routes; whoever gets here may see it all.
 */
#ifndef STADTTOR_PORTAL_ADMIN_ADMIN_API_H
#define STADTTOR_PORTAL_ADMIN_ADMIN_API_H

#include "portal/http/conn.h"

void admin_api_usage(struct conn *c);
void admin_api_now(struct conn *c);
void admin_api_metrics(struct conn *c);

/*
 * For struct conns_config, whose user is a struct netctl_request: withdraws
 * the question that a handler has asked.
 */
void admin_api_on_close(void *user);

#endif
