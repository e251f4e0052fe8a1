/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asking servers: each request goes to the first server that is not known to
 * be dead, three times, and then to the next. Owns what is under way. A server
 * is dead that has not answered anything since a request began, until it
 * answers something: it is asked how it is (RFC 5997), and with a request once
 * there is no other.
 *
 * Bounded: RADIUS_CALLS_MAX requests to a server at once, and the time of each
 * by what all servers may take.
 */
#ifndef STADTTOR_PORTAL_RADIUS_RADIUS_POOL_H
#define STADTTOR_PORTAL_RADIUS_RADIUS_POOL_H

#include "portal/radius/radius_link.h"
#include "portal/radius/radius_packet.h"

#define RADIUS_SERVERS	 4
#define RADIUS_CALLS_MAX 250 /* of 256 numbers */
#define RADIUS_TRIES	 3
/* until the second try, the third, and the next server */
#define RADIUS_TRY_MS                                                          \
	{                                                                      \
		1000, 2000, 3000                                               \
	}
#define RADIUS_PROBE_MS 10000 /* between questions to a dead server */

struct radius_pool;
struct radius_call;

struct radius_pool_config {
	struct event_base *base;
	const char *name; /* for the log; copied, as all texts */
	const char *secret;
	struct {
		struct addr address;
		uint16_t port;
		const char *text; /* as in the config, for the log */
	} server[RADIUS_SERVERS];
	size_t servers;
	struct radius_link *(*open)(const struct radius_link_config *config,
				    void *arg);
	/* a change that a server wants, by the stream to it; or NULL */
	void (*on_change)(const struct radius_view *v, struct radius_link *l,
			  void *arg);
	void *arg;
};

/* NULL: no memory. */
struct radius_pool *radius_pool_new(const struct radius_pool_config *config);

/* Calls under way are answered with NULL. */
void radius_pool_free(struct radius_pool *p);

/* answer: of a server that knows the secret; NULL: none did. The call is over
 * then, and the answer borrowed. */
typedef void radius_answer_fn(const struct radius_view *answer, void *arg);

/*
 * Signs the packet and sends it. NULL: no memory, or as many as may be under
 * way are; nothing is called then.
 */
struct radius_call *radius_pool_ask(struct radius_pool *p,
				    const struct radius_packet *packet,
				    radius_answer_fn *on_answer,
				    void *arg) MUST_CHECK;

/* Nothing is called for it any more. */
void radius_call_cancel(struct radius_call *c);

/* Lent. */
const char *radius_pool_secret(const struct radius_pool *p);

#endif
