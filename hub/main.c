/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mkdir_for.h"
#include "common/privs.h"
#include "hub/config/hub_conf.h"
#include "hub/hub.h"

#define EXIT_USAGE 2 /* also: a config that cannot be used */

struct command {
	struct hub_options hub;
	bool only_checks;
	bool uses_syslog;
};

static void usage(FILE *out)
{
	fprintf(out,
		"Usage: stadttor-hub [-dsT] [-c FILE]\n"
		"  -c FILE        config file (default " HUB_CONF_PATH ")\n"
		"  -T             check the config, print it in full, exit\n"
		"  -d             debug messages\n"
		"  -s             log to syslog instead of standard error\n"
		"  -h, --help     this text\n"
		"  -V, --version  version\n");
}

static void __attribute__((noreturn)) refuse_usage(void)
{
	usage(stderr);
	exit(EXIT_USAGE);
}

static void take_option(struct command *c, int o)
{
	switch (o) {
	case 'c':
		c->hub.config = optarg;
		return;
	case 'd':
		c->hub.debug = true;
		return;
	case 's':
		c->uses_syslog = true;
		return;
	case 'T':
		c->only_checks = true;
		return;
	case 'h':
		usage(stdout);
		exit(EXIT_SUCCESS);
	case 'V':
		puts("stadttor-hub " VERSION);
		exit(EXIT_SUCCESS);
	}
	refuse_usage();
}

static void take_options(struct command *c, int argc, char **argv)
{
	static const struct option longer[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int o;

	while ((o = getopt_long(argc, argv, "c:dhsTV", longer, NULL)) >= 0)
		take_option(c, o);
	if (optind < argc)
		refuse_usage();
}

static void __attribute__((noreturn)) refuse_config(const char *error)
{
	fprintf(stderr, "%s\n", error);
	exit(EXIT_USAGE);
}

static struct hub_conf *read_conf(const struct command *c)
{
	char error[UCI_ERROR_MAX];
	struct hub_conf *conf = hub_conf_read(c->hub.config, error);

	if (!conf)
		refuse_config(error);
	return conf;
}

static struct city_conf *read_city(const struct hub_conf *conf)
{
	char error[UCI_ERROR_MAX];
	struct city_conf *city = city_conf_read(conf->sites, error);

	if (!city)
		refuse_config(error);
	return city;
}

static void __attribute__((noreturn))
print_conf(struct hub_conf *conf, struct city_conf *city)
{
	hub_conf_print(conf, stdout);
	printf("# %zu sites\n", city->sites);
	hub_conf_free(conf);
	city_conf_free(city);
	exit(fflush(stdout) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* Only root can become somebody else, so only root needs the user. */
static void become(const struct hub_conf *conf)
{
	struct privs_user user = { .uid = geteuid(), .gid = getegid() };
	int err = privs_find_user(conf->system_user, &user);

	if (err && geteuid() == 0)
		fatal("user %s: %s", conf->system_user, strerror(-err));
	err = mkdir_for(conf->database, &user);
	if (err)
		log_warn("making the folder of %s: %s", conf->database,
			 strerror(-err));
	err = privs_drop(&user, false);
	if (err)
		fatal("giving up privileges: %s", strerror(-err));
}

int main(int argc, char **argv)
{
	struct command c = { .hub.config = HUB_CONF_PATH };
	char error[HUB_ERROR_MAX];
	struct hub_conf *conf;
	struct city_conf *city;
	struct hub *h;

	take_options(&c, argc, argv);
	conf = read_conf(&c);
	city = read_city(conf);
	if (c.only_checks)
		print_conf(conf, city);
	log_open("stadttor-hub", c.hub.debug || conf->debug);
	if (c.uses_syslog)
		log_open_syslog();
	signal(SIGHUP, SIG_IGN); /* until there is something to reload */
	become(conf);
	h = hub_new(conf, city, &c.hub, error);
	if (!h)
		refuse_config(error);
	hub_run(h);
	hub_free(h);
	return EXIT_SUCCESS;
}
