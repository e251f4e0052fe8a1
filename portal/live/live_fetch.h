/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gets a small document over HTTP or HTTPS, once, on a connection of its own:
 * certificate and host name verified against the system's trust store, no
 * redirects, one limit of time for all of it, answers of a bounded size.
 */
#ifndef STADTTOR_PORTAL_LIVE_LIVE_FETCH_H
#define STADTTOR_PORTAL_LIVE_LIVE_FETCH_H

#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>

#include "common/log.h"
#include "portal/live/live_url.h"
#include "portal/live/live_value.h"

#define LIVE_BODY_MAX	65536
#define LIVE_HEADER_MAX 16384
#define LIVE_WHY_MAX	160

struct live_fetcher;
struct live_fetch;

/* document: NULL if it did not come, and why says so. Good for the call. */
typedef void (*live_fetched)(const struct live_document *document,
			     const char *why, void *arg);

/* How one fetch goes. */
struct live_order {
	const struct live_url *url; /* stays until the end of the fetch */
	size_t turn;		    /* see resolver_find() */
	uint64_t limit_ms;
	live_fetched fetched;
	void *arg;
};

struct live_fetcher *live_fetcher_new(struct event_base *base);

/*
 * Reads the system's trust store (or what SSL_CERT_FILE and SSL_CERT_DIR
 * name): some 30 ms and 4 MB for a whole bundle. Fetches that run keep the one
 * they have.
 */
int live_fetcher_read_trust(struct live_fetcher *f) MUST_CHECK;

/* fetched is called from the loop, never from here. NULL: no memory. */
struct live_fetch *live_fetch_start(struct live_fetcher *f,
				    const struct live_order *order);
/* fetched is not called any more. */
void live_fetch_cancel(struct live_fetch *f);

/* After the loop has ended and fetches were cancelled. */
void live_fetcher_free(struct live_fetcher *f);

#endif
