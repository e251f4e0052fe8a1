/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sockets that packets of one device alone reach. The device comes first, so
 * that there is no moment in which others do, too.
 */
#ifndef STADTTOR_PORTAL_UTIL_BIND_H
#define STADTTOR_PORTAL_UTIL_BIND_H

#include <stdint.h>

#include "common/addr.h"
#include "common/log.h"

/*
 * 0 or -errno. Needs no privilege as long as the socket has no device yet
 * (socket(7), Linux 5.7).
 */
int bind_to_device(int fd, const char *device) MUST_CHECK;

/*
 * AF_INET or AF_INET6, as the socket is; ifindex: scope of a link-local
 * address. IPv6's any address takes IPv4, too. 0 or -errno.
 */
int bind_to_address(int fd, const struct addr *a, uint16_t port) MUST_CHECK;

#endif
