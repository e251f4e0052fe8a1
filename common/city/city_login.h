/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * By what a box enters the store of its city: the file FOLDER/login, one
 * section "config city" in UCI syntax, written by `stadttor city join`. The
 * city's certificate lies beside it. Keys are elsewhere: city_keys.h.
 */
#ifndef STADTTOR_COMMON_CITY_CITY_LOGIN_H
#define STADTTOR_COMMON_CITY_CITY_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/config/uci.h"

#define CITY_SERVERS_MAX 8
#define CITY_HOST_MAX	 254 /* with the closing NUL */
#define CITY_SITE_MAX	 33  /* likewise */
#define CITY_PATH_MAX	 256 /* likewise */

struct city_server {
	char host[CITY_HOST_MAX]; /* IPv6 without brackets */
	uint16_t port;
	bool is_address; /* host is one, IPv4 or IPv6 */
};

/* "host:port" or "[ipv6]:port". false: it is neither, or too long. */
bool city_server_parse(struct city_server *out, const char *text);

/* 1 to 32 of a-z, 0-9 and '-'. */
bool city_site_is_valid(const char *text);

struct city_login; /* its texts are its own */
struct city_settings;

const char *city_login_city(const struct city_login *l);
const char *city_login_site(const struct city_login *l);
const char *city_login_district(const struct city_login *l); /* or "" */
const char *city_login_user(const struct city_login *l);
const char *city_login_password(const struct city_login *l);

/* At least one. */
size_t city_login_servers(const struct city_login *l,
			  const struct city_server **servers);

/* Seconds that the city's day begins behind midnight of UTC: below 86400. */
uint32_t city_login_shift_s(const struct city_login *l);

/*
 * What codes of the city are checked by: 64 hexadecimal digits of the public
 * key of who makes them, and 64 of the boxes' own. "": the box joined before
 * there were any.
 */
#define CITY_CODES_DIGITS 128
const char *city_login_codes(const struct city_login *l);

/* Of the keys that the file came with. */
uint8_t city_login_generation(const struct city_login *l);

/* A section of "config city". NULL: error holds "LINE: what is wrong". */
struct city_login *city_login_from(const struct uci_section *s,
				   char error[UCI_ERROR_MAX]) MUST_CHECK;

/*
 * Of a file with that section alone. NULL: error holds "FILE:LINE: ...", or
 * nothing where there is no file: the box is in no city.
 */
struct city_login *city_login_read(const char *path,
				   char error[UCI_ERROR_MAX]) MUST_CHECK;

void city_login_free(struct city_login *l);

/* Whether the config does not say no, and stadttor city join was here. */
bool city_is_joined(const struct city_settings *c);

/* The paths of both files. false: folder is too long. */
bool city_login_path(char path[CITY_PATH_MAX], const char *folder) MUST_CHECK;
bool city_ca_path(char path[CITY_PATH_MAX], const char *folder) MUST_CHECK;

#endif
