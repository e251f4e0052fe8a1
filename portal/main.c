/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/array.h"
#include "common/config/settings.h"
#include "common/config/settings_read.h"
#include "common/log.h"
#include "common/mkdir_for.h"
#include "common/privs.h"
#include "common/wipe.h"
#include "portal/main.h"
#include "portal/portal.h"
#include "portal/store/store.h"
#include "portal/util/confine.h"

#define EXIT_USAGE 2 /* also: a config that cannot be used */

struct command {
	struct portal_options portal;
	bool only_checks;
	bool uses_syslog;
};

static void usage(FILE *out)
{
	fprintf(out,
		"Usage: stadttor-portal [-dsT] [-c FILE]\n"
		"  -c FILE        config file (default " SETTINGS_PATH ")\n"
		"  -T             check the config, print it in full, exit\n"
		"  -d             debug messages\n"
		"  -s             log to syslog instead of standard error\n"
		"  -h, --help     this text\n"
		"  -V, --version  version\n");
}

static void take_options(struct command *c, int argc, char **argv)
{
	static const struct option longer[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int o;

	while ((o = getopt_long(argc, argv, "c:dhsTV", longer, NULL)) >= 0) {
		switch (o) {
		case 'c':
			c->portal.config = optarg;
			break;
		case 'd':
			c->portal.debug = true;
			break;
		case 's':
			c->uses_syslog = true;
			break;
		case 'T':
			c->only_checks = true;
			break;
		case 'h':
			usage(stdout);
			exit(EXIT_SUCCESS);
		case 'V':
			puts("stadttor-portal " VERSION);
			exit(EXIT_SUCCESS);
		default:
			usage(stderr);
			exit(EXIT_USAGE);
		}
	}
	if (optind < argc) {
		usage(stderr);
		exit(EXIT_USAGE);
	}
}

static struct settings *read_settings(const struct command *c)
{
	char error[UCI_ERROR_MAX];
	struct settings *s = settings_read(c->portal.config, error);

	if (!s) {
		fprintf(stderr, "%s\n", error);
		exit(EXIT_USAGE);
	}
	return s;
}

static void print_settings(struct settings *s)
{
	settings_print(s, stdout);
	settings_free(s);
	exit(fflush(stdout) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* Only root can become somebody else, so only root needs the user. */
static struct privs_user find_user(const char *name)
{
	struct privs_user user = { .uid = geteuid(), .gid = getegid() };
	int err = privs_find_user(name, &user);

	if (err && geteuid() == 0)
		fatal("user %s: %s", name, strerror(-err));
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

/*
 * A login takes 16 MB for a moment. glibc would learn from it to keep such
 * blocks for good; musl always gives them back.
 */
static void keep_heap_small(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 256 * 1024);
#endif
}

static struct portal *open_portal(const struct command *c, struct settings *s)
{
	char error[PORTAL_ERROR_MAX];
	struct portal *p = portal_new(s, &c->portal, error);

	if (!p) {
		fprintf(stderr, "stadttor-portal: %s\n", error);
		exit(EXIT_USAGE);
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
	struct command c = { .portal.config = SETTINGS_PATH };
	struct settings *s;
	struct privs_user user;
	struct portal *p;

	take_options(&c, argc, argv);
	s = read_settings(&c);
	if (c.only_checks)
		print_settings(s);
	log_open("stadttor-portal", c.portal.debug || s->portal.debug);
	if (c.uses_syslog)
		log_open_syslog();
	wipe_freed_memory();
	signal(SIGHUP, SIG_IGN); /* until there is something to reload */
	keep_heap_small();
	user = find_user(s->portal.user);
	prepare_folders(s, &user);
	p = open_portal(&c, s);
	drop_privileges(&user);
	portal_run(p);
	portal_free(p);
	return EXIT_SUCCESS;
}
