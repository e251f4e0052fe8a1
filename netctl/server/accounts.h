/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the portal is told of sessions that are an account's (ipc_account). */
#ifndef STADTTOR_NETCTL_SERVER_ACCOUNTS_H
#define STADTTOR_NETCTL_SERVER_ACCOUNTS_H

#include <stdint.h>

struct ipc_channel;
struct mac;
struct peer;
struct server;
struct session;

/* err: in the place of what the session is. */
void accounts_send(struct peer *to, uint32_t id, const struct session *s,
		   int err);

/* As of struct ipc_handler: IPC_ACCOUNT_ASK and IPC_ACCOUNT_CHANGE. */
void accounts_handle(struct ipc_channel *ch, const void *message, void *arg);

/* 0: the zone has no accounts. */
uint64_t accounts_pseudonym(const struct server *sv, uint16_t zone,
			    const struct mac *mac);

#endif
