/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/config/settings.h"
#include "common/config/settings_read.h"
#include "common/daemon.h"
#include "common/log.h"
#include "common/privs.h"
#include "common/wipe.h"
#include "netctl/control/controller.h"
#include "netctl/server/server.h"
#include "netctl/usage/noise.h"
#include "netctl/usage/usage.h"

enum { REMOVES, KEEPS_GUARD, SWITCHES };

static const struct daemon_switch switches[SWITCHES + 1] = {
	[REMOVES] = { "remove",
		      "take rules and queues out of the kernel, and exit",
		      'R' },
	[KEEPS_GUARD] = { "keep-guard", "with it: leave the guard's tables",
			  'K' },
};

struct program {
	struct daemon daemon;
	struct event_base *base;
	struct controller *controller;
	struct server *server;
	struct event *signal[3];
};

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
	struct program *p = arg;
	char error[UCI_ERROR_MAX];
	struct settings *next = settings_read(p->daemon.config, error);

	(void)fd;
	(void)what;
	if (!next) {
		log_error("%s; the running config stays", error);
		return;
	}
	controller_reload(p->controller, next);
	check_bridges();
	log_open(p->daemon.name, p->daemon.debug || next->gate.debug);
}

static void on_terminate(evutil_socket_t fd, short what, void *arg)
{
	struct program *p = arg;

	(void)fd;
	(void)what;
	event_base_loopbreak(p->base);
}

static void watch_signals(struct program *p)
{
	p->signal[0] = evsignal_new(p->base, SIGHUP, on_reload, p);
	p->signal[1] = evsignal_new(p->base, SIGTERM, on_terminate, p);
	p->signal[2] = evsignal_new(p->base, SIGINT, on_terminate, p);
	for (size_t i = 0; i < 3; i++)
		if (!p->signal[i] || event_add(p->signal[i], NULL) < 0)
			fatal("no memory for signals");
}

static struct privs_user find_user(const char *name)
{
	struct privs_user user = { 0 };

	if (privs_find_user(name, &user) < 0)
		fatal("user '%s' not found; set option user", name);
	daemon_refuse_root(name, &user);
	return user;
}

/* Everything that root is needed for, then never again. */
static void start(struct program *p, struct settings *s)
{
	struct server_users users = {
		.owner = find_user(s->gate.user),
		.portal = find_user(s->portal.user),
	};
	struct usage *usage;
	int err;

	p->controller = controller_new(p->base, s);
	if (!p->controller)
		exit(1);
	users.has_events = *s->gate.events_user &&
			   !privs_find_user(s->gate.events_user, &users.events);
	p->server = server_new(p->base, p->controller, &users);
	if (!p->server)
		exit(1);
	usage = usage_new(s, users.owner.uid, users.owner.gid, noise_draw);
	if (!usage)
		exit(1);
	controller_set_usage(p->controller, usage);
	privs_lock_memory();
	err = privs_drop(&users.owner, true);
	if (err)
		fatal("giving up privileges: %s", strerror(-err));
	if (controller_start(p->controller) < 0)
		exit(1);
	check_forwarding("/proc/sys/net/ipv4/ip_forward");
	check_forwarding("/proc/sys/net/ipv6/conf/all/forwarding");
	check_bridges();
}

int main(int argc, char **argv)
{
	struct program p = {
		.daemon.name = "stadttor-netctl",
		.daemon.what = "The controller of Stadttor: opens the way for "
			       "devices that the portal lets in.",
		.daemon.config = SETTINGS_PATH,
	};
	bool on[SWITCHES] = { false };
	struct settings *s;

	daemon_read_options(&p.daemon, argc, argv, switches, on);
	daemon_open_log(&p.daemon, false);
	if (on[REMOVES])
		return controller_remove(on[KEEPS_GUARD]) ? EXIT_FAILURE
							  : EXIT_SUCCESS;
	s = settings_for_daemon(&p.daemon);
	daemon_open_log(&p.daemon, s->gate.debug);
	wipe_freed_memory();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN); /* until there is something to reload */
	p.base = event_base_new();
	if (!p.base)
		fatal("no event loop");
	start(&p, s);
	watch_signals(&p);
	log_info("version " VERSION ": %zu zone%s, %zu uplink%s", s->zones,
		 s->zones == 1 ? "" : "s", s->uplinks,
		 s->uplinks == 1 ? "" : "s");
	event_base_dispatch(p.base);
	controller_stop(p.controller);
	server_free(p.server);
	controller_free(p.controller);
	for (size_t i = 0; i < 3; i++)
		event_free(p.signal[i]);
	event_base_free(p.base);
	return 0;
}
