/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/http/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"

#define ACCEPTS_PER_TURN 64
#define BACKLOG		 4096
#define DEFER_S		 5 /* most come with their request, and need no place */

#define SAY_AGAIN_MS 60000

static const struct timeval accept_pause = { .tv_usec = 100000 };

/* --- devices ----------------------------------------------------------- */

static int bind_to_device(int fd, const char *device)
{
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device,
			  (socklen_t)strlen(device) + 1);
}

uint32_t listen_find_device(const char *device)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ifindex = 0;
	socklen_t len = sizeof(ifindex);

	if (fd < 0)
		return 0;
	if (bind_to_device(fd, device) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &ifindex, &len) < 0)
		ifindex = 0;
	close(fd);
	return (uint32_t)ifindex;
}

/* --- connections ------------------------------------------------------- */

/* Nothing is lost by waiting: accept() works again when others are done. */
static void pause_accepting(struct listen_socket *l)
{
	if (!l->logged_ms || clock_ms() - l->logged_ms > SAY_AGAIN_MS) {
		log_warn("%s: accept: %s", l->name, strerror(errno));
		l->logged_ms = clock_ms();
	}
	event_del(&l->event);
	event_add(&l->pause, &accept_pause);
}

static void on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	struct listen_socket *l = arg;

	(void)fd;
	(void)what;
	event_add(&l->event, NULL);
}

/* false: there is none left, or no room for it. */
static bool accept_one(struct listen_socket *l)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	int fd = accept4(l->fd, (struct sockaddr *)&peer, &len,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		l->on_accept(fd, (struct sockaddr *)&peer, l->arg);
		return l->fd >= 0;
	}
	if (errno == EAGAIN)
		return false;
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
	    errno == ENOMEM) {
		pause_accepting(l);
		return false;
	}
	return true; /* that one is gone already (accept(2)) */
}

static void on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	struct listen_socket *l = arg;

	(void)fd;
	(void)what;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++)
		if (!accept_one(l))
			break;
}

/* --- the socket -------------------------------------------------------- */

static int bind_ipv6(int fd, const struct addr *a, uint16_t port)
{
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	int is_only;

	memcpy(&sin6.sin6_addr, a->byte, sizeof(sin6.sin6_addr));
	if (IN6_IS_ADDR_LINKLOCAL(&sin6.sin6_addr))
		sin6.sin6_scope_id = a->ifindex;
	is_only = !IN6_IS_ADDR_UNSPECIFIED(&sin6.sin6_addr);
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &is_only,
		       sizeof(is_only)) < 0)
		return -1;
	return bind(fd, (struct sockaddr *)&sin6, sizeof(sin6));
}

static int bind_ipv4(int fd, const struct addr *a, uint16_t port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};

	memcpy(&sin.sin_addr, a->byte, sizeof(sin.sin_addr));
	return bind(fd, (struct sockaddr *)&sin, sizeof(sin));
}

static int prepare(int fd, const struct addr *a, uint16_t port,
		   const char *device)
{
	int on = 1;
	int defer_s = DEFER_S;

	if (bind_to_device(fd, device) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer_s,
		       sizeof(defer_s)) < 0)
		return -1;
	if ((a->family == AF_INET ? bind_ipv4(fd, a, port)
				  : bind_ipv6(fd, a, port)) < 0)
		return -1;
	return listen(fd, BACKLOG);
}

void listen_init(struct listen_socket *l, struct event_base *base)
{
	l->fd = -1;
	evtimer_assign(&l->pause, base, on_pause_over, l);
}

int listen_open(struct listen_socket *l, const struct addr *address,
		uint16_t port, const char *device)
{
	int fd = socket(address->family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	if (prepare(fd, address, port, device) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	l->fd = fd;
	event_assign(&l->event, event_get_base(&l->pause), fd,
		     EV_READ | EV_PERSIST, on_acceptable, l);
	event_add(&l->event, NULL);
	return 0;
}

void listen_close(struct listen_socket *l)
{
	if (l->fd < 0)
		return;
	event_del(&l->event);
	event_del(&l->pause);
	close(l->fd);
	l->fd = -1;
}

bool listen_is_open(const struct listen_socket *l)
{
	return l->fd >= 0;
}
