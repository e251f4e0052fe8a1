/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Giving up what a process no longer needs. */
#ifndef STADTTOR_COMMON_PRIVS_H
#define STADTTOR_COMMON_PRIVS_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/log.h"

struct privs_user {
	uid_t uid;
	gid_t gid;
};

/* -ENOENT: no such user. */
int privs_find_user(const char *name, struct privs_user *user) MUST_CHECK;

/*
 * Keeps what the process has in memory out of swap, also what comes later.
 * Where that is not allowed without a limit, the log says so. Before
 * privs_drop().
 */
void privs_lock_memory(void);

/*
 * Becomes the user for good: no other groups, no_new_privs, no core dump, and
 * of all capabilities only CAP_NET_ADMIN where keep_net_admin says so. A
 * process that is not root stays who it is, but loses the rest as well. The
 * first process of a pid namespace, as in procd's jails, gets a SIGTERM when
 * its parent ends.
 */
int privs_drop(const struct privs_user *user, bool keep_net_admin) MUST_CHECK;

#endif
