/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `stadttor city join FILE` and `leave`, on a box. All of the file is checked
 * before anything is written, and the login is written last: with it the box is
 * in the city.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/city/city_file.h"
#include "common/array.h"
#include "common/config/settings_read.h"
#include "common/mkdir_for.h"
#include "common/privs.h"

struct joining {
	const struct cli *cli;
	struct settings *settings;
	const char *path; /* of the join file */
	struct city_file file;
	char login_path[CITY_PATH_MAX], ca_path[CITY_PATH_MAX];
	char keys_path[CITY_PATH_MAX];
	struct privs_user portal, netctl;
};

static enum cli_exit fail_path(const struct cli *cli, const char *path, int err)
{
	return cli_fail(cli, CLI_FAILED, "%s: %s", path, strerror(err));
}

/* --- the file ---------------------------------------------------------- */

static enum cli_exit read_file(struct joining *j)
{
	char error[UCI_ERROR_MAX];
	enum cli_exit code = CLI_DONE;
	size_t len;
	char *text;

	j->path = j->cli->args[0];
	text = uci_load(j->path, &len);
	if (!text)
		return cli_fail(j->cli, CLI_USAGE, "%s: %s", j->path,
				strerror(errno));
	if (!city_file_parse(&j->file, text, len, error))
		code = cli_fail(j->cli, CLI_USAGE, "%s:%s", j->path, error);
	explicit_bzero(text, len);
	free(text);
	return code;
}

/* --- where it goes ----------------------------------------------------- */

static enum cli_exit find_user(const struct joining *j, const char *name,
			       struct privs_user *user)
{
	if (!privs_find_user(name, user))
		return CLI_DONE;
	return cli_fail(j->cli, CLI_FAILED, "user '%s' of the config not found",
			name);
}

static enum cli_exit find_paths(struct joining *j)
{
	const char *folder = j->settings->city.folder;
	int n = snprintf(j->keys_path, CITY_PATH_MAX, "%s/" CITY_KEYS_FILE,
			 folder);

	if (n < CITY_PATH_MAX && city_login_path(j->login_path, folder) &&
	    city_ca_path(j->ca_path, folder))
		return CLI_DONE;
	return fail_path(j->cli, folder, ENAMETOOLONG);
}

static enum cli_exit begin(struct joining *j, const struct cli *cli)
{
	enum cli_exit code;

	*j = (struct joining){ .cli = cli };
	j->settings = cli_settings(cli);
	if (!j->settings)
		return CLI_USAGE;
	code = find_paths(j);
	if (!code)
		code = find_user(j, j->settings->portal.user, &j->portal);
	if (!code)
		code = find_user(j, j->settings->gate.user, &j->netctl);
	return code;
}

static void end(struct joining *j)
{
	city_file_clear(&j->file);
	settings_free(j->settings);
}

/* --- writing ----------------------------------------------------------- */

/* What is there may be another's idea of a folder, but not another's. */
static int make_folder(const char *path, mode_t mode,
		       const struct privs_user *owner)
{
	struct stat st;

	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return -errno;
	if (lstat(path, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	if (lchown(path, owner->uid, owner->gid) < 0 || chmod(path, mode) < 0)
		return -errno;
	return 0;
}

static enum cli_exit make_folders(const struct joining *j)
{
	const struct privs_user root = { .uid = geteuid(), .gid = getegid() };
	const char *folder = j->settings->city.folder;
	char inner[CITY_PATH_MAX];
	int err = mkdir_for(j->login_path, &root);

	if (!err)
		err = make_folder(folder, 0755, &root);
	if (err)
		return fail_path(j->cli, folder, -err);
	snprintf(inner, sizeof(inner), "%.*s",
		 (int)(strrchr(j->keys_path, '/') - j->keys_path),
		 j->keys_path);
	err = make_folder(inner, 0700, &j->netctl);
	return err ? fail_path(j->cli, inner, -err) : CLI_DONE;
}

static void print_ca(const struct city_file *f, FILE *out)
{
	fputs(city_file_ca(f), out);
}

/* The file of that name is the old one or the new one. 0 or -errno. */
static int write_file(const struct joining *j, const char *path, mode_t mode,
		      void (*print)(const struct city_file *f, FILE *out))
{
	char fresh[CITY_PATH_MAX + 8];
	int fd, err = 0;
	FILE *f;

	snprintf(fresh, sizeof(fresh), "%s.XXXXXX", path);
	fd = mkostemp(fresh, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	f = fdopen(fd, "w");
	if (!f) {
		close(fd);
		unlink(fresh);
		return -ENOMEM;
	}
	print(&j->file, f);
	if (fflush(f) || ferror(f) ||
	    fchown(fd, (uid_t)-1, j->portal.gid) < 0 || fchmod(fd, mode) < 0 ||
	    fsync(fd) < 0 || rename(fresh, path) < 0)
		err = errno ? -errno : -EIO;
	fclose(f);
	if (err)
		unlink(fresh);
	return err;
}

static enum cli_exit write_all(const struct joining *j)
{
	enum cli_exit code = make_folders(j);
	int err;

	if (code)
		return code;
	err = city_keys_write(j->keys_path, &j->file.keys, &j->netctl);
	if (err)
		return fail_path(j->cli, j->keys_path, -err);
	err = write_file(j, j->ca_path, 0644, print_ca);
	if (err)
		return fail_path(j->cli, j->ca_path, -err);
	err = write_file(j, j->login_path, 0640, city_file_print_login);
	return err ? fail_path(j->cli, j->login_path, -err) : CLI_DONE;
}

/* --- the commands ------------------------------------------------------ */

static bool is_joined(const struct joining *j)
{
	return access(j->login_path, F_OK) == 0 || errno != ENOENT;
}

static enum cli_exit join(struct joining *j)
{
	enum cli_exit code = read_file(j);

	if (code)
		return code;
	if (is_joined(j) && !j->cli->force)
		return cli_fail(j->cli, CLI_FAILED,
				"%s: this box is in a city already; stadttor "
				"city leave, or join with --force",
				j->login_path);
	code = write_all(j);
	if (code)
		return code;
	printf("%s of %s: joined; now: service stadttor reload (systemctl "
	       "reload stadttor-netctl stadttor-portal)\n"
	       "%s is not needed any more, and nobody else's: remove it.\n",
	       city_login_site(j->file.login), city_login_city(j->file.login),
	       j->path);
	return CLI_DONE;
}

enum cli_exit cli_city_join(const struct cli *cli)
{
	struct joining j;
	enum cli_exit code = begin(&j, cli);

	if (!code)
		code = join(&j);
	end(&j);
	return code;
}

/* The login first: without it the others are nothing. */
static enum cli_exit leave(const struct joining *j)
{
	const char *const path[] = { j->login_path, j->keys_path, j->ca_path };

	if (!is_joined(j))
		return cli_fail(j->cli, CLI_NOT_FOUND,
				"%s: this box is in no city", j->login_path);
	for (size_t i = 0; i < ARRAY_SIZE(path); i++)
		if (unlink(path[i]) < 0 && errno != ENOENT)
			return fail_path(j->cli, path[i], errno);
	puts("left; now: service stadttor reload (systemctl reload "
	     "stadttor-netctl stadttor-portal). On the hub: stadttor city "
	     "remove SITE");
	return CLI_DONE;
}

enum cli_exit cli_city_leave(const struct cli *cli)
{
	struct joining j;
	enum cli_exit code = begin(&j, cli);

	if (!code)
		code = leave(&j);
	end(&j);
	return code;
}
