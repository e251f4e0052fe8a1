/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder that a file goes into, made for a user. */
#ifndef STADTTOR_COMMON_MKDIR_FOR_H
#define STADTTOR_COMMON_MKDIR_FOR_H

#include "common/log.h"
#include "common/privs.h"

/*
 * Makes the folder of that file, mode 0750 and the user's, with missing parents
 * for everybody to pass. One that is there is the operator's and stays as it
 * is; for root alone. 0 or -errno.
 */
int mkdir_for(const char *file, const struct privs_user *user) MUST_CHECK;

#endif
