/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may do what in the store: the rules of its access control list, for
 * Redis from 7.0 on and Valkey. A box may do four things with six keys.
 */
#ifndef STADTTOR_CLI_CITY_CITY_ACL_H
#define STADTTOR_CLI_CITY_CITY_ACL_H

#include <stdio.h>

#include "cli/city/city_secret.h"
#include "cli/city/city_store.h"

#define CITY_USER_MAX (CITY_NAME_MAX + 4)

/* "box-SITE". Returns out. */
const char *city_acl_user(const char *site, char out[CITY_USER_MAX]);

/* The name of a login that is no box's. */
const char *city_acl_account(enum city_account account);

/* The whole list as the server's aclfile, with nobody else in it. */
void city_acl_print(const struct city_secret *s, FILE *out);

/*
 * Make or replace the login of a site, take it away, and look whether it is
 * what it should be. Each on the server itself, for replicas do not pass it on;
 * city_acl_save() keeps it over the server's restarts. Taking away ends its
 * connections, too. false: why says what is wrong.
 */
bool city_acl_set(struct city_store *s, const struct city_site *site,
		  char why[CITY_WHY_MAX]) MUST_CHECK;
bool city_acl_drop(struct city_store *s, const char *user,
		   char why[CITY_WHY_MAX]) MUST_CHECK;
bool city_acl_save(struct city_store *s, char why[CITY_WHY_MAX]) MUST_CHECK;

enum city_acl_state {
	CITY_ACL_RIGHT,
	CITY_ACL_WRONG, /* there is one, and it may do other things */
	CITY_ACL_MISSING,
	CITY_ACL_UNKNOWN, /* why says what is wrong */
};
enum city_acl_state city_acl_look(struct city_store *s,
				  const struct city_site *site,
				  char why[CITY_WHY_MAX]);

/* Each login of a box that the server has. false: why says what is wrong. */
bool city_acl_each(struct city_store *s,
		   bool (*on_site)(const char *site, void *arg), void *arg,
		   char why[CITY_WHY_MAX]) MUST_CHECK;

#endif
