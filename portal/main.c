/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/array.h"
#include "common/config/settings.h"
#include "common/config/settings_read.h"
#include "common/daemon.h"
#include "common/log.h"
#include "common/mkdir_for.h"
#include "common/privs.h"
#include "common/wipe.h"
#include "portal/main.h"
#include "portal/portal.h"
#include "portal/store/store.h"
#include "portal/util/confine.h"

/* Only root can become somebody else, so only root needs the user. */
static struct privs_user find_user(const char *name)
{
	struct privs_user user = { .uid = geteuid(), .gid = getegid() };
	int err = privs_find_user(name, &user);

	if (err && geteuid() == 0)
		fatal("user %s: %s", name, strerror(-err));
	daemon_refuse_root(name, &user);
	return user;
}

/*
 * Where the databases go and what waits for them. They say themselves what they
 * cannot use.
 */
static void prepare_folders(const struct settings *s,
			    const struct privs_user *user)
{
	char spill[STORE_ERROR_MAX];
	const char *file[] = { s->usage.file, s->voucher.file, spill };

	store_spill_path(spill, s->gate.socket);
	for (size_t i = 0; i < ARRAY_SIZE(file); i++) {
		int err = mkdir_for(file[i], user);

		if (err)
			log_warn("making the folder of %s: %s", file[i],
				 strerror(-err));
	}
}

static struct portal *open_portal(const struct daemon *d, struct settings *s)
{
	char error[PORTAL_ERROR_MAX];
	struct portal *p = portal_new(s, d, error);

	if (!p) {
		fprintf(stderr, "%s: %s\n", d->name, error);
		exit(DAEMON_EXIT_USAGE);
	}
	return p;
}

static void drop_privileges(const struct privs_user *user)
{
	int err;

	privs_lock_memory();
	err = privs_drop(user, false);
	if (err)
		fatal("giving up privileges: %s", strerror(-err));
	err = confine();
	if (err)
		log_warn("no filter of system calls: %s; a portal that was "
			 "taken over could look up hardware addresses",
			 strerror(-err));
}

int portal_main(int argc, char **argv)
{
	struct daemon d = {
		.name = "stadttor-portal",
		.what = "The web server of Stadttor: guests' pages, and the "
			"operators' dashboard.",
		.config = SETTINGS_PATH,
	};
	struct settings *s;
	struct privs_user user;
	struct portal *p;

	daemon_read_options(&d, argc, argv, NULL, NULL);
	s = settings_for_daemon(&d);
	daemon_open_log(&d, s->portal.debug);
	wipe_freed_memory();
	signal(SIGHUP, SIG_IGN); /* until there is something to reload */
	user = find_user(s->portal.user);
	prepare_folders(s, &user);
	p = open_portal(&d, s);
	drop_privileges(&user);
	portal_run(p);
	portal_free(p);
	return EXIT_SUCCESS;
}
