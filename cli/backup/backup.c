/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a box cannot be given anew: its config with the files that it names,
 * accounts, codes with their key, and figures, into a folder and back. A
 * database is copied as of one moment, also while the portal writes it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "cli/cli.h"
#include "cli/backup/copy.h"
#include "cli/backup/named.h"
#include "cli/backup/open_file.h"
#include "common/array.h"
#include "common/config/settings_read.h"
#include "common/mkdir_for.h"
#include "portal/admin/accounts.h"
#include "portal/history/history_db.h"
#include "portal/store/store_db.h"
#include "portal/util/sqlite.h"
#include "portal/voucher/voucher_db.h"

#define BUSY_MS 10000

struct piece {
	const char *name; /* in the folder */
	const char *what; /* for people */
	/* where the box has it; empty: nowhere */
	const char *(*place)(const struct cli *cli, const struct settings *s);
	bool is_database;
	bool is_portals; /* in a folder of the portal's user; else root's */
};

static const char *place_config(const struct cli *cli, const struct settings *s)
{
	(void)s;
	return cli->config;
}

static const char *place_accounts(const struct cli *cli,
				  const struct settings *s)
{
	(void)cli;
	return s->admin.accounts;
}

static const char *place_key(const struct cli *cli, const struct settings *s)
{
	(void)cli;
	return s->voucher.key;
}

static const char *place_codes(const struct cli *cli, const struct settings *s)
{
	(void)cli;
	return s->voucher.file;
}

static const char *place_figures(const struct cli *cli,
				 const struct settings *s)
{
	(void)cli;
	return s->usage.file;
}

static const char *place_history(const struct cli *cli,
				 const struct settings *s)
{
	static char path[HISTORY_PATH_MAX];

	(void)cli;
	history_db_path(path, s->usage.file);
	return path;
}

enum { CONFIG, ACCOUNTS, KEY, CODES, FIGURES, HISTORY, PIECES };

static const struct piece pieces[PIECES] = {
	[CONFIG] = { .name = "config",
		     .what = "config",
		     .place = place_config },
	[ACCOUNTS] = { .name = "accounts",
		       .what = "accounts",
		       .place = place_accounts },
	[KEY] = { .name = "vouchers.key",
		  .what = "the codes' key",
		  .place = place_key,
		  .is_portals = true },
	[CODES] = { .name = "vouchers.db",
		    .what = "codes",
		    .place = place_codes,
		    .is_database = true,
		    .is_portals = true },
	[FIGURES] = { .name = "figures.db",
		      .what = "figures",
		      .place = place_figures,
		      .is_database = true,
		      .is_portals = true },
	[HISTORY] = { .name = "history.db",
		      .what = "history",
		      .place = place_history,
		      .is_database = true,
		      .is_portals = true },
};

struct backup {
	const struct cli *cli;
	const char *folder;
	struct settings *settings;
	struct privs_user portal; /* of a restore, as the next */
	struct named *named;
};

static enum cli_exit failed(const struct backup *b, const char *path, int err)
{
	return cli_fail(b->cli, CLI_FAILED, "%s: %s", path, strerror(-err));
}

static int path_of(const struct backup *b, const struct piece *p,
		   char path[PATH_MAX])
{
	int len = snprintf(path, PATH_MAX, "%s/%s", b->folder, p->name);

	return len >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* --- copies ------------------------------------------------------------ */

static int copy_pages(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *copy = sqlite3_backup_init(to, "main", from, "main");
	int code;

	if (!copy)
		return sqlite_error(to, sqlite3_errcode(to));
	sqlite3_backup_step(copy, -1);
	code = sqlite3_backup_finish(copy);
	return sqlite_error(to, code);
}

/* As of one moment. The file at to is there already, and empty. */
static int copy_database(const char *from, const char *to)
{
	sqlite3 *a = NULL, *b = NULL;
	int err = sqlite_error(
		a, sqlite3_open_v2(from, &a,
				   SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW,
				   NULL));

	if (!err)
		err = sqlite_error(
			b,
			sqlite3_open_v2(to, &b, SQLITE_OPEN_READWRITE, NULL));
	if (!err) {
		sqlite3_busy_timeout(a, BUSY_MS);
		err = copy_pages(a, b);
	}
	sqlite3_close(a);
	sqlite3_close(b);
	return err;
}

/* --- backup ------------------------------------------------------------ */

/* Keys and hashes of passwords go into it, so nobody else may look. */
static enum cli_exit make_folder(const struct backup *b)
{
	if (mkdir(b->folder, 0700) == 0)
		return CLI_DONE;
	if (errno == EEXIST && rmdir(b->folder) == 0 &&
	    mkdir(b->folder, 0700) == 0)
		return CLI_DONE; /* it was empty */
	if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
		return cli_fail(b->cli, CLI_FAILED,
				"%s: it is there already, and not an empty "
				"folder",
				b->folder);
	return failed(b, b->folder, -errno);
}

static int back_up_to(const struct piece *p, const char *from, const char *to)
{
	int in = copy_open(from);
	int out = in < 0 ? in : copy_create(to);
	int err = out < 0 ? out : 0;

	if (!err)
		err = copy_finish(out, to,
				  p->is_database ? copy_database(from, to)
						 : copy_bytes(in, out));
	if (in >= 0)
		close(in);
	return err;
}

static enum cli_exit back_up(const struct backup *b, const struct piece *p)
{
	const char *from = p->place(b->cli, b->settings);
	char to[PATH_MAX];
	int err = path_of(b, p, to);

	if (err)
		return failed(b, b->folder, err);
	if (!*from || (access(from, F_OK) < 0 && errno == ENOENT)) {
		printf("%-14s none here\n", p->what);
		return CLI_DONE;
	}
	err = back_up_to(p, from, to);
	if (err == -EINVAL)
		return cli_fail(b->cli, CLI_FAILED,
				"%s: not a regular file with one name", from);
	if (err)
		return failed(b, from, err);
	printf("%-14s %s\n", p->what, from);
	return CLI_DONE;
}

enum cli_exit cli_backup(const struct cli *cli)
{
	struct backup b = { .cli = cli, .folder = cli->args[0] };
	enum cli_exit code = CLI_DONE;

	b.settings = cli_settings(cli);
	if (!b.settings)
		return CLI_USAGE;
	umask(0077);
	code = make_folder(&b);
	for (size_t i = 0; !code && i < PIECES; i++)
		code = back_up(&b, &pieces[i]);
	if (!code)
		code = named_back_up(cli, b.folder, b.settings);
	settings_free(b.settings);
	return code;
}

/* --- restore ----------------------------------------------------------- */

static bool has(const struct backup *b, const struct piece *p,
		char path[PATH_MAX])
{
	return !path_of(b, p, path) && access(path, F_OK) == 0;
}

/* What is wrong with a database of the backup, if anything is. */
static const char *judge_figures(const char *path)
{
	struct store_db *db;
	int err = store_db_open(&db, path, STORE_DB_STILL);

	if (err)
		return strerror(-err);
	store_db_close(db);
	return NULL;
}

static const char *judge_codes(const struct backup *b, const char *path)
{
	char key_path[PATH_MAX];
	struct voucher_key key;
	struct voucher_db *db;
	int err = path_of(b, &pieces[KEY], key_path);

	if (!err)
		err = voucher_key_read(&key, key_path);
	if (err)
		return "its key is not in the backup, or broken";
	err = voucher_db_open(&db, path, &key, VOUCHER_DB_USE);
	voucher_key_clear(&key);
	if (err)
		return voucher_db_reason(err);
	voucher_db_close(db);
	return NULL;
}

static const char *judge_key(const char *path)
{
	struct voucher_key key;
	int err = voucher_key_read(&key, path);

	voucher_key_clear(&key);
	return err ? voucher_db_reason(err == -ENOENT ? -ENOKEY : err) : NULL;
}

static const char *judge_history(const char *path)
{
	struct history_db *db;
	int err = history_db_open(&db, path);

	if (err)
		return history_db_reason(err);
	history_db_close(db);
	return NULL;
}

static const char *judge_accounts(const char *path,
				  char error[ACCOUNTS_ERROR_MAX])
{
	struct accounts *a = accounts_read(path, error);

	accounts_free(a);
	return a ? NULL : error;
}

static const char *judge(const struct backup *b, size_t piece, const char *path,
			 char error[ACCOUNTS_ERROR_MAX])
{
	switch (piece) {
	case ACCOUNTS:
		return judge_accounts(path, error);
	case KEY:
		return judge_key(path);
	case CODES:
		return judge_codes(b, path);
	case FIGURES:
		return judge_figures(path);
	case HISTORY:
		return judge_history(path);
	default:
		return NULL; /* the config was read */
	}
}

/* Before anything is changed. */
static enum cli_exit check_piece(const struct backup *b, size_t i)
{
	const char *to = pieces[i].place(b->cli, b->settings);
	char from[PATH_MAX], error[ACCOUNTS_ERROR_MAX];
	const char *wrong;
	pid_t holder;

	if (!has(b, &pieces[i], from))
		return CLI_DONE;
	wrong = judge(b, i, from, error);
	if (wrong)
		return cli_fail(b->cli, CLI_FAILED, "%s: %s", from, wrong);
	if (!*to)
		return cli_fail(b->cli, CLI_FAILED,
				"%s: the config of the backup has no place "
				"for it",
				from);
	holder = pieces[i].is_database ? open_file_holder(to) : 0;
	if (!holder)
		return CLI_DONE;
	return cli_fail(b->cli, CLI_FAILED,
			"%s: process %d has it open; stop stadttor-portal "
			"first",
			to, (int)holder);
}

/* As the file that is there; else for the group of the portal alone. */
static int give_rights(const struct backup *b, int fd, const char *path)
{
	struct stat st = { .st_mode = 0640, .st_gid = b->portal.gid };

	if (geteuid() != 0)
		return 0;
	if (lstat(path, &st) < 0 && errno != ENOENT)
		return -errno;
	return fchown(fd, st.st_uid, st.st_gid) < 0 ||
			       fchmod(fd, st.st_mode & 0777) < 0
		       ? -errno
		       : 0;
}

/*
 * What a killed portal has left in journals goes into the old database, if that
 * can be; the new one must never meet them.
 */
static void settle(const char *path)
{
	static const char *const ends[] = { "-wal", "-shm", "-journal" };
	char name[PATH_MAX];
	sqlite3 *db;

	if (!sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL))
		sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL,
			     NULL);
	sqlite3_close(db);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (snprintf(name, sizeof(name), "%s%s", path, ends[i]) <
		    PATH_MAX)
			unlink(name);
}

static int write_fresh(const struct backup *b, const struct piece *p, int in,
		       const char *fresh, const char *to)
{
	int out, err;

	unlink(fresh);
	out = copy_create(fresh);
	if (out < 0)
		return out;
	err = copy_bytes(in, out);
	if (!err && !p->is_portals)
		err = give_rights(b, out, to);
	return copy_finish(out, fresh, err);
}

static enum cli_exit restore(const struct backup *b, const struct piece *p,
			     int in)
{
	const char *to = p->place(b->cli, b->settings);
	char fresh[PATH_MAX];
	int err;

	if (in < 0)
		return CLI_DONE;
	if (snprintf(fresh, sizeof(fresh), "%s.restore", to) >= PATH_MAX)
		return failed(b, to, -ENAMETOOLONG);
	err = write_fresh(b, p, in, fresh, to);
	if (!err && p->is_database)
		settle(to);
	if (!err)
		err = copy_swap_in(fresh, to);
	if (err) {
		unlink(fresh);
		return failed(b, to, err);
	}
	printf("%-14s %s\n", p->what, to);
	return CLI_DONE;
}

/* The file, and as root the folder that it goes to; -ENOENT: it is not in it.
 */
static int open_piece(const struct backup *b, const struct piece *p)
{
	char from[PATH_MAX];
	int err = 0;

	if (!has(b, p, from))
		return -ENOENT;
	if (geteuid() == 0)
		err = mkdir_for(p->place(b->cli, b->settings), &b->portal);
	return err ? err : copy_open(from);
}

/*
 * Root's files first. What lies in folders of the portal's user is written by
 * that user, who could lead root elsewhere.
 */
static enum cli_exit restore_all(const struct backup *b)
{
	enum cli_exit code = CLI_DONE;
	int in[PIECES], err = 0;

	for (size_t i = 0; i < PIECES; i++) {
		in[i] = open_piece(b, &pieces[i]);
		if (in[i] < 0 && in[i] != -ENOENT)
			return failed(b, pieces[i].name, in[i]);
	}
	code = named_restore(b->named, false);
	for (size_t i = 0; !code && i < PIECES; i++)
		if (!pieces[i].is_portals)
			code = restore(b, &pieces[i], in[i]);
	if (!code && geteuid() == 0)
		err = privs_drop(&b->portal, false);
	if (err)
		return failed(b, b->settings->portal.user, err);
	if (!code)
		code = named_restore(b->named, true);
	for (size_t i = 0; !code && i < PIECES; i++)
		if (pieces[i].is_portals)
			code = restore(b, &pieces[i], in[i]);
	return code;
}

static enum cli_exit open_backup(struct backup *b)
{
	char config[PATH_MAX], error[UCI_ERROR_MAX];
	int err = path_of(b, &pieces[CONFIG], config);

	if (err)
		return failed(b, b->folder, err);
	if (access(config, R_OK) < 0)
		return cli_fail(b->cli, CLI_NOT_FOUND,
				"%s: %s; is this a folder of stadttor backup?",
				config, strerror(errno));
	b->settings = settings_read(config, error);
	if (!b->settings)
		return cli_fail(b->cli, CLI_FAILED, "%s", error);
	if (privs_find_user(b->settings->portal.user, &b->portal) < 0 &&
	    geteuid() == 0)
		return cli_fail(b->cli, CLI_FAILED,
				"user '%s' of the backup's config not found",
				b->settings->portal.user);
	return CLI_DONE;
}

enum cli_exit cli_restore(const struct cli *cli)
{
	struct backup b = { .cli = cli, .folder = cli->args[0] };
	enum cli_exit code = open_backup(&b);

	umask(0077);
	for (size_t i = 0; !code && i < PIECES; i++)
		code = check_piece(&b, i);
	if (!code)
		code = named_open(cli, b.folder, b.settings, &b.named);
	if (!code)
		code = restore_all(&b);
	if (!code)
		puts("What was there before is beside it, as *" COPY_KEPT
		     ". Now start stadttor-portal, and reload "
		     "stadttor-netctl.");
	named_free(b.named);
	settings_free(b.settings);
	return code;
}
