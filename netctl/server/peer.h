/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server's peers, and itself; for the files of this folder alone. */
#ifndef STADTTOR_NETCTL_SERVER_PEER_H
#define STADTTOR_NETCTL_SERVER_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include <event2/event_struct.h>

#include "common/ipc.h"

#define BREACHES_MAX 32

struct controller;
struct event_base;
struct code_attempts;
struct pseudonyms;
struct peer;

/* What each kind of peer may take, so that none shuts out the others. */
struct role {
	const char *name;
	const struct ipc_handler *handlers;
	unsigned int peers_max;
	uint32_t messages_per_s;
	bool is_portal; /* nothing about single people for it */
	/* what it is told unasked, on connect and on change; may be NULL */
	void (*greet)(struct peer *p);
};

/* Of who hears the box's resolver and access points; in events.c. */
extern const struct role peer_events_role;

/* An answer that waits for the push at the end of the turn. */
struct waiting {
	TAILQ_ENTRY(waiting) next;
	uint32_t id;
	uint64_t handle;
	bool is_end; /* answered when the session is gone */
};

struct peer {
	LIST_ENTRY(peer) next;
	struct server *server;
	struct ipc_channel *channel;
	const struct role *role;
	uid_t uid;
	TAILQ_HEAD(, waiting) waiting;
	bool wants_cells; /* it has asked, and there was none */
	uint64_t last_cell;
	bool wants_records; /* likewise those of a city */
	uint64_t last_record;
};

struct server {
	struct event_base *base;
	struct controller *controller;
	struct code_attempts *attempts; /* of codes */
	struct pseudonyms *pseudonyms;
	struct event accept_event;
	uid_t owner, portal, events;
	bool has_events;
	LIST_HEAD(, peer) peers;
	const char *breach[BREACHES_MAX]; /* kinds already in the log */
};

/* IPC_DONE */
void peer_answer_done(struct peer *p, uint32_t id, int err, uint32_t count,
		      uint32_t cursor);

#endif
