/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/daemon.h"
#include "common/mkdir_for.h"
#include "common/privs.h"
#include "common/wipe.h"
#include "hub/config/hub_conf.h"
#include "hub/hub.h"

static struct hub_conf *read_conf(const struct daemon *d)
{
	char error[UCI_ERROR_MAX];
	struct hub_conf *conf = hub_conf_read(d->config, error);

	if (!conf)
		daemon_refuse_config(error);
	return conf;
}

static struct city_conf *read_city(const struct hub_conf *conf)
{
	char error[UCI_ERROR_MAX];
	struct city_conf *city = city_conf_read(conf->sites, error);

	if (!city)
		daemon_refuse_config(error);
	return city;
}

static void __attribute__((noreturn))
print_conf(struct hub_conf *conf, struct city_conf *city)
{
	hub_conf_print(conf, stdout);
	printf("# %zu sites\n", city->sites);
	hub_conf_free(conf);
	city_conf_free(city);
	daemon_end_check();
}

/* Only root can become somebody else, so only root needs the user. */
static void become(const struct hub_conf *conf)
{
	struct privs_user user = { .uid = geteuid(), .gid = getegid() };
	int err = privs_find_user(conf->system_user, &user);

	if (err && geteuid() == 0)
		fatal("user %s: %s", conf->system_user, strerror(-err));
	daemon_refuse_root(conf->system_user, &user);
	err = mkdir_for(conf->database, &user);
	if (err)
		log_warn("making the folder of %s: %s", conf->database,
			 strerror(-err));
	privs_lock_memory();
	err = privs_drop(&user, false);
	if (err)
		fatal("giving up privileges: %s", strerror(-err));
}

int main(int argc, char **argv)
{
	struct daemon d = {
		.name = "stadttor-hub",
		.what = "The server of a city of Stadttor boxes.",
		.config = HUB_CONF_PATH,
	};
	char error[HUB_ERROR_MAX];
	struct hub_conf *conf;
	struct city_conf *city;
	struct hub *h;

	daemon_read_options(&d, argc, argv, NULL, NULL);
	conf = read_conf(&d);
	city = read_city(conf);
	if (d.only_checks)
		print_conf(conf, city);
	daemon_open_log(&d, conf->debug);
	wipe_freed_memory();
	signal(SIGHUP, SIG_IGN); /* until there is something to reload */
	become(conf);
	h = hub_new(conf, city, &d, error);
	if (!h)
		daemon_refuse_config(error);
	hub_run(h);
	hub_free(h);
	return EXIT_SUCCESS;
}
