/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A listening TCP socket in the event loop, bound to one device. Accepts a
 * bounded number of connections a turn, and pauses where the system has no
 * room for more of them (EMFILE, ENFILE, ENOBUFS, ENOMEM in accept(2)).
 */
#ifndef STADTTOR_PORTAL_HTTP_LISTEN_H
#define STADTTOR_PORTAL_HTTP_LISTEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/addr.h"
#include "common/log.h"

/*
 * The ifindex of a device; 0: it is not there. As if_nametoindex(3), but
 * without ioctl(2): that reads hardware addresses of others, too (SIOCGARP), so
 * units and jails take it away.
 */
uint32_t listen_find_device(const char *device);

/* Lives in its owner. */
struct listen_socket {
	int fd; /* -1: closed */
	struct event event;
	struct event pause;
	/* fd: non-blocking, the callee's; peer: borrowed for the call */
	void (*on_accept)(int fd, const struct sockaddr *peer, void *arg);
	void *arg;
	const char *name;   /* in the log: "zone guest" */
	uint64_t logged_ms; /* when the log said that it pauses; 0: never */
};

/* on_accept, arg and name are the owner's to set. */
void listen_init(struct listen_socket *l, struct event_base *base);

/*
 * Listens on that address (its ifindex: scope of a link-local one) and device.
 * IPv6's any address takes IPv4, too. 0 or -errno, and then it is closed.
 */
int listen_open(struct listen_socket *l, const struct addr *address,
		uint16_t port, const char *device) MUST_CHECK;
void listen_close(struct listen_socket *l);
bool listen_is_open(const struct listen_socket *l);

#endif
