/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session as netctl tells it, with its addresses if they were asked for. */
#ifndef STADTTOR_CLI_SESSION_VIEW_H
#define STADTTOR_CLI_SESSION_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "common/ipc.h"

#define SESSION_ADDRESSES 32 /* of one device; more are not shown */

struct json_object;
struct table;

struct session_view {
	struct ipc_session session;
	struct mac mac;
	bool has_mac;
	struct addr ip[SESSION_ADDRESSES];
	size_t ips;
};

struct session_list {
	struct session_view *view;
	size_t count;
	size_t room;
};

/* -ENOMEM or 0. The zone's name is closed with a NUL whatever was sent. */
int session_list_add(struct session_list *l, const struct ipc_session *s);

/* Belongs to the session added last; ignored without one. */
void session_list_add_address(struct session_list *l,
			      const struct ipc_address *a);
void session_list_clear(struct session_list *l);

struct json_object *session_to_json(const struct session_view *v,
				    bool show_addresses);

/* Prints a table with a line for each. 0 or -ENOMEM. */
int session_list_print(const struct session_list *l, bool show_addresses);

#endif
