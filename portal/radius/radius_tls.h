/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RadSec (RFC 6614): the way to a server by TLS 1.2 or 1.3 over TCP, with the
 * server verified and a certificate of ours. Made when something is sent.
 */
#ifndef STADTTOR_PORTAL_RADIUS_RADIUS_TLS_H
#define STADTTOR_PORTAL_RADIUS_RADIUS_TLS_H

#include "common/config/settings.h"
#include "portal/radius/radius_link.h"

#define RADIUS_TLS_PORT 2083

/* What all servers of a section share. */
struct radius_tls_context;

/* NULL: why says what is wrong with which file. */
struct radius_tls_context *
radius_tls_context_new(const struct radius_settings *s, char *why, size_t max);
void radius_tls_context_free(struct radius_tls_context *t);

/* t is borrowed. NULL: no memory. */
struct radius_link *radius_tls_new(const struct radius_link_config *config,
				   struct radius_tls_context *t);

#endif
