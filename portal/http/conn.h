/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The connection engine: one request, one answer, close. Most connections
 * come with their whole request and leave within the same turn of the loop,
 * without an event, a timer or a buffer of their own.
 *
 * Owns every connection and all that it holds. Bounded: connections in all and
 * per source, bytes and time of a request, bytes and time of what is thrown
 * away after the answer. What knew an address is wiped.
 *
 * When all places are taken, a newcomer gets the place of a connection that
 * waits for its peer: of those without a complete request (which includes the
 * TLS handshake), those that do not read their answer, and those that send on
 * after it, each by IPv4 and by IPv6, the largest group loses its oldest. So a
 * newcomer is refused only if its source has its full share, or if all places
 * are with handlers. Not guaranteed: where so many newcomers come that the
 * largest group is replaced within a round trip, honest ones in it are closed
 * before their request is complete.
 */
#ifndef STADTTOR_PORTAL_HTTP_CONN_H
#define STADTTOR_PORTAL_HTTP_CONN_H

#include "portal/http/listener.h"
#include "portal/http/request.h"
#include "portal/http/tls.h"

#define CONN_OUT_MAX (32 * 1024)

struct conn;
struct conns;

/* What handlers see of a connection. */
struct exchange {
	struct request request;
	const char *query; /* these only during on_request */
	const char *body;
	struct addr client;
	struct addr local; /* by conn_local() */
	struct zone *zone; /* NULL: an operator's connection */
	enum listener_kind kind;
	void *user; /* user_size bytes of the handlers', zeroed at the start */
};

struct conns_config {
	struct event_base *base;
	/* a request is complete; ends in conn_answer() or conn_hold() */
	void (*on_request)(struct conn *c, void *arg);
	/* it will never be: answer with that status */
	void (*on_trouble)(struct conn *c, unsigned int status, void *arg);
	/* the connection ends; NULL: nothing of the user is to be undone */
	void (*on_close)(void *user);
	void *arg;
	size_t user_size;      /* of what handlers keep with a connection */
	bool is_for_operators; /* requests carry secrets, and are read for more
				*/
};

struct conns_bounds {
	size_t max; /* connections that wait for something */
	/* of one address; of operators' IPv6 addresses: of one /64 */
	unsigned int max_per_device;
	uint64_t request_s; /* to complete a request */
	uint64_t answer_s;  /* to take the answer */
};

/* Since the start. */
struct conns_stats {
	uint64_t answers[6]; /* by the first digit of the status */
	/* for want of a place: those that did not get one, or lost theirs */
	uint64_t rejected;
};

struct conns *conns_new(const struct conns_config *config,
			const struct conns_bounds *bounds);
void conns_set_bounds(struct conns *cs, const struct conns_bounds *bounds);

/* Borrowed; NULL: no TLS. Connections that run are not affected. */
void conns_set_tls(struct conns *cs, struct tls_context *tls);
void conns_accept(struct conns *cs, const struct accepted *a);
void conns_close_zone(struct conns *cs, const struct zone *z);
size_t conns_count(const struct conns *cs);
const struct conns_stats *conns_stats(const struct conns *cs);
void conns_free(struct conns *cs);

struct exchange *conn_exchange(struct conn *c);
void *conn_arg(struct conn *c);

/* The address that the connection came to, scoped to the zone's device. */
const struct addr *conn_local(struct conn *c);

/*
 * The connection waits for its handler from now on, and keeps its place
 * meanwhile. false: there is no room for one more; answer that at once.
 */
bool conn_hold(struct conn *c);

/* Sends these bytes and closes; c may be gone when it returns. */
void conn_answer(struct conn *c, const char *bytes, size_t len);

#endif
