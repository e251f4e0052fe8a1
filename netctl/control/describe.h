/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The controller's state as messages. Each fills in all but the header. */
#ifndef STADTTOR_NETCTL_CONTROL_DESCRIBE_H
#define STADTTOR_NETCTL_CONTROL_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/ipc.h"

struct controller;
struct session;

/* m is zeroed before. is_for_portal: nothing about single people. */
void describe_session(const struct controller *c, const struct session *s,
		      struct ipc_session *m);

/* Where a device is that has no session. */
void describe_place(const struct controller *c, uint16_t zone,
		    struct ipc_session *m);

/* A session that is an account's. */
void describe_account(const struct controller *c, const struct session *s,
		      struct ipc_account *m);
void describe_zone(const struct controller *c, size_t i, bool is_for_portal,
		   struct ipc_zone *m);
void describe_health(const struct controller *c, bool is_for_portal,
		     struct ipc_health *m);

/* The header is kept. */
void describe_totals(const struct controller *c, struct ipc_totals *m);

#endif
