/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/user_access.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <unistd.h>

#include "common/privs.h"

static int ask(const char *path, int mode)
{
	return faccessat(AT_FDCWD, path, mode, AT_EACCESS) < 0 ? -errno : 0;
}

/* Only for a while: the saved ids stay root's. */
static bool become(const struct privs_user *user)
{
	return setgroups(0, NULL) == 0 && setegid(user->gid) == 0 &&
	       seteuid(user->uid) == 0;
}

static void come_back(void)
{
	if (seteuid(0) < 0 || setegid(0) < 0)
		fatal("becoming root again failed");
}

int user_access(const char *user, const char *path, int mode)
{
	struct privs_user who;
	int err;

	if (privs_find_user(user, &who) < 0)
		return -ENOTSUP;
	if (geteuid() == who.uid)
		return ask(path, mode);
	if (geteuid() != 0)
		return -ENOTSUP;
	err = become(&who) ? ask(path, mode) : -ENOTSUP;
	come_back();
	return err;
}
