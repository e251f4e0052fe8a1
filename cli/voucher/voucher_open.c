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

enum cli_exit voucher_session_init(struct voucher_session *d,
				   const struct cli *cli)
{
	*d = (struct voucher_session){ .cli = cli, .now_s = time(NULL) };
	d->settings = cli_settings(cli);
	return d->settings ? CLI_DONE : CLI_USAGE;
}

void voucher_session_close(struct voucher_session *d)
{
	voucher_db_close(d->db);
	voucher_key_clear(&d->key);
	settings_free(d->settings);
	d->db = NULL;
	d->settings = NULL;
}

enum cli_exit voucher_session_fail(const struct voucher_session *d, int err)
{
	return cli_fail(d->cli, CLI_FAILED, "%s: %s", d->settings->voucher.file,
			voucher_db_reason(err));
}

/* --- becoming the portal ----------------------------------------------- */

/* Whoever is not root stays who they are: they may read it or not. */
static enum cli_exit become_portal(const struct voucher_session *d,
				   bool is_making)
{
	const struct voucher_settings *v = &d->settings->voucher;
	const char *name = d->settings->portal.user;
	struct privs_user user;
	int err;

	if (geteuid() != 0)
		return CLI_DONE;
	if (privs_find_user(name, &user) < 0)
		return cli_fail(d->cli, CLI_FAILED,
				"user '%s' not found, the portal's user in the "
				"config",
				name);
	if (is_making) {
		err = mkdir_for(v->file, &user);
		if (err)
			return voucher_session_fail(d, err);
		err = mkdir_for(v->key, &user);
		if (err)
			return cli_fail(d->cli, CLI_FAILED, "%s: %s", v->key,
					strerror(-err));
	}
	err = privs_drop(&user, false);
	return err ? cli_fail(d->cli, CLI_FAILED, "user %s: %s", name,
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
			"there are no vouchers yet: stadttor voucher create "
			"makes %s",
			d->settings->voucher.file);
}

static bool is_there(const char *path)
{
	struct stat s;

	return stat(path, &s) == 0 || errno != ENOENT;
}

enum cli_exit voucher_session_open(struct voucher_session *d,
				   enum voucher_db_mode mode)
{
	const struct voucher_settings *v = &d->settings->voucher;
	bool is_making = mode == VOUCHER_DB_MAKE;
	enum cli_exit code = become_portal(d, is_making);
	int err;

	if (code)
		return code;
	umask(0077);
	if (!is_making && !is_there(v->file))
		return fail_missing(d);
	/* a new key would make all codes that exist worthless */
	err = is_making && !is_there(v->file)
		      ? voucher_key_make(&d->key, v->key)
		      : voucher_key_read(&d->key, v->key);
	if (err)
		return fail_key(d, err);
	err = voucher_db_open(&d->db, v->file, &d->key, mode);
	if (err == -ENOENT && !is_making)
		return fail_missing(d);
	return err ? voucher_session_fail(d, err) : CLI_DONE;
}
