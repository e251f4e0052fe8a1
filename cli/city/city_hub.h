/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The folder of a city on its hub's host, by default /etc/stadttor/hub: the
 * secret, and what is made of it for the hub's daemon and for the store. One
 * command at a time has it.
 */
#ifndef STADTTOR_CLI_CITY_CITY_HUB_H
#define STADTTOR_CLI_CITY_CITY_HUB_H

#include "cli/city/city_acl.h"
#include "cli/city/city_secret.h"
#include "cli/cli.h"

#define CITY_HUB_FOLDER "/etc/stadttor/hub"
#define CITY_HUB_USER	"stadttor-hub"
#define CITY_FILE_MAX	256 /* a path in it, with its NUL */

struct city_hub {
	const struct cli *cli;
	const char *folder;
	int lock;
	bool is_new; /* there was no secret */
	struct city_secret secret;
	struct city_store *node[CITY_NODES_MAX]; /* NULL: not reached */
	char why[CITY_NODES_MAX][CITY_WHY_MAX];	 /* and that is why */
	struct city_store *master;		 /* one of them, or NULL */
	int64_t now_s;
};

enum city_hub_mode {
	CITY_HUB_READ,
	CITY_HUB_CHANGE, /* waits until nobody else does */
	CITY_HUB_MAKE,	 /* and makes it where it is missing */
};

/* Otherwise than CLI_DONE: it has said why. Closing is due in any case. */
enum cli_exit city_hub_open(struct city_hub *h, const struct cli *cli,
			    enum city_hub_mode mode);
void city_hub_close(struct city_hub *h);

/* Says "FOLDER/name: reason". */
enum cli_exit city_hub_fail(const struct city_hub *h, const char *name,
			    int err);

/* The path of a file in the folder. Returns out. */
const char *city_hub_path(const struct city_hub *h, const char *name,
			  char out[CITY_FILE_MAX]);

enum city_reader {
	CITY_ROOT,     /* 0600 */
	CITY_DAEMON,   /* 0640, the hub's group's, where there is one */
	CITY_EVERYONE, /* 0644 */
};

/*
 * Writes a file, or puts it in another's place; it is the old one or the new
 * one, whatever happens.
 */
enum cli_exit city_hub_write(const struct city_hub *h, const char *name,
			     enum city_reader reader,
			     bool (*print)(FILE *out, const void *arg),
			     const void *arg);

/* One that is there and stays as it is, for who is to read it. */
enum cli_exit city_hub_give(const struct city_hub *h, const char *name,
			    enum city_reader reader);

/* Makes a folder in it that is root's alone. */
enum cli_exit city_hub_mkdir(const struct city_hub *h, const char *name);

/* The secret, and what is made of it and changes with the sites. */
enum cli_exit city_hub_save(const struct city_hub *h);

/* Files of the store that do not change with the sites, and the hub's. */
enum cli_exit city_store_files(const struct city_hub *h);

/*
 * To all servers of the store, as the admin. With is_all, one that cannot be
 * reached, and none of them taking writes, is a failure. The clocks of the
 * store and of this host must agree, and the key is moved on to today.
 */
enum cli_exit city_hub_connect(struct city_hub *h, bool is_all);

/*
 * On each server that is reached: makes the site's login, or takes away a login
 * by name, and reads back what has become of it. false: it has said why.
 */
bool city_hub_let_in(struct city_hub *h, const struct city_site *site);
bool city_hub_shut_out(struct city_hub *h, const char *site);

/* Empties what a site has in the store; on the master. */
bool city_hub_forget(struct city_hub *h, const char *site);

/* Sends the newest blob to those who have one. false: it has said why. */
bool city_hub_send_blobs(struct city_hub *h);

#endif
