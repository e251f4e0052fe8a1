/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/voucher/voucher.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/config/settings_read.h"
#include "common/mkdir_for.h"
#include "portal/voucher/voucher_publish.h"

enum cli_exit voucher_session_init(struct voucher_session *d,
				   const struct cli *cli)
{
	enum cli_exit code;

	*d = (struct voucher_session){ .cli = cli, .now_s = time(NULL) };
	if (cli->city.codes) {
		code = city_codes_open(&d->city, cli);
		d->file = d->city.file;
		d->user = d->city.user;
		return code;
	}
	d->settings = cli_settings(cli);
	if (!d->settings)
		return CLI_USAGE;
	d->file = d->settings->voucher.file;
	d->user = d->settings->portal.user;
	return CLI_DONE;
}

void voucher_session_close(struct voucher_session *d)
{
	voucher_db_close(d->db);
	voucher_key_clear(&d->key);
	settings_free(d->settings);
	if (d->cli->city.codes)
		city_codes_close(&d->city);
	d->db = NULL;
	d->settings = NULL;
}

enum cli_exit voucher_session_fail(const struct voucher_session *d, int err)
{
	return cli_fail(d->cli, CLI_FAILED, "%s: %s", d->file,
			voucher_db_reason(err));
}

/* --- becoming the portal ----------------------------------------------- */

/* Whoever is not root stays who they are: they may read it or not. */
static enum cli_exit become_portal(const struct voucher_session *d,
				   bool is_making)
{
	const char *key = d->settings ? d->settings->voucher.key : d->file;
	struct privs_user user;
	int err;

	if (geteuid() != 0)
		return CLI_DONE;
	if (privs_find_user(d->user, &user) < 0)
		return cli_fail(d->cli, CLI_FAILED,
				"user '%s' not found, the %s's user in the "
				"config",
				d->user, d->settings ? "portal" : "hub");
	if (is_making) {
		err = mkdir_for(d->file, &user);
		if (err)
			return voucher_session_fail(d, err);
		err = mkdir_for(key, &user);
		if (err)
			return cli_fail(d->cli, CLI_FAILED, "%s: %s", key,
					strerror(-err));
	}
	err = privs_drop(&user, false);
	return err ? cli_fail(d->cli, CLI_FAILED, "user %s: %s", d->user,
			      strerror(-err))
		   : CLI_DONE;
}

/* --- the database ------------------------------------------------------ */

static enum cli_exit fail_key(const struct voucher_session *d, int err)
{
	const char *path = d->settings->voucher.key;

	if (err == -EBADMSG)
		return cli_fail(d->cli, CLI_FAILED,
				"%s: not a key, which has %d bytes", path,
				VOUCHER_KEY_BYTES);
	return cli_fail(d->cli, CLI_FAILED, "%s: %s", path, strerror(-err));
}

static enum cli_exit fail_missing(const struct voucher_session *d)
{
	return cli_fail(d->cli, CLI_NOT_FOUND,
			"there are no vouchers yet: stadttor %svoucher create "
			"makes %s",
			d->settings ? "" : "city ", d->file);
}

static bool is_there(const char *path)
{
	struct stat s;

	return stat(path, &s) == 0 || errno != ENOENT;
}

/* A new key would make all codes that exist worthless. */
static int find_key(struct voucher_session *d, bool is_making)
{
	const char *path;

	if (!d->settings) {
		memcpy(d->key.byte, d->city.key, sizeof(d->key.byte));
		d->key.is_citys = true;
		return 0;
	}
	path = d->settings->voucher.key;
	return is_making && !is_there(d->file)
		       ? voucher_key_make(&d->key, path)
		       : voucher_key_read(&d->key, path);
}

int voucher_session_publish(struct voucher_session *d)
{
	return d->settings ? 0 : voucher_publish_sign(d->db, d->city.seed);
}

enum cli_exit voucher_session_open(struct voucher_session *d,
				   enum voucher_db_mode mode)
{
	bool is_making = mode == VOUCHER_DB_MAKE;
	enum cli_exit code = become_portal(d, is_making);
	int err;

	if (code)
		return code;
	umask(0077);
	if (!is_making && !is_there(d->file))
		return fail_missing(d);
	err = find_key(d, is_making);
	if (err)
		return fail_key(d, err);
	err = voucher_db_open(&d->db, d->file, &d->key, mode);
	if (!err && !d->settings)
		err = voucher_publish_set_up(d->db);
	if (err == -ENOENT && !is_making)
		return fail_missing(d);
	return err ? voucher_session_fail(d, err) : CLI_DONE;
}
