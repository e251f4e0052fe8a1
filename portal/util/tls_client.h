/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TLS towards a server: which certificates are trusted, whom the server's must
 * name, and what failed. The portal's own certificates are portal/http/tls.c's.
 */
#ifndef STADTTOR_PORTAL_UTIL_TLS_CLIENT_H
#define STADTTOR_PORTAL_UTIL_TLS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/bufferevent.h>
#include <openssl/ssl.h>

#include "common/log.h"

/*
 * From TLS 1.2 on, and servers are verified. ca: a PEM file whose certificates
 * alone are trusted; NULL: the system's. NULL: no memory, or ca cannot be used;
 * then why says so.
 */
SSL_CTX *tls_client_trust(const char *ca, char *why, size_t max) MUST_CHECK;

/*
 * A stream that is to be connected to host, which the certificate must name: a
 * name, or an address without brackets where is_address. Deferred callbacks;
 * closes on free. NULL: no memory.
 */
struct bufferevent *tls_client_open(struct event_base *base, SSL_CTX *trust,
				    const char *host,
				    bool is_address) MUST_CHECK;

/* Whether it is TLS that failed on such a stream; then why says at what. */
bool tls_client_explain(struct bufferevent *stream, char *why, size_t max);

#endif
