/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/http/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"

#define ACCEPTS_PER_TURN 64
#define BACKLOG		 4096
#define DEFER_S		 5
#define SAY_AGAIN_MS	 60000

struct listeners {
	struct listeners_config config;
	TAILQ_HEAD(, zone) zones;
	struct event watch;
	bool is_watching;
};

static const struct timeval watch_pause = { .tv_sec = 2 };

static const char *const kind_name[LISTENER_KINDS] = {
	[LISTENER_HIJACK] = "hijack",
	[LISTENER_HTTP] = "http",
	[LISTENER_HTTPS] = "https",
};

/* --- one socket -------------------------------------------------------- */

/* Nothing is lost by waiting: accept() works again when others are done. */
static void pause_accepting(struct listener *l)
{
	static const struct timeval pause = { .tv_usec = 100000 };

	if (!l->said_ms || clock_ms() - l->said_ms > SAY_AGAIN_MS) {
		log_warn("zone %s: accept: %s", l->zone->name, strerror(errno));
		l->said_ms = clock_ms();
	}
	event_del(&l->event);
	event_add(&l->pause, &pause);
}

static void on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;

	(void)fd;
	(void)what;
	event_add(&l->event, NULL);
}

/* false: nothing more to accept now. */
static bool listener_accept(struct listener *l)
{
	struct listeners *ls = l->zone->owner;
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	struct accepted a = {
		.zone = l->zone,
		.kind = l->kind,
		.peer = (struct sockaddr *)&peer,
	};

	a.fd = accept4(l->fd, (struct sockaddr *)&peer, &len,
		       SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (a.fd >= 0) {
		ls->config.on_accept(&a, ls->config.arg);
		return true;
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
	struct listener *l = arg;

	(void)fd;
	(void)what;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++)
		if (!listener_accept(l))
			break;
}

static int socket_bind(int fd, int family, uint16_t port)
{
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	int off = 0;

	if (family == AF_INET)
		return bind(fd, (struct sockaddr *)&sin, sizeof(sin));
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0)
		return -1;
	return bind(fd, (struct sockaddr *)&sin6, sizeof(sin6));
}

static int socket_open(int family, const char *device, uint16_t port)
{
	int on = 1;
	int defer_s = DEFER_S;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device,
		       (socklen_t)strlen(device) + 1) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer_s,
		       sizeof(defer_s)) < 0 ||
	    socket_bind(fd, family, port) < 0 || listen(fd, BACKLOG) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static void listener_close(struct listener *l)
{
	if (l->fd < 0)
		return;
	event_del(&l->event);
	event_del(&l->pause);
	close(l->fd);
	l->fd = -1;
}

static int listener_open(struct listener *l)
{
	struct event_base *base = l->zone->owner->config.base;

	l->fd = socket_open(AF_INET6, l->zone->device, l->port);
	if (l->fd == -EAFNOSUPPORT || l->fd == -EADDRNOTAVAIL)
		l->fd = socket_open(AF_INET, l->zone->device, l->port);
	if (l->fd < 0) {
		int err = l->fd;

		l->fd = -1;
		return err;
	}
	event_assign(&l->event, base, l->fd, EV_READ | EV_PERSIST,
		     on_acceptable, l);
	evtimer_assign(&l->pause, base, on_pause_over, l);
	event_add(&l->event, NULL);
	return 0;
}

/* --- a zone ------------------------------------------------------------ */

static void zone_close(struct zone *z)
{
	for (int k = 0; k < LISTENER_KINDS; k++)
		listener_close(&z->listener[k]);
}

static void zone_trouble(struct zone *z, enum listener_kind kind, int err)
{
	if (!z->is_troubled)
		log_warn("zone %s: %s port %u on %s: %s; trying again", z->name,
			 kind_name[kind], z->listener[kind].port, z->device,
			 strerror(-err));
	z->is_troubled = true;
}

/* false: some socket is still closed. */
static bool zone_open(struct zone *z)
{
	bool opened = false;

	if (!z->ifindex)
		return false;
	for (int k = 0; k < LISTENER_KINDS; k++) {
		struct listener *l = &z->listener[k];
		int err;

		if (l->fd >= 0 || !l->port)
			continue;
		err = listener_open(l);
		if (err) {
			zone_trouble(z, (enum listener_kind)k, err);
			return false;
		}
		opened = true;
	}
	if (opened)
		log_info("zone %s: listening on %s", z->name, z->device);
	z->is_troubled = false;
	return true;
}

static void zone_set_ifindex(struct zone *z, uint32_t ifindex)
{
	if (z->ifindex != ifindex) {
		zone_close(z);
		if (!ifindex)
			log_info("zone %s: %s is not there", z->name,
				 z->device);
		z->ifindex = ifindex;
	}
}

static bool zone_is_open(const struct zone *z)
{
	for (int k = 0; k < LISTENER_KINDS; k++)
		if (z->listener[k].port && z->listener[k].fd < 0)
			return false;
	return true;
}

static void zone_set_port(struct zone *z, enum listener_kind kind,
			  uint64_t port)
{
	struct listener *l = &z->listener[kind];

	if (l->port == port)
		return;
	listener_close(l);
	l->port = (uint16_t)port;
}

static void zone_apply(struct zone *z, const struct settings *s, size_t index)
{
	const struct zone_settings *zs = &s->zone[index];
	const struct portal_settings *p = &s->portal;

	z->index = index;
	if (strcmp(z->device, zs->device)) {
		zone_close(z);
		memcpy(z->device, zs->device, sizeof(z->device));
		z->ifindex = if_nametoindex(z->device);
	}
	zone_set_port(z, LISTENER_HIJACK, p->hijack_port);
	zone_set_port(z, LISTENER_HTTP, p->http_port);
	zone_set_port(z, LISTENER_HTTPS, *p->certificate ? p->https_port : 0);
}

/* --- all of them ------------------------------------------------------- */

static struct zone *find(struct listeners *ls, const char *name)
{
	struct zone *z;

	TAILQ_FOREACH (z, &ls->zones, next)
		if (!strcmp(z->name, name))
			return z;
	return NULL;
}

static void watch_if_needed(struct listeners *ls)
{
	bool is_needed = ls->is_watching;
	struct zone *z;

	TAILQ_FOREACH (z, &ls->zones, next)
		is_needed |= !zone_is_open(z);
	if (is_needed)
		event_add(&ls->watch, &watch_pause);
}

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct listeners *ls = arg;
	struct zone *z;

	(void)fd;
	(void)what;
	TAILQ_FOREACH (z, &ls->zones, next) {
		zone_set_ifindex(z, if_nametoindex(z->device));
		zone_open(z);
	}
	watch_if_needed(ls);
}

struct listeners *listeners_new(const struct listeners_config *config)
{
	struct listeners *ls = calloc(1, sizeof(*ls));

	if (!ls)
		return NULL;
	ls->config = *config;
	ls->is_watching = true;
	TAILQ_INIT(&ls->zones);
	evtimer_assign(&ls->watch, config->base, on_watch, ls);
	return ls;
}

static struct zone *zone_new(struct listeners *ls, const char *name)
{
	struct zone *z = calloc(1, sizeof(*z));

	if (!z)
		return NULL;
	z->owner = ls;
	memcpy(z->name, name, sizeof(z->name));
	for (int k = 0; k < LISTENER_KINDS; k++) {
		z->listener[k].zone = z;
		z->listener[k].kind = (enum listener_kind)k;
		z->listener[k].fd = -1;
	}
	TAILQ_INSERT_TAIL(&ls->zones, z, next);
	return z;
}

static void zone_free(struct listeners *ls, struct zone *z)
{
	zone_close(z);
	ls->config.on_zone_gone(z, ls->config.arg);
	TAILQ_REMOVE(&ls->zones, z, next);
	free(z);
}

static void free_stale(struct listeners *ls)
{
	struct zone *z = TAILQ_FIRST(&ls->zones);

	while (z) {
		struct zone *following = TAILQ_NEXT(z, next);

		if (z->is_stale)
			zone_free(ls, z);
		z = following;
	}
}

int listeners_apply(struct listeners *ls, const struct settings *s)
{
	struct zone *z;

	for (size_t i = 0; i < s->zones; i++)
		if (!find(ls, s->zone[i].name) &&
		    !zone_new(ls, s->zone[i].name))
			return -ENOMEM;
	TAILQ_FOREACH (z, &ls->zones, next)
		z->is_stale = true;
	for (size_t i = 0; i < s->zones; i++) {
		z = find(ls, s->zone[i].name);
		z->is_stale = false;
		zone_apply(z, s, i);
	}
	free_stale(ls);
	TAILQ_FOREACH (z, &ls->zones, next) {
		zone_open(z);
		if (!z->ifindex)
			log_info("zone %s: waiting for %s", z->name, z->device);
	}
	watch_if_needed(ls);
	return 0;
}

void listeners_set_ifindex(struct listeners *ls, const char *zone,
			   uint32_t ifindex)
{
	struct zone *z = find(ls, zone);

	if (!z)
		return;
	zone_set_ifindex(z, ifindex);
	zone_open(z);
	watch_if_needed(ls);
}

void listeners_watch(struct listeners *ls, bool on)
{
	ls->is_watching = on;
	watch_if_needed(ls);
}

void listeners_free(struct listeners *ls)
{
	if (!ls)
		return;
	while (!TAILQ_EMPTY(&ls->zones))
		zone_free(ls, TAILQ_FIRST(&ls->zones));
	event_del(&ls->watch);
	free(ls);
}
