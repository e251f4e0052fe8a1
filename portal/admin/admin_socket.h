/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where operators connect. The kernel takes a packet for any address of this
 * box on any device, so the socket is bound to the device that carries the
 * address, and never opened where that is a guest zone's: guests cannot reach
 * it by any address. Which device that is netctl tells; a loopback address is
 * on lo. While it cannot be opened it is tried every two seconds.
 */
#ifndef STADTTOR_PORTAL_ADMIN_ADMIN_SOCKET_H
#define STADTTOR_PORTAL_ADMIN_ADMIN_SOCKET_H

#include <event2/event.h>

#include "common/config/settings.h"

struct admin_socket;
struct netctl_client;

struct admin_socket_config {
	struct event_base *base;
	struct netctl_client *netctl; /* lent, as long as the socket lives */
	/* a fresh non-blocking socket; the callee owns it */
	void (*on_accept)(int fd, const struct sockaddr *peer, void *arg);
	void *arg;
};

struct admin_socket *admin_socket_new(const struct admin_socket_config *config);

/* s: borrowed until the next call. is_wanted: false closes it. */
void admin_socket_apply(struct admin_socket *l, const struct settings *s,
			bool is_wanted);

/* Devices or addresses have changed: is ours still what it was? */
void admin_socket_check(struct admin_socket *l);
void admin_socket_free(struct admin_socket *l);

/* Whether the address is one that only this box itself reaches. */
bool admin_address_is_loopback(const struct addr *a);

#endif
