/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/config/settings.h"
#include "common/config/settings_read.h"
#include "common/log.h"
#include "common/privs.h"
#include "common/wipe.h"
#include "netctl/control/controller.h"
#include "netctl/server/server.h"
#include "netctl/usage/noise.h"
#include "netctl/usage/usage.h"

#define PROGRAM	   "stadttor-netctl"
#define EXIT_USAGE 2

struct options {
	const char *config;
	bool check_only;
	bool removes;
	bool keeps_guard;
	bool debug;
	bool syslog;
};

struct daemon {
	struct options options;
	struct event_base *base;
	struct controller *controller;
	struct server *server;
	struct event *signal[3];
};

static void usage(FILE *out)
{
	fputs("usage: " PROGRAM " [-c FILE] [-T] [-R] [-d] [-s]\n"
	      "\n"
	      "The controller of Stadttor: opens the way for devices that the "
	      "portal lets in.\n"
	      "\n"
	      "  -c, --config FILE  the config (default " SETTINGS_PATH ")\n"
	      "  -T, --test         check it, print it in full, and exit\n"
	      "  -R, --remove       take rules and queues out of the kernel, "
	      "and exit\n"
	      "  -K, --keep-guard   with it: leave the guard's tables\n"
	      "  -d, --debug        log what is done\n"
	      "  -s, --syslog       log to syslog instead of standard error\n"
	      "  -h, --help         this text\n"
	      "  -V, --version      the version\n",
	      out);
}

static void parse_options(int argc, char **argv, struct options *o)
{
	static const struct option long_options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "test", no_argument, NULL, 'T' },
		{ "remove", no_argument, NULL, 'R' },
		{ "keep-guard", no_argument, NULL, 'K' },
		{ "debug", no_argument, NULL, 'd' },
		{ "syslog", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:TRKdshV", long_options, NULL)) !=
	       -1) {
		if (c == 'c') {
			o->config = optarg;
		} else if (c == 'T') {
			o->check_only = true;
		} else if (c == 'R') {
			o->removes = true;
		} else if (c == 'K') {
			o->keeps_guard = true;
		} else if (c == 'd') {
			o->debug = true;
		} else if (c == 's') {
			o->syslog = true;
		} else if (c == 'h') {
			usage(stdout);
			exit(0);
		} else if (c == 'V') {
			puts(PROGRAM " " VERSION);
			exit(0);
		} else {
			usage(stderr);
			exit(EXIT_USAGE);
		}
	}
	if (optind < argc) {
		fprintf(stderr, PROGRAM ": '%s' is no option\n", argv[optind]);
		exit(EXIT_USAGE);
	}
}

static struct settings *read_settings(const struct options *o)
{
	char error[UCI_ERROR_MAX];
	struct settings *s = settings_read(o->config, error);

	if (!s) {
		fprintf(stderr, "%s\n", error);
		exit(EXIT_USAGE);
	}
	return s;
}

/* The first character of a file in /proc. false: there is none. */
static bool read_flag(const char *path, char *c)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool good = fd >= 0 && read(fd, c, 1) == 1;

	if (fd >= 0)
		close(fd);
	return good;
}

static void check_forwarding(const char *path)
{
	char c;

	if (read_flag(path, &c) && c == '0')
		log_warn("%s is 0: this box forwards nothing until it is 1",
			 path);
}

/*
 * Where the bridge hands packets to iptables, nat sees them before the gate
 * has marked them: who is in would be sent to the portal all the same.
 */
static void check_bridges(void)
{
	static const char *const paths[] = {
		"/proc/sys/net/bridge/bridge-nf-call-iptables",
		"/proc/sys/net/bridge/bridge-nf-call-ip6tables",
	};
	char c;

	for (size_t i = 0; i < 2; i++)
		if (read_flag(paths[i], &c) && c == '1')
			log_warn("%s is 1: on a bridge, devices with a session "
				 "are still redirected to the portal; set it "
				 "to 0",
				 paths[i]);
}

static void on_reload(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;
	char error[UCI_ERROR_MAX];
	struct settings *next = settings_read(d->options.config, error);

	(void)fd;
	(void)what;
	if (!next) {
		log_error("%s; the running config stays", error);
		return;
	}
	controller_reload(d->controller, next);
	check_bridges();
	log_open(PROGRAM, d->options.debug || next->gate.debug);
}

static void on_terminate(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	event_base_loopbreak(d->base);
}

static void watch_signals(struct daemon *d)
{
	d->signal[0] = evsignal_new(d->base, SIGHUP, on_reload, d);
	d->signal[1] = evsignal_new(d->base, SIGTERM, on_terminate, d);
	d->signal[2] = evsignal_new(d->base, SIGINT, on_terminate, d);
	for (size_t i = 0; i < 3; i++)
		if (!d->signal[i] || event_add(d->signal[i], NULL) < 0)
			fatal("no memory for signals");
}

static struct privs_user find_user(const char *name)
{
	struct privs_user user = { 0 };

	if (privs_find_user(name, &user) < 0)
		fatal("user '%s' not found; set option user", name);
	return user;
}

/* Everything that root is needed for, then never again. */
static void start(struct daemon *d, struct settings *s)
{
	struct server_users users = {
		.owner = find_user(s->gate.user),
		.portal = find_user(s->portal.user),
	};
	struct usage *usage;
	int err;

	d->controller = controller_new(d->base, s);
	if (!d->controller)
		exit(1);
	users.has_events = *s->gate.events_user &&
			   !privs_find_user(s->gate.events_user, &users.events);
	d->server = server_new(d->base, d->controller, &users);
	if (!d->server)
		exit(1);
	usage = usage_new(s, users.owner.uid, users.owner.gid, noise_draw);
	if (!usage)
		exit(1);
	controller_set_usage(d->controller, usage);
	privs_lock_memory();
	err = privs_drop(&users.owner, true);
	if (err)
		fatal("giving up privileges: %s", strerror(-err));
	if (controller_start(d->controller) < 0)
		exit(1);
	check_forwarding("/proc/sys/net/ipv4/ip_forward");
	check_forwarding("/proc/sys/net/ipv6/conf/all/forwarding");
	check_bridges();
}

int main(int argc, char **argv)
{
	struct daemon d = { .options.config = SETTINGS_PATH };
	struct settings *s;

	parse_options(argc, argv, &d.options);
	log_open(PROGRAM, d.options.debug);
	if (d.options.removes)
		return controller_remove(d.options.keeps_guard) ? EXIT_FAILURE
								: EXIT_SUCCESS;
	s = read_settings(&d.options);
	if (d.options.check_only) {
		settings_print(s, stdout);
		settings_free(s);
		return 0;
	}
	log_open(PROGRAM, d.options.debug || s->gate.debug);
	if (d.options.syslog)
		log_open_syslog();
	wipe_freed_memory();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN); /* until there is something to reload */
	d.base = event_base_new();
	if (!d.base)
		fatal("no event loop");
	start(&d, s);
	watch_signals(&d);
	log_info("version " VERSION ": %zu zone%s, %zu uplink%s", s->zones,
		 s->zones == 1 ? "" : "s", s->uplinks,
		 s->uplinks == 1 ? "" : "s");
	event_base_dispatch(d.base);
	controller_stop(d.controller);
	server_free(d.server);
	controller_free(d.controller);
	for (size_t i = 0; i < 3; i++)
		event_free(d.signal[i]);
	event_base_free(d.base);
	return 0;
}
