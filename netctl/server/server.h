/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers the portal, the operator and, where the box has one, the program that
 * reports what its resolver and access points say. The portal is trusted no
 * more than a guest: messages are checked by the channel, addresses are
 * resolved and limits clamped by the controller, and each connection has a
 * budget. The program of events is believed no more: it can open what the
 * garden's names may lead to, and say that a device has gone.
 */
#ifndef STADTTOR_NETCTL_SERVER_SERVER_H
#define STADTTOR_NETCTL_SERVER_SERVER_H

#include "common/privs.h"

struct controller;
struct event_base;
struct server;

/* Who is who. Events whose uid is root's, or one of the others', are none. */
struct server_users {
	struct privs_user owner, portal, events;
	bool has_events;
};

/*
 * Opens the socket and serves it.
 * NULL: said in the log why; -EADDRINUSE in errno where another netctl runs.
 * Must run before privileges are dropped. Registers with the controller.
 */
struct server *server_new(struct event_base *base, struct controller *c,
			  const struct server_users *users);
void server_free(struct server *sv);

#endif
