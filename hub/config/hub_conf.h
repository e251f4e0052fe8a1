/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The hub's config: hub.conf, its own options and the operators' listener, and
 * sites.conf, the city's sites, which `stadttor city` writes. Read anew as a
 * whole at a reload.
 */
#ifndef STADTTOR_HUB_CONFIG_HUB_CONF_H
#define STADTTOR_HUB_CONFIG_HUB_CONF_H

#include "common/city/city_login.h"
#include "common/config/conf.h"
#include "common/config/settings.h"

#define HUB_CONF_PATH "/etc/stadttor/hub/hub.conf"
#define HUB_SITES_MAX 10000

struct hub_conf {
	struct conf_list server;		      /* "host:port" */
	struct city_server servers[CITY_SERVERS_MAX]; /* the same */
	char *ca;
	char *user, *password;
	char *switch_user, *switch_password; /* empty: it switches nobody off */
	char *sites;			     /* the other file */
	char *database;
	char *codes; /* the database of the city's codes */
	char *system_user;
	char *pages;
	char *publisher, *contact; /* of open data */
	uint64_t poll_s;
	uint64_t silent_s;
	bool standby;
	bool debug;
	struct settings *admin; /* of which only the admin section counts */
};

struct site_conf {
	char *name; /* a-z, 0-9, '-' */
	char *district;
	char *title;
	char *latitude, *longitude;
};

struct city_conf {
	char *name;
	uint64_t shift_s; /* of a day's begin, from midnight UTC */
	uint64_t generation;
	size_t sites;
	struct site_conf *site; /* by name */
};

/* NULL: error says "FILE:LINE: what is wrong". The caller owns it. */
struct hub_conf *hub_conf_read(const char *path,
			       char error[UCI_ERROR_MAX]) MUST_CHECK;
void hub_conf_print(const struct hub_conf *c, FILE *out); /* no passwords */
void hub_conf_free(struct hub_conf *c);

struct city_conf *city_conf_read(const char *path,
				 char error[UCI_ERROR_MAX]) MUST_CHECK;
void city_conf_free(struct city_conf *c);

#endif
