/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/doctor/doctor_user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "common/array.h"
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

void doctor_check_users(struct doctor *d)
{
	const char *name[] = { d->settings->gate.user,
			       d->settings->portal.user };
	struct privs_user who;
	bool all = true;

	for (size_t i = 0; i < ARRAY_SIZE(name); i++) {
		if (privs_find_user(name[i], &who) == 0)
			continue;
		all = false;
		doctor_say(d, DOCTOR_FAIL, "user %s does not exist", name[i]);
		doctor_advise(d, "Run: systemd-sysusers, or make it, or "
				 "correct option user; it needs no login.");
	}
	if (all)
		doctor_say(d, DOCTOR_OK, "users %s and %s exist", name[0],
			   name[1]);
}

int doctor_user_access(const char *user, const char *path, int mode)
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
