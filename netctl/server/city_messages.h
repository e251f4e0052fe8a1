/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What portal and operator may ask of the city that the box is in. */
#ifndef STADTTOR_NETCTL_SERVER_CITY_MESSAGES_H
#define STADTTOR_NETCTL_SERVER_CITY_MESSAGES_H

#include <stdint.h>

struct ipc_channel;
struct peer;

/* Handlers, as of struct ipc_handler. */
void city_handle_feed(struct ipc_channel *ch, const void *message, void *arg);
void city_handle_clock(struct ipc_channel *ch, const void *message, void *arg);
void city_handle_next(struct ipc_channel *ch, const void *message, void *arg);
void city_handle_key(struct ipc_channel *ch, const void *message, void *arg);
void city_handle_ask(struct ipc_channel *ch, const void *message, void *arg);

/* IPC_CITY, where the box is in one. */
void city_send_state(struct peer *p, uint32_t id);

/* Some records made here, if there are any: the peer asks again then. */
void city_send_records(struct peer *p);

#endif
