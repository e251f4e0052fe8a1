/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/daemon.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/log.h"

static const struct daemon_switch common[] = {
	{ "test", "check the config, print it in full, and exit", 'T' },
	{ "debug", "log what is done, whatever the config says", 'd' },
	{ "syslog", "log to syslog instead of standard error", 's' },
	{ "help", "this text", 'h' },
	{ "version", "the version", 'V' },
};

#define OPTIONS_MAX (1 + ARRAY_SIZE(common) + DAEMON_SWITCHES_MAX)

static void print_switch(FILE *out, const struct daemon_switch *s)
{
	fprintf(out, "  -%c, --%-15s %s\n", s->letter, s->name, s->text);
}

static void usage(FILE *out, const struct daemon *d,
		  const struct daemon_switch *own)
{
	fprintf(out, "usage: %s [OPTION]...\n\n%s\n\n", d->name, d->what);
	fprintf(out, "  -c, --config FILE     the config (default %s)\n",
		d->config);
	for (; own && own->name; own++)
		print_switch(out, own);
	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		print_switch(out, &common[i]);
}

/* --- what getopt wants to know ----------------------------------------- */

struct grammar {
	struct option longer[OPTIONS_MAX + 1];
	char letters[OPTIONS_MAX + 2];
	size_t count;
};

static void grammar_add(struct grammar *g, const char *name, char letter)
{
	g->letters[strlen(g->letters)] = letter;
	g->longer[g->count++] =
		(struct option){ name, no_argument, NULL, letter };
}

static void grammar_make(struct grammar *g, const struct daemon_switch *own)
{
	memset(g, 0, sizeof(*g));
	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		grammar_add(g, common[i].name, common[i].letter);
	for (; own && own->name; own++)
		grammar_add(g, own->name, own->letter);
	grammar_add(g, "config", 'c');
	g->longer[g->count - 1].has_arg = required_argument;
	g->letters[strlen(g->letters)] = ':';
}

/* --- what is given ----------------------------------------------------- */

/* false: it is no switch of this daemon. */
static bool take_own(const struct daemon_switch *own, bool *on, int letter)
{
	for (size_t i = 0; own && own[i].name; i++)
		if (own[i].letter == letter) {
			on[i] = true;
			return true;
		}
	return false;
}

/* false: unknown. */
static bool take(struct daemon *d, int letter)
{
	switch (letter) {
	case 'c':
		d->config = optarg;
		return true;
	case 'T':
		d->only_checks = true;
		return true;
	case 'd':
		d->debug = true;
		return true;
	case 's':
		d->uses_syslog = true;
		return true;
	case 'V':
		printf("%s " VERSION "\n", d->name);
		exit(EXIT_SUCCESS);
	}
	return false;
}

void daemon_read_options(struct daemon *d, int argc, char **argv,
			 const struct daemon_switch *own, bool *on)
{
	const struct daemon asked = *d;
	struct grammar g;
	int o;

	grammar_make(&g, own);
	while ((o = getopt_long(argc, argv, g.letters, g.longer, NULL)) >= 0) {
		if (o == 'h') {
			usage(stdout, &asked, own);
			exit(EXIT_SUCCESS);
		}
		if (!take_own(own, on, o) && !take(d, o)) {
			fprintf(stderr, "Try '%s --help'.\n", d->name);
			exit(DAEMON_EXIT_USAGE);
		}
	}
	if (optind == argc)
		return;
	fprintf(stderr, "%s: '%s' is no option\n", d->name, argv[optind]);
	exit(DAEMON_EXIT_USAGE);
}

/* --- what comes after -------------------------------------------------- */

void daemon_refuse_config(const char *error)
{
	fprintf(stderr, "%s\n", error);
	exit(DAEMON_EXIT_USAGE);
}

void daemon_end_check(void)
{
	exit(fflush(stdout) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS);
}

void daemon_refuse_root(const char *name, const struct privs_user *user)
{
	if (!user->uid)
		fatal("user '%s' is root, so nothing would be given up; set "
		      "option user to another",
		      name);
}

void daemon_open_log(const struct daemon *d, bool debug)
{
	log_open(d->name, d->debug || debug);
	if (d->uses_syslog)
		log_open_syslog();
}
