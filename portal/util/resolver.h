/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finds addresses of hosts without blocking: /etc/hosts and the servers of
 * /etc/resolv.conf, read again when that file has changed. Keeps no loop alive
 * and has no socket before the first question.
 */
#ifndef STADTTOR_PORTAL_UTIL_RESOLVER_H
#define STADTTOR_PORTAL_UTIL_RESOLVER_H

#include <stddef.h>

#include <event2/event.h>

#define RESOLVER_ADDRESS_MAX 46 /* as text, INET6_ADDRSTRLEN */

struct resolver;
struct resolver_lookup;

/* address: as text; NULL: none was found. Good for the call. */
typedef void (*resolver_found)(const char *address, void *arg);

struct resolver *resolver_new(struct event_base *base);

/*
 * turn: which of several addresses to give, counted around, so that the next
 * attempt tries the next one. May call found before it returns; NULL then.
 */
struct resolver_lookup *resolver_find(struct resolver *r, const char *host,
				      size_t turn, resolver_found found,
				      void *arg);

/* found is not called any more. */
void resolver_cancel(struct resolver_lookup *l);

/*
 * After the loop has ended. libevent 2.1 has no way to get back what it keeps
 * of a question that is open then, 264 bytes each.
 */
void resolver_free(struct resolver *r);

#endif
