/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers the portal and the operator on the socket. What the portal says is
 * believed as little as what a citizen says: messages are checked by the
 * channel, addresses are resolved and limits clamped by the gate, and each
 * connection has a budget.
 */
#ifndef STADTTOR_SERVER_H
#define STADTTOR_SERVER_H

#include "common/privs.h"
#include "netctl/gate.h"

struct server;

/*
 * Binds the socket (mode 0660, owner's user, portal's group) and serves it.
 * NULL: said in the log why; -EADDRINUSE in errno where another netctl runs.
 * Must run before privileges are dropped. Registers with the gate.
 */
struct server *server_new(struct gate *g, const struct privs_user *owner,
			  const struct privs_user *portal);
void server_free(struct server *sv);

#endif
