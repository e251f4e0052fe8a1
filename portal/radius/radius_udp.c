/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/radius/radius_link.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "portal/radius/radius_packet.h"

#define READS_PER_TURN 64

struct radius_udp {
	struct radius_link link;
	struct radius_link_config config;
	int fd; /* connected, so that only the server is heard; -1: none */
	struct event event;
};

socklen_t radius_link_sockaddr(const struct radius_link_config *c,
			       struct sockaddr_storage *ss)
{
	struct sockaddr_in *in = (void *)ss;
	struct sockaddr_in6 *in6 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = c->address.family;
	if (c->address.family == AF_INET) {
		in->sin_port = htons(c->port);
		memcpy(&in->sin_addr, c->address.byte, sizeof(in->sin_addr));
		return sizeof(*in);
	}
	in6->sin6_port = htons(c->port);
	memcpy(&in6->sin6_addr, c->address.byte, sizeof(in6->sin6_addr));
	return sizeof(*in6);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	static uint8_t bytes[RADIUS_PACKET_MAX];
	struct radius_udp *u = arg;

	(void)what;
	for (int i = 0; i < READS_PER_TURN && u->fd == fd; i++) {
		ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (n < 0)
			break;
		u->config.on_packet(bytes, (size_t)n, u->config.arg);
	}
	explicit_bzero(bytes, sizeof(bytes)); /* they name people */
}

static void open_socket(struct radius_udp *u)
{
	struct sockaddr_storage ss;
	socklen_t len = radius_link_sockaddr(&u->config, &ss);
	int fd = socket(u->config.address.family,
			SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return;
	if (connect(fd, (struct sockaddr *)&ss, len) < 0) {
		close(fd);
		return;
	}
	u->fd = fd;
	event_assign(&u->event, u->config.base, fd, EV_READ | EV_PERSIST,
		     on_readable, u);
	event_add(&u->event, NULL);
}

static bool udp_send(struct radius_link *l, const uint8_t *bytes, size_t len)
{
	struct radius_udp *u = (void *)l;

	if (u->fd < 0)
		open_socket(u);
	return u->fd >= 0 && send(u->fd, bytes, len, MSG_DONTWAIT) >= 0;
}

/* The next one may have another address, and has another port. */
static void udp_close(struct radius_link *l)
{
	struct radius_udp *u = (void *)l;

	if (u->fd < 0)
		return;
	event_del(&u->event);
	close(u->fd);
	u->fd = -1;
}

static void udp_free(struct radius_link *l)
{
	udp_close(l);
	free(l);
}

static const struct radius_link_kind udp = { udp_send, udp_close, udp_free,
					     false };

struct radius_link *radius_udp_new(const struct radius_link_config *config)
{
	struct radius_udp *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->link.kind = &udp;
	u->config = *config;
	u->fd = -1;
	return &u->link;
}
