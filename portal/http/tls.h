/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS 1.2 and 1.3 on the server's side; fetch/fetch.c has the client's. */
#ifndef STADTTOR_PORTAL_HTTP_TLS_H
#define STADTTOR_PORTAL_HTTP_TLS_H

#include "portal/http/transport.h"

#define TLS_ERROR_MAX 320

struct tls_context;

/* NULL: error says what is wrong with which file. */
struct tls_context *tls_context_new(const char *certificate, const char *key,
				    char error[TLS_ERROR_MAX]);
/* When its certificate ends, seconds since 1970; 0: that cannot be read. */
int64_t tls_context_end_s(const struct tls_context *t);

/* Connections that run keep what they need of it. */
void tls_context_free(struct tls_context *t);

/* The state of transport_tls on a non-blocking socket; NULL: no memory. */
void *tls_accept(struct tls_context *t, int fd);

extern const struct transport transport_tls;

#endif
