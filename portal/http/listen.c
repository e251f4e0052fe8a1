/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/http/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "portal/util/bind.h"

#define ACCEPTS_PER_TURN 64
#define BACKLOG		 4096
#define DEFER_S		 5 /* most come with their request, and need no place */

#define SAY_AGAIN_MS 60000

static const struct timeval accept_pause = { .tv_usec = 100000 };

/* --- devices ----------------------------------------------------------- */

uint32_t listen_find_device(const char *device)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ifindex = 0;
	socklen_t len = sizeof(ifindex);

	if (fd < 0)
		return 0;
	if (bind_to_device(fd, device) ||
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

static int prepare(int fd, const struct addr *a, uint16_t port,
		   const char *device)
{
	int on = 1;
	int defer_s = DEFER_S;
	int err = bind_to_device(fd, device);

	if (err)
		return err;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer_s,
		       sizeof(defer_s)) < 0)
		return -errno;
	err = bind_to_address(fd, a, port);
	if (err)
		return err;
	return listen(fd, BACKLOG) < 0 ? -errno : 0;
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
	err = prepare(fd, address, port, device);
	if (err) {
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
