/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the programs' users may do once root has been given up. */
#ifndef STADTTOR_CLI_USER_ACCESS_H
#define STADTTOR_CLI_USER_ACCESS_H

#include "common/log.h"

/*
 * mode: of access(2). 0: the user may. -ENOTSUP: it cannot be seen, for there
 * is no such user, or we are neither that user nor root. Other -errno: why not.
 * The kernel is asked as that user, so folders and ACLs count.
 */
int user_access(const char *user, const char *path, int mode) MUST_CHECK;

#endif
