/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line of the daemons: what all take, and what one has beside. */
#ifndef STADTTOR_COMMON_DAEMON_H
#define STADTTOR_COMMON_DAEMON_H

#include <stdbool.h>

#include "common/privs.h"

/* sysexits are not used: 2 is also a config that cannot be used. */
#define DAEMON_EXIT_USAGE 2

struct daemon {
	const char *name;   /* of the program */
	const char *what;   /* it does: a sentence for --help */
	const char *config; /* path: the default at first */
	bool only_checks;
	bool debug;
	bool uses_syslog;
};

/* An option without argument that one daemon has beside. */
struct daemon_switch {
	const char *name; /* NULL: the table's end */
	const char *text;
	char letter;
};

#define DAEMON_SWITCHES_MAX 4

/*
 * Reads the command line into d, and into on, true for each switch that is
 * given. It exits after --help and --version, and where an option is wrong.
 * own, on: NULL for a daemon without any.
 */
void daemon_read_options(struct daemon *d, int argc, char **argv,
			 const struct daemon_switch *own, bool *on);

/* Says what is wrong with the config, and exits. */
void daemon_refuse_config(const char *error) __attribute__((noreturn));

/* Exits: whether all of the config was printed. */
void daemon_end_check(void) __attribute__((noreturn));

/* Exits where the user is root, by which a daemon would give up nothing. name:
 * as the config has it. */
void daemon_refuse_root(const char *name, const struct privs_user *user);

/* Log lines from here on; debug: as the config has it. */
void daemon_open_log(const struct daemon *d, bool debug);

#endif
