/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The authority of a URL, or a Host field: "host", "host:port", "[ipv6]:port".
 */
#ifndef STADTTOR_COMMON_AUTHORITY_H
#define STADTTOR_COMMON_AUTHORITY_H

#include <stddef.h>

/*
 * The host's length, and in *host where it begins, without brackets (RFC 3986,
 * sections 3.2.2 and 3.2.3). 0: it has none, or what follows is no port. Not
 * whether it is a host's name.
 */
size_t authority_host(const char *text, size_t len, const char **host);

#endif
