/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The connection to a store of Redis or Valkey, by TLS: finds the master among
 * the servers, logs in, keeps trying, and carries commands and their replies.
 * The log says once when it is lost and once when it is back. It knows nothing
 * of what the commands are about.
 */
#ifndef STADTTOR_PORTAL_CITY_CONNECTION_H
#define STADTTOR_PORTAL_CITY_CONNECTION_H

#include <stdint.h>

#include "common/city/city_login.h"
#include "portal/city/resp.h"

struct event_base;
struct connection;
struct resolver;

struct connection_config { /* lent as long as the connection lives */
	struct event_base *base;
	/* NULL: one of its own, so it may be freed only after the loop */
	struct resolver *resolver;
	const struct city_server *server;
	size_t servers;
	const char *ca; /* PEM file */
	const char *user, *password;
	const char *name;	   /* of the store, in the log */
	const char *consequence;   /* of losing it, for the log */
	struct resp_bounds bounds; /* of one reply */
	size_t in_flight;	   /* commands at once, at most */
	bool takes_replicas;	   /* any of the servers will do */

	/* Commands may be sent from within, but nothing may be freed. */
	void (*on_up)(void *arg);
	/* After all commands under way got their NULL. */
	void (*on_down)(void *arg);
	void *arg;
};

enum connection_state {
	CONNECTION_WAITING,    /* before the next attempt */
	CONNECTION_CONNECTING, /* the name, TCP, TLS, the login */
	CONNECTION_UP,
};

/*
 * The first attempt comes within 10 s, by chance, lest all boxes come at once.
 * NULL: no memory, or the certificates of ca cannot be used; why says so.
 */
struct connection *connection_new(const struct connection_config *config,
				  char *why, size_t max) MUST_CHECK;
enum connection_state connection_state(const struct connection *c);

/* reply: NULL where the connection was lost. Good for the call. */
typedef void connection_reply_fn(const struct redisReply *reply, void *arg);

struct connection_command {
	int args;
	const char **arg;
	const size_t *len;
};

/*
 * Sends a command; its reply comes within 30 s, or the connection is given up.
 * -ENOTCONN: it is not up; -ENOBUFS: too many are under way.
 */
int connection_send(struct connection *c, const struct connection_command *cmd,
		    connection_reply_fn *on_reply, void *arg) MUST_CHECK;

/* What came makes no sense: gives the connection up, and tries again later. */
void connection_refuse(struct connection *c, const char *why);

/*
 * How long to wait after so many failures in a row: within 10 s, doubling up to
 * a minute, of which chance takes up to half.
 */
uint64_t connection_wait_ms(unsigned int failures, uint16_t chance);

/* In on_down: whether it was lost as a reply went beyond its bounds. */
bool connection_was_beyond(const struct connection *c);

/* The next attempt is made at once. */
void connection_hurry(struct connection *c);

/* Not from within a callback. Commands under way get no reply. */
void connection_free(struct connection *c);

#endif
