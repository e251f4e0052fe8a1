/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The socket that portal, operator and events connect to. */
#ifndef STADTTOR_NETCTL_SERVER_SERVER_SOCKET_H
#define STADTTOR_NETCTL_SERVER_SERVER_SOCKET_H

#include "common/log.h"
#include "common/privs.h"

/*
 * Binds it (mode 0660, owner's user, portal's group), in a folder that is made
 * if need be, and listens without blocking. Needs root. The caller owns the
 * descriptor. -errno; -EADDRINUSE: somebody serves there already.
 */
int server_socket_open(const char *path, const struct privs_user *owner,
		       const struct privs_user *portal) MUST_CHECK;

#endif
