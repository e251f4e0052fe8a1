/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `stadttor passwd`: who may see the dashboard. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "cli/prompt.h"
#include "common/config/settings_read.h"
#include "common/privs.h"
#include "portal/admin/accounts.h"
#include "portal/util/file.h"

struct edit {
	const struct cli *cli;
	const char *path; /* of the accounts */
	const struct cli_accounts *accounts_of;
	const char *name; /* NULL: with --list */
	char *text;	  /* as it is now */
	size_t len;
	struct accounts *accounts;
	int lock; /* on the folder */
	unsigned int removed;
	enum account_role role;
};

static enum cli_exit fail_file(const struct edit *e, int err)
{
	return cli_fail(e->cli, CLI_FAILED, "%s: %s", e->path, strerror(err));
}

/* --- the file as it is ------------------------------------------------- */

/* Two at once would each lose what the other writes. */
static enum cli_exit lock_folder(struct edit *e)
{
	const char *slash = strrchr(e->path, '/');
	char folder[512];

	if (slash)
		snprintf(folder, sizeof(folder), "%.*s/",
			 (int)(slash - e->path), e->path);
	else
		snprintf(folder, sizeof(folder), ".");
	if (mkdir(folder, 0755) == 0)
		chmod(folder, 0755); /* whatever the umask is */
	else if (errno != EEXIST)
		return cli_fail(e->cli, CLI_FAILED, "%s: %s", folder,
				strerror(errno));
	e->lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (e->lock < 0 || flock(e->lock, LOCK_EX) < 0)
		return cli_fail(e->cli, CLI_FAILED, "%s: %s", folder,
				strerror(errno));
	return CLI_DONE;
}

static enum cli_exit read_file(struct edit *e)
{
	char error[ACCOUNTS_ERROR_MAX];

	e->text = file_read(e->path, ACCOUNTS_FILE_MAX, &e->len);
	if (!e->text && errno != ENOENT)
		return fail_file(e, errno);
	e->accounts =
		accounts_parse(e->path, e->text ? e->text : "", e->len, error);
	if (!e->accounts)
		return cli_fail(e->cli, CLI_FAILED, "%s", error);
	return CLI_DONE;
}

/* --- the file as it shall be ------------------------------------------- */

/* "user:NAME:" at the start of the line */
static bool is_of(const char *line, size_t len, const char *kind,
		  const char *name)
{
	size_t kind_len = strlen(kind);
	size_t name_len = strlen(name);

	return len > kind_len + name_len + 2 && !memcmp(line, kind, kind_len) &&
	       line[kind_len] == ':' &&
	       !memcmp(line + kind_len + 1, name, name_len) &&
	       line[kind_len + 1 + name_len] == ':';
}

/* What is to go; kind NULL: of any kind. */
static bool is_dropped(const struct edit *e, const char *line, size_t len,
		       const char *kind)
{
	if (kind)
		return is_of(line, len, kind, e->name);
	return is_of(line, len, "user", e->name) ||
	       is_of(line, len, "token", e->name);
}

static void write_lines(struct edit *e, FILE *out, const char *kind,
			const char *added)
{
	const char *line = e->text ? e->text : "";

	while (*line) {
		size_t len = strcspn(line, "\n");

		if (is_dropped(e, line, len, kind))
			e->removed++;
		else
			fprintf(out, "%.*s\n", (int)len, line);
		line += len + (line[len] == '\n');
	}
	fputs(added, out);
}

/* Whoever shows the dashboard must be able to read it again at a reload. */
static int hand_over(const struct edit *e, int fd)
{
	struct privs_user user;
	int err = privs_find_user(e->accounts_of->user, &user);

	if (err)
		return err;
	if (fchown(fd, (uid_t)-1, user.gid) < 0 || fchmod(fd, 0640) < 0)
		return -errno;
	return 0;
}

/* The file of that name is the old one or the new one, whatever happens. */
static enum cli_exit replace_file(struct edit *e, const char *kind,
				  const char *added)
{
	enum cli_exit code = CLI_DONE;
	char temporary[512];
	FILE *f;
	int fd, err;

	snprintf(temporary, sizeof(temporary), "%s.XXXXXX", e->path);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return fail_file(e, errno);
	err = hand_over(e, fd);
	if (err == -ENOENT)
		code = cli_fail(e->cli, CLI_FAILED, "user '%s' not found",
				e->accounts_of->user);
	else if (err)
		code = fail_file(e, -err);
	f = fdopen(fd, "w");
	if (!f) {
		close(fd);
		unlink(temporary);
		return code ? code : fail_file(e, ENOMEM);
	}
	write_lines(e, f, kind, added);
	if (!code && (fflush(f) || ferror(f) || fsync(fd) < 0 ||
		      rename(temporary, e->path) < 0 || fsync(e->lock) < 0))
		code = fail_file(e, errno);
	fclose(f);
	if (code)
		unlink(temporary);
	return code;
}

/* --- what can be done -------------------------------------------------- */

static enum cli_exit report(const struct edit *e, const char *what,
			    const char *kind, const char *token)
{
	struct json_object *o;

	if (!e->cli->json) {
		if (token)
			printf("%s\n", token);
		fprintf(token ? stderr : stdout,
			"%s: %s in %s; reload the %s to apply it\n", e->name,
			what, e->path, e->accounts_of->reader);
		return CLI_DONE;
	}
	o = json_object_new_object();
	json_object_object_add(o, "name", json_object_new_string(e->name));
	if (kind)
		json_object_object_add(o, "kind", json_object_new_string(kind));
	if (token)
		json_object_object_add(o, "token",
				       json_object_new_string(token));
	json_object_object_add(o, "file", json_object_new_string(e->path));
	cli_print_json(o);
	return CLI_DONE;
}

static enum cli_exit set_password(struct edit *e)
{
	char password[ACCOUNTS_PASSWORD_MAX + 2];
	char line[ACCOUNTS_LINE_MAX];
	enum cli_exit code =
		prompt_password(e->cli, password, sizeof(password));
	const char *complaint;

	if (code)
		return code;
	complaint = accounts_password_complaint(password);
	if (complaint)
		code = cli_fail(e->cli, CLI_FAILED, "%s", complaint);
	else if (accounts_build_user(line, e->name, password))
		code = cli_fail(e->cli, CLI_FAILED, "scrypt failed");
	explicit_bzero(password, sizeof(password));
	if (!code)
		accounts_put_role(line, e->role);
	if (!code)
		code = replace_file(e, "user", line);
	return code ? code : report(e, "password set", "user", NULL);
}

static enum cli_exit make_token(struct edit *e)
{
	char token[ACCOUNTS_TOKEN_MAX];
	char line[ACCOUNTS_LINE_MAX];
	enum cli_exit code;

	if (accounts_build_token(line, e->name, token))
		return cli_fail(e->cli, CLI_FAILED, "no randomness");
	accounts_put_role(line, e->role);
	code = replace_file(e, "token", line);
	if (!code)
		code = report(e, "token made", "token", token);
	explicit_bzero(token, sizeof(token));
	return code;
}

/* Who had one keeps it, unless another is given. */
static bool take_role(struct edit *e, enum account_kind kind)
{
	for (size_t i = 0; i < e->accounts->count; i++) {
		const struct account *a = &e->accounts->account[i];

		if (a->kind == kind && !strcmp(a->name, e->name))
			e->role = a->role;
	}
	return !e->cli->role || accounts_role_parse(e->cli->role, &e->role);
}

static bool has_account(const struct edit *e)
{
	for (size_t i = 0; i < e->accounts->count; i++)
		if (!strcmp(e->accounts->account[i].name, e->name))
			return true;
	return false;
}

static enum cli_exit delete_account(struct edit *e)
{
	enum cli_exit code;

	if (!has_account(e))
		return cli_fail(e->cli, CLI_NOT_FOUND,
				"%s: account '%s' not found", e->path, e->name);
	code = replace_file(e, NULL, "");
	return code ? code : report(e, "deleted", NULL, NULL);
}

static enum cli_exit list_accounts(const struct edit *e)
{
	struct json_object *list = json_object_new_array();
	struct json_object *all = json_object_new_object();

	for (size_t i = 0; i < e->accounts->count; i++) {
		const struct account *a = &e->accounts->account[i];
		const char *kind = a->kind == ACCOUNT_USER ? "user" : "token";
		const char *role = accounts_role_to_string(a->role);
		struct json_object *o = json_object_new_object();

		if (!e->cli->json)
			printf("%-5s %-8s %s\n", kind, role, a->name);
		json_object_object_add(o, "kind", json_object_new_string(kind));
		json_object_object_add(o, "name",
				       json_object_new_string(a->name));
		json_object_object_add(o, "role", json_object_new_string(role));
		json_object_array_add(list, o);
	}
	json_object_object_add(all, "accounts", list);
	if (e->cli->json)
		cli_print_json(all);
	else
		json_object_put(all);
	return CLI_DONE;
}

/* --- the command ------------------------------------------------------- */

static bool is_full(const struct edit *e)
{
	return e->accounts->count == ACCOUNTS_MAX && !has_account(e);
}

static enum cli_exit change(struct edit *e)
{
	enum cli_exit code;

	if (!accounts_name_is_valid(e->name))
		return cli_fail(
			e->cli, CLI_USAGE,
			"invalid name '%.40s', allowed: 1 to 32 letters, "
			"digits, '.', '_' or '-'",
			e->name);
	code = lock_folder(e);
	if (!code)
		code = read_file(e);
	if (code)
		return code;
	switch (e->cli->passwd) {
	case CLI_PASSWD_DELETE:
		return delete_account(e);
	case CLI_PASSWD_TOKEN:
	case CLI_PASSWD_SET:
	case CLI_PASSWD_LIST:
		break;
	}
	if (!take_role(e, e->cli->passwd == CLI_PASSWD_TOKEN ? ACCOUNT_TOKEN
							     : ACCOUNT_USER))
		return cli_fail(e->cli, CLI_USAGE,
				"invalid value '%.40s' for --role, allowed: "
				"read, vouchers or all",
				e->cli->role);
	if (is_full(e))
		return cli_fail(e->cli, CLI_FAILED,
				"%s: no room for another account", e->path);
	return e->cli->passwd == CLI_PASSWD_TOKEN ? make_token(e)
						  : set_password(e);
}

enum cli_exit cli_passwd_of(const struct cli *cli,
			    const struct cli_accounts *accounts)
{
	struct edit e = { .cli = cli,
			  .path = accounts->path,
			  .accounts_of = accounts,
			  .lock = -1 };
	enum cli_exit code;

	if (cli->passwd == CLI_PASSWD_LIST) {
		code = read_file(&e);
		if (!code)
			code = list_accounts(&e);
	} else {
		e.name = cli->args[0];
		code = change(&e);
	}
	accounts_free(e.accounts);
	free(e.text);
	if (e.lock >= 0)
		close(e.lock);
	return code;
}

enum cli_exit cli_passwd_check(const struct cli *cli)
{
	bool is_list = cli->passwd == CLI_PASSWD_LIST;

	if (is_list == (cli->arg_count == 1))
		return cli_fail(cli, CLI_USAGE,
				is_list ? "--list takes no name"
					: "the name of the account is missing");
	return CLI_DONE;
}

enum cli_exit cli_passwd(const struct cli *cli)
{
	enum cli_exit code = cli_passwd_check(cli);
	struct cli_accounts accounts = { .reader = "portal" };
	struct settings *s;

	if (code)
		return code;
	s = cli_settings(cli);
	if (!s)
		return CLI_USAGE;
	accounts.path = s->admin.accounts;
	accounts.user = s->portal.user;
	code = cli_passwd_of(cli, &accounts);
	settings_free(s);
	return code;
}
