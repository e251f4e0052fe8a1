/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/admin/admin_socket.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event_struct.h>

#define ACCEPTS_PER_TURN 16
#define BACKLOG		 64
#define DEFER_S		 5 /* most come with their request, and need no place */

static const struct timeval retry_pause = { .tv_sec = 2 };
static const struct timeval accept_pause = { .tv_usec = 200000 };

/* Why it is closed; said once in the log. */
enum socket_state {
	SOCKET_NEW,
	SOCKET_OPEN,
	SOCKET_NOT_WANTED,
	SOCKET_NO_ADDRESS,
	SOCKET_GUESTS_DEVICE,
	SOCKET_FAILED,
};

struct admin_socket {
	struct admin_socket_config config;
	const struct settings *settings;
	struct addr address;
	char device[IFNAMSIZ]; /* that carries the address */
	uint32_t ifindex;
	uint16_t port;
	int fd; /* -1: closed */
	enum socket_state state;
	struct event event, retry, pause;
};

bool admin_address_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return a->family == AF_INET ? a->byte[0] == 127
				    : !memcmp(a->byte, one, sizeof(one));
}

/* --- connections ------------------------------------------------------- */

static void on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	struct admin_socket *l = arg;
	struct sockaddr_storage peer;

	(void)what;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		socklen_t len = sizeof(peer);
		int got = accept4(fd, (struct sockaddr *)&peer, &len,
				  SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (got >= 0) {
			l->config.on_accept(got, (struct sockaddr *)&peer,
					    l->config.arg);
		} else if (errno == EAGAIN) {
			return;
		} else if (errno == EMFILE || errno == ENFILE ||
			   errno == ENOBUFS || errno == ENOMEM) {
			event_del(&l->event);
			event_add(&l->pause, &accept_pause);
			return;
		}
	}
}

static void on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	struct admin_socket *l = arg;

	(void)fd;
	(void)what;
	if (l->fd >= 0)
		event_add(&l->event, NULL);
}

/* --- the device -------------------------------------------------------- */

static bool has_guests(const struct settings *s, const char *device)
{
	uint32_t ifindex = if_nametoindex(device);

	for (size_t i = 0; i < s->zones; i++)
		if (!strcmp(s->zone[i].device, device) ||
		    (ifindex && if_nametoindex(s->zone[i].device) == ifindex))
			return true;
	return false;
}

static bool carries(const struct ifaddrs *i, const struct addr *wanted)
{
	struct addr a;

	return i->ifa_addr && addr_from_sockaddr(&a, i->ifa_addr) &&
	       a.family == wanted->family &&
	       !memcmp(a.byte, wanted->byte, addr_len(wanted));
}

/* Link-local addresses may be on many devices: one without guests will do. */
static enum socket_state find_device(struct admin_socket *l)
{
	enum socket_state found = SOCKET_NO_ADDRESS;
	struct ifaddrs *all;

	if (getifaddrs(&all) < 0) {
		snprintf(l->device, sizeof(l->device), "?");
		return SOCKET_FAILED;
	}
	for (struct ifaddrs *i = all; i && found != SOCKET_OPEN;
	     i = i->ifa_next) {
		size_t len = strcspn(i->ifa_name, ":"); /* br-lan:1 */

		if (!carries(i, &l->address) || len >= sizeof(l->device))
			continue;
		memset(l->device, 0, sizeof(l->device));
		memcpy(l->device, i->ifa_name, len);
		found = has_guests(l->settings, l->device)
				? SOCKET_GUESTS_DEVICE
				: SOCKET_OPEN;
	}
	freeifaddrs(all);
	l->ifindex = if_nametoindex(l->device);
	return found;
}

/* --- the socket -------------------------------------------------------- */

static int socket_bind(const struct admin_socket *l, int fd)
{
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(l->port),
	};
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(l->port),
	};
	int on = 1;

	if (l->address.family == AF_INET) {
		memcpy(&sin.sin_addr, l->address.byte, sizeof(sin.sin_addr));
		return bind(fd, (struct sockaddr *)&sin, sizeof(sin));
	}
	memcpy(&sin6.sin6_addr, l->address.byte, sizeof(sin6.sin6_addr));
	if (IN6_IS_ADDR_LINKLOCAL(&sin6.sin6_addr))
		sin6.sin6_scope_id = l->ifindex;
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return -1;
	return bind(fd, (struct sockaddr *)&sin6, sizeof(sin6));
}

/* The fd or -errno. */
static int socket_open(const struct admin_socket *l)
{
	int on = 1;
	int defer_s = DEFER_S;
	int fd = socket(l->address.family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, l->device,
		       (socklen_t)strlen(l->device) + 1) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer_s,
		       sizeof(defer_s)) == 0 &&
	    socket_bind(l, fd) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static void socket_close(struct admin_socket *l)
{
	event_del(&l->retry);
	if (l->fd < 0)
		return;
	event_del(&l->event);
	event_del(&l->pause);
	close(l->fd);
	l->fd = -1;
}

/* --- state ------------------------------------------------------------- */

static void say(const struct admin_socket *l, int err)
{
	switch (l->state) {
	case SOCKET_OPEN:
		log_info("admin: listening on %s, port %u%s", l->device,
			 l->port,
			 *l->settings->admin.certificate ? " with TLS" : "");
		if (!*l->settings->admin.certificate &&
		    !admin_address_is_loopback(&l->address))
			log_warn(
				"admin: passwords and figures pass unencrypted "
				"there: a certificate is missing");
		return;
	case SOCKET_NO_ADDRESS:
		log_warn("admin: no device has the address of the config; "
			 "trying again");
		return;
	case SOCKET_GUESTS_DEVICE:
		log_error("admin: the address of the config is on %s, a guest "
			  "zone's device; not listening there",
			  l->device);
		return;
	case SOCKET_FAILED:
		log_warn("admin: port %u on %s: %s; trying again", l->port,
			 l->device, strerror(-err));
		return;
	case SOCKET_NEW:
	case SOCKET_NOT_WANTED:
		return;
	}
}

static void enter(struct admin_socket *l, enum socket_state next, int err)
{
	bool is_news = l->state != next;

	l->state = next;
	if (is_news)
		say(l, err);
	if (next != SOCKET_OPEN && next != SOCKET_NOT_WANTED)
		event_add(&l->retry, &retry_pause);
}

static void try_to_open(struct admin_socket *l)
{
	enum socket_state found = find_device(l);
	int fd = found == SOCKET_FAILED ? -errno : 0;

	if (found != SOCKET_OPEN) {
		enter(l, found, fd);
		return;
	}
	fd = socket_open(l);
	if (fd < 0) {
		enter(l, SOCKET_FAILED, fd);
		return;
	}
	l->fd = fd;
	event_assign(&l->event, l->config.base, fd, EV_READ | EV_PERSIST,
		     on_acceptable, l);
	event_add(&l->event, NULL);
	enter(l, SOCKET_OPEN, 0);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	try_to_open(arg);
}

/* --- life -------------------------------------------------------------- */

struct admin_socket *admin_socket_new(const struct admin_socket_config *config)
{
	struct admin_socket *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->config = *config;
	l->fd = -1;
	evtimer_assign(&l->retry, config->base, on_retry, l);
	evtimer_assign(&l->pause, config->base, on_pause_over, l);
	return l;
}

void admin_socket_apply(struct admin_socket *l, const struct settings *s,
			bool is_wanted)
{
	const struct admin_settings *a = &s->admin;
	struct addr address = { .family = AF_UNSPEC };
	bool is_same;

	addr_parse(&address, a->address);
	is_same = l->port == a->port && addr_equal(&address, &l->address);
	l->settings = s;
	l->address = address;
	l->port = (uint16_t)a->port;
	if (is_wanted && is_same && l->fd >= 0 && !has_guests(s, l->device)) {
		admin_socket_check(l);
		return;
	}
	socket_close(l);
	l->state = SOCKET_NEW; /* a reload hears again what is wrong */
	if (is_wanted)
		try_to_open(l);
	else
		enter(l, SOCKET_NOT_WANTED, 0);
}

void admin_socket_check(struct admin_socket *l)
{
	if (l->state == SOCKET_NEW || l->state == SOCKET_NOT_WANTED)
		return;
	if (l->fd >= 0 && if_nametoindex(l->device) == l->ifindex)
		return;
	if (l->fd >= 0) {
		log_info("admin: %s is gone", l->device);
		l->state = SOCKET_NEW;
	}
	socket_close(l);
	try_to_open(l);
}

void admin_socket_free(struct admin_socket *l)
{
	if (!l)
		return;
	socket_close(l);
	free(l);
}
