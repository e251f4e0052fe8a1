/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finds addresses of hosts without blocking: /etc/hosts and the servers of
 * /etc/resolv.conf, read again when that file has changed. Keeps no loop alive
 * and has no socket before the first question.
 */
#ifndef STADTTOR_PORTAL_LIVE_LIVE_RESOLVER_H
#define STADTTOR_PORTAL_LIVE_LIVE_RESOLVER_H

#include <stddef.h>

#include <event2/event.h>

#define LIVE_ADDRESS_MAX 46 /* as text, INET6_ADDRSTRLEN */

struct live_resolver;
struct live_lookup;

/* address: as text; NULL: none was found. Good for the call. */
typedef void (*live_found)(const char *address, void *arg);

struct live_resolver *live_resolver_new(struct event_base *base);

/*
 * turn: which of several addresses to give, counted around, so that the next
 * attempt tries the next one. May call found before it returns; NULL then.
 */
struct live_lookup *live_resolver_find(struct live_resolver *r,
				       const char *host, size_t turn,
				       live_found found, void *arg);

/* found is not called any more. */
void live_lookup_cancel(struct live_lookup *l);

/*
 * After the loop has ended. libevent 2.1 has no way to get back what it keeps
 * of a question that is open then, 264 bytes each.
 */
void live_resolver_free(struct live_resolver *r);

#endif
