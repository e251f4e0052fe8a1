/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/privs.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int privs_find_user(const char *name, struct privs_user *user)
{
	struct passwd *pw = getpwnam(name);

	if (!pw)
		return -ENOENT;
	user->uid = pw->pw_uid;
	user->gid = pw->pw_gid;
	return 0;
}

/* Only root may ask for KEEPCAPS: procd's ujail locks it, and needs it not. */
static int become(const struct privs_user *user, bool keep_capabilities)
{
	if ((keep_capabilities && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) ||
	    setgroups(0, NULL) < 0 ||
	    setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		return -errno;
	return 0;
}

/* capset(2) by hand: libcap is not worth its flash for one call. */
static int limit_capabilities(bool keep_net_admin)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct d[2];
	uint32_t bits = keep_net_admin ? 1U << CAP_NET_ADMIN : 0;

	memset(d, 0, sizeof(d));
	d[0].effective = bits;
	d[0].permitted = bits;
	return syscall(SYS_capset, &h, d) < 0 ? -errno : 0;
}

/*
 * The first process of a jail outlives a ujail that is killed, and keeps its
 * place from the next one. A change of ids would clear this, so it comes last.
 */
static int end_with_jail(void)
{
	return getpid() == 1 ? prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) : 0;
}

/*
 * Pages are locked as they come in, so that none costs memory before it is
 * used. Under a limit later mappings would fail.
 */
void privs_lock_memory(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0 ||
	    mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		log_info("memory is not locked: %s; where there is swap, it "
			 "may hold addresses of guests, and secrets",
			 strerror(errno));
}

int privs_drop(const struct privs_user *user, bool keep_net_admin)
{
	int err = geteuid() == 0 ? become(user, keep_net_admin) : 0;

	if (!err)
		err = limit_capabilities(keep_net_admin);
	if (err)
		return err;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || end_with_jail() < 0)
		return -errno;
	return 0;
}
