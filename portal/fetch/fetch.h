/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gets a small document over HTTP or HTTPS, once, on a connection of its own:
 * certificate and host name verified against the system's trust store, no
 * redirects, one limit of time for all of it, answers of a bounded size.
 */
#ifndef STADTTOR_PORTAL_FETCH_FETCH_H
#define STADTTOR_PORTAL_FETCH_FETCH_H

#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>

#include "common/log.h"
#include "portal/fetch/fetch_url.h"

#define FETCH_BODY_MAX	 65536
#define FETCH_HEADER_MAX 16384
#define FETCH_WHY_MAX	 160

/* A document as it came; bytes[len] is 0. */
struct fetch_document {
	const char *bytes;
	size_t len;
};

struct fetcher;
struct fetch;

/* document: NULL if it did not come, and why says so. Good for the call. */
typedef void (*fetch_done)(const struct fetch_document *document,
			   const char *why, void *arg);

/* How one fetch goes. */
struct fetch_order {
	const struct fetch_url *url; /* stays until the end of the fetch */
	/* NULL: GET; else POST, and any 2xx is an answer; lent to fetch_start()
	 */
	const char *post;
	const char *post_type; /* of it, for the header; a constant */
	size_t turn;	       /* see resolver_find() */
	uint64_t limit_ms;
	fetch_done fetched;
	void *arg;
};

struct fetcher *fetcher_new(struct event_base *base);

/*
 * Reads the system's trust store (or what SSL_CERT_FILE and SSL_CERT_DIR
 * name): some 30 ms and 4 MB for a whole bundle. Fetches that run keep the one
 * they have.
 */
int fetcher_read_trust(struct fetcher *f) MUST_CHECK;

/* fetched is called from the loop, never from here. NULL: no memory. */
struct fetch *fetch_start(struct fetcher *f, const struct fetch_order *order);
/* fetched is not called any more. */
void fetch_cancel(struct fetch *f);

/* After the loop has ended and fetches were cancelled. */
void fetcher_free(struct fetcher *f);

#endif
