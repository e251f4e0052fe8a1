/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/http/listener.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static void on_accept(int fd, const struct sockaddr *peer, void *arg)
{
	struct listener *l = arg;
	struct listeners *ls = l->zone->owner;
	struct accepted a = {
		.fd = fd,
		.zone = l->zone,
		.kind = l->kind,
		.peer = peer,
	};

	ls->config.on_accept(&a, ls->config.arg);
}

/* Both families by one socket, where the kernel has IPv6. */
static int listener_open(struct listener *l)
{
	const char *device = l->zone->device;
	struct addr any = { .family = AF_INET6 };
	int err = listen_open(&l->socket, &any, l->port, device);

	if (err != -EAFNOSUPPORT && err != -EADDRNOTAVAIL)
		return err;
	any.family = AF_INET;
	return listen_open(&l->socket, &any, l->port, device);
}

/* --- a zone ------------------------------------------------------------ */

static void zone_close(struct zone *z)
{
	for (int k = 0; k < LISTENER_KINDS; k++)
		listen_close(&z->listener[k].socket);
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

		if (listen_is_open(&l->socket) || !l->port)
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
		if (z->listener[k].port &&
		    !listen_is_open(&z->listener[k].socket))
			return false;
	return true;
}

static void zone_set_port(struct zone *z, enum listener_kind kind,
			  uint64_t port)
{
	struct listener *l = &z->listener[kind];

	if (l->port == port)
		return;
	listen_close(&l->socket);
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
		z->ifindex = listen_find_device(z->device);
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
		zone_set_ifindex(z, listen_find_device(z->device));
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
	snprintf(z->log_name, sizeof(z->log_name), "zone %s", name);
	for (int k = 0; k < LISTENER_KINDS; k++) {
		struct listener *l = &z->listener[k];

		l->zone = z;
		l->kind = (enum listener_kind)k;
		l->socket.on_accept = on_accept;
		l->socket.arg = l;
		l->socket.name = z->log_name;
		listen_init(&l->socket, ls->config.base);
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
