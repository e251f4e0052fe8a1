/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What root on the hub's host knows of a city: its key of the day, its logins,
 * and of each site the key by which a new key of the city reaches it. All other
 * files of the hub are made from this one; the hub's daemon never reads it.
 *
 * Lines of words between tabs, the last one says how many sites there are, so
 * that a file that is cut off is not taken for a smaller city.
 */
#ifndef STADTTOR_CLI_CITY_CITY_SECRET_H
#define STADTTOR_CLI_CITY_CITY_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/city/city_keys.h"
#include "common/log.h"

/* Each with its closing NUL. */
#define CITY_NAME_MAX	  33 /* of a city or a site */
#define CITY_TEXT_MAX	  64 /* district, title */
#define CITY_NODE_MAX	  262
#define CITY_PASSWORD_MAX 65
#define CITY_HASH_MAX	  65
#define CITY_PLACE_MAX	  24 /* a latitude, a longitude */
#define CITY_STORE_MAX	  200

#define CITY_NODES_MAX	5
#define CITY_SITES_MAX	10000
#define CITY_BLOB_BYTES 51 /* as it stands in k:SITE */
#define CITY_ERROR_MAX	320

/* Logins of the store that are no box's. */
enum city_account {
	CITY_ADMIN,
	CITY_HUB,
	CITY_SWITCH,
	CITY_REPLICA,
	CITY_SENTINEL,
	CITY_ACCOUNTS,
};

struct city_site {
	char name[CITY_NAME_MAX];
	char hash[CITY_HASH_MAX]; /* SHA-256 of its password */
	uint8_t wrap[CITY_KEY_SIZE];
	uint8_t blob[CITY_BLOB_BYTES];
	bool has_blob; /* of the newest generation it was not made with */
	char district[CITY_TEXT_MAX], title[CITY_TEXT_MAX];
	char lat[CITY_PLACE_MAX], lon[CITY_PLACE_MAX]; /* empty: unknown */
};

struct city_secret {
	char city[CITY_NAME_MAX];
	uint32_t shift_s;
	uint8_t generation;
	uint32_t day; /* of the key */
	uint8_t key[CITY_KEY_SIZE];
	bool has_codes; /* what follows; of older files it is to be made */
	uint8_t codes_seed[CITY_KEY_SIZE]; /* who has it makes codes */
	uint8_t codes_key[CITY_KEY_SIZE];  /* that boxes check them by */
	uint64_t memory_bytes;		   /* of the store */
	char store[CITY_STORE_MAX];	   /* folder on the store's hosts */
	char node[CITY_NODES_MAX][CITY_NODE_MAX];
	size_t nodes;
	char password[CITY_ACCOUNTS][CITY_PASSWORD_MAX];
	struct city_site *site; /* in the order of their names; as of
				   city_site_is_valid() */
	size_t sites;
};

/* 0, -errno, or -EBADMSG: error says where and what. */
int city_secret_parse(struct city_secret *s, char *text,
		      char error[CITY_ERROR_MAX]) MUST_CHECK;
void city_secret_print(const struct city_secret *s, FILE *out);
void city_secret_clear(struct city_secret *s);

/* NULL: there is none. */
struct city_site *city_secret_find(const struct city_secret *s,
				   const char *name);

/* A place for the site, which is not there yet. NULL: no room, errno says. */
struct city_site *city_secret_insert(struct city_secret *s, const char *name);
void city_secret_remove(struct city_secret *s, struct city_site *site);

/*
 * Puts the key of yesterday in the place of an earlier day's, which nobody can
 * find out again. -ERANGE: today is before the key's day, or far behind it.
 */
int city_secret_advance(struct city_secret *s, uint32_t today) MUST_CHECK;

/*
 * A new key of the city, from today on: one more generation, and for each site
 * a blob in which it travels. false: no random bytes, nothing has changed.
 */
bool city_secret_renew(struct city_secret *s, uint32_t today) MUST_CHECK;

/* Makes the keys of codes where there are none. false: no randomness. */
bool city_secret_make_codes(struct city_secret *s) MUST_CHECK;

/* A new password and, where it is not NULL, its hash. */
bool city_password_make(char password[CITY_PASSWORD_MAX],
			char hash[CITY_HASH_MAX]) MUST_CHECK;
void city_password_hash(const char *password, char hash[CITY_HASH_MAX]);

#endif
