/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file that a box joins a city by, as `stadttor city add` writes it: UCI
 * with one section, login, keys and the city's authority in one.
 */
#ifndef STADTTOR_CLI_CITY_CITY_FILE_H
#define STADTTOR_CLI_CITY_CITY_FILE_H

#include <stdio.h>

#include "common/city/city_keys.h"
#include "common/city/city_login.h"

enum city_file_part { /* options of it that do not stand in the login */
		      CITY_FILE_DAY,
		      CITY_FILE_KEY,
		      CITY_FILE_WRAP,
		      CITY_FILE_CA,
		      CITY_FILE_PARTS,
};

struct city_file {
	struct uci_file *uci; /* what is left of it is the login */
	struct uci_option *part[CITY_FILE_PARTS];
	struct city_login *login;
	struct city_keys keys;
};

/*
 * All of it is right, or error holds "LINE: what is wrong" and false is
 * returned. city_file_clear() is due in any case, and overwrites keys.
 */
bool city_file_parse(struct city_file *f, const char *text, size_t len,
		     char error[UCI_ERROR_MAX]) MUST_CHECK;
void city_file_clear(struct city_file *f);

/* The authority, as PEM. */
const char *city_file_ca(const struct city_file *f);

/* The section of the login, with nothing secret but its password. */
void city_file_print_login(const struct city_file *f, FILE *out);

#endif
