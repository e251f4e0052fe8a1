/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The zones and their listening sockets, each bound to the zone's device, so
 * a connection tells its zone by the socket it came through. Opens, re-opens
 * and closes them as devices come and go. Owns struct zone.
 */
#ifndef STADTTOR_PORTAL_HTTP_LISTENER_H
#define STADTTOR_PORTAL_HTTP_LISTENER_H

#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/config/settings.h"
#include "portal/http/listen.h"

enum listener_kind {
	LISTENER_HIJACK, /* requests that were meant for somebody else */
	LISTENER_HTTP,
	LISTENER_HTTPS,
	LISTENER_KINDS
};

struct zone;
struct listeners;

struct listener {
	struct zone *zone;
	enum listener_kind kind;
	uint16_t port; /* 0: none is wanted */
	struct listen_socket socket;
};

struct zone {
	TAILQ_ENTRY(zone) next;
	struct listeners *owner;
	char name[IPC_ZONE_NAME_MAX];
	char log_name[IPC_ZONE_NAME_MAX + 5];
	char device[IFNAMSIZ];
	size_t index;	  /* in the settings */
	uint32_t ifindex; /* 0: the device is not there */
	bool is_stale;
	bool is_troubled; /* said so in the log */
	struct listener listener[LISTENER_KINDS];
};

/* A fresh non-blocking socket; the callee owns it. */
struct accepted {
	int fd;
	struct zone *zone;
	enum listener_kind kind;
	const struct sockaddr *peer;
};

struct listeners_config {
	struct event_base *base;
	void (*on_accept)(const struct accepted *a, void *arg);
	void (*on_zone_gone)(struct zone *z, void *arg);
	void *arg;
};

struct listeners *listeners_new(const struct listeners_config *config);

/*
 * Takes over the zones and ports of the settings. Zones that stay, by name,
 * keep their struct and, where nothing changed, their sockets. -ENOMEM or 0.
 */
int listeners_apply(struct listeners *ls, const struct settings *s) MUST_CHECK;

/* What netctl says about a zone's device. */
void listeners_set_ifindex(struct listeners *ls, const char *zone,
			   uint32_t ifindex);

/* While netctl is away the devices are looked at every two seconds. */
void listeners_watch(struct listeners *ls, bool on);
void listeners_free(struct listeners *ls);

#endif
