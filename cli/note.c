/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `stadttor note`: what operators write at days. In the portal's history, and
 * as the portal's user, so that the portal can still write it. */
#include "cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "cli/format.h"
#include "common/config/settings_read.h"
#include "common/mkdir_for.h"
#include "common/quantity.h"
#include "portal/history/history_db.h"
#include "portal/store/usage_report.h"

struct note_job {
	const struct cli *cli;
	char path[HISTORY_PATH_MAX];
	struct history_db *db;
	struct json_object *json; /* of a list */
	struct table *table;
};

static enum cli_exit failed(const struct note_job *j, int err)
{
	return cli_fail(j->cli, CLI_FAILED, "%s: %s", j->path,
			history_db_reason(err));
}

/* Whoever is not root stays who they are: they may write it or not. */
static enum cli_exit become_portal(const struct note_job *j, const char *name)
{
	struct privs_user user;
	int err;

	if (geteuid() != 0)
		return CLI_DONE;
	if (privs_find_user(name, &user) < 0)
		return cli_fail(j->cli, CLI_FAILED,
				"user '%s' not found, the portal's user in the "
				"config",
				name);
	err = mkdir_for(j->path, &user);
	if (!err)
		err = privs_drop(&user, false);
	return err ? failed(j, err) : CLI_DONE;
}

/* close_job() is due in any case. */
static enum cli_exit open_job(struct note_job *j, const struct cli *cli)
{
	struct settings *s = cli_settings(cli);
	enum cli_exit code = CLI_DONE;
	int err;

	*j = (struct note_job){ .cli = cli };
	if (!s)
		return CLI_USAGE;
	history_db_path(j->path, s->usage.file);
	if (!*j->path)
		code = cli_fail(cli, CLI_FAILED,
				"the config keeps figures in memory alone, so "
				"notes have no file");
	if (!code)
		code = become_portal(j, s->portal.user);
	settings_free(s);
	if (code)
		return code;
	umask(0077);
	err = history_db_open(&j->db, j->path);
	return err ? failed(j, err) : CLI_DONE;
}

static void close_job(struct note_job *j)
{
	history_db_close(j->db);
}

static void put_day(char text[16], uint32_t day)
{
	snprintf(text, 16, "%04u-%02u-%02u", day / 10000, day / 100 % 100,
		 day % 100);
}

/* --- adding ------------------------------------------------------------ */

static enum cli_exit take_note(const struct cli *cli, struct history_note *n)
{
	if (!*cli->args[0] || !usage_report_parse_day(cli->args[0], &n->day))
		return cli_fail(cli, CLI_USAGE,
				"invalid value '%.40s' for DAY, allowed: a day "
				"such as 2026-11-24, today, yesterday, or -7d "
				"(so many days ago)",
				cli->args[0]);
	if (!history_note_is_valid(cli->args[1]))
		return cli_fail(cli, CLI_USAGE,
				"invalid value '%.40s' for TEXT, allowed: 1 to "
				"%d bytes without control characters",
				cli->args[1], HISTORY_NOTE_MAX - 1);
	snprintf(n->text, sizeof(n->text), "%s", cli->args[1]);
	return CLI_DONE;
}

static void print_added(const struct cli *cli, int64_t id)
{
	struct json_object *o;

	if (!cli->json) {
		printf("note %" PRId64 "\n", id);
		return;
	}
	o = json_object_new_object();
	json_object_object_add(o, "id", json_object_new_int64(id));
	cli_print_json(o);
}

enum cli_exit cli_note_add(const struct cli *cli)
{
	struct history_note n = { .id = 0 };
	struct note_job j = { .cli = cli };
	enum cli_exit code = take_note(cli, &n);
	int err;

	if (!code)
		code = open_job(&j, cli);
	if (!code) {
		err = history_db_add_note(j.db, &n);
		if (err == -ENOSPC)
			code = cli_fail(cli, CLI_FAILED,
					"there are %d notes, which is the "
					"most",
					HISTORY_NOTES_MAX);
		else if (err)
			code = failed(&j, err);
		else
			print_added(cli, n.id);
	}
	close_job(&j);
	return code;
}

/* --- listing ----------------------------------------------------------- */

static void list_note(const struct history_note *n, void *arg)
{
	struct note_job *j = arg;
	char id[24], day[16];
	const char *const cells[] = { id, day, n->text };
	struct json_object *o;

	put_day(day, n->day);
	if (!j->json) {
		snprintf(id, sizeof(id), "%" PRId64, n->id);
		table_add(j->table, cells);
		return;
	}
	o = json_object_new_object();
	json_object_object_add(o, "id", json_object_new_int64(n->id));
	json_object_object_add(o, "day", json_object_new_string(day));
	json_object_object_add(o, "text", json_object_new_string(n->text));
	json_object_array_add(j->json, o);
}

enum cli_exit cli_note_list(const struct cli *cli)
{
	static const char *const headings[] = { "NUMBER", "DAY", "NOTE" };
	struct note_job j;
	enum cli_exit code = open_job(&j, cli);
	int err;

	if (!code) {
		j.json = cli->json ? json_object_new_array() : NULL;
		j.table = cli->json ? NULL : table_new("rll", headings);
		err = cli->json || j.table
			      ? history_db_list_notes(j.db, 0, 0, list_note, &j)
			      : -ENOMEM;
		if (err)
			code = failed(&j, err);
		else if (cli->json)
			cli_print_json(json_object_get(j.json));
		else
			table_print(j.table, stdout);
		json_object_put(j.json);
		table_free(j.table);
	}
	close_job(&j);
	return code;
}

/* --- removing ---------------------------------------------------------- */

enum cli_exit cli_note_remove(const struct cli *cli)
{
	struct note_job j = { .cli = cli };
	enum cli_exit code = CLI_DONE;
	uint64_t id;
	int err;

	if (!quantity_parse_number(cli->args[0], &id) || id > INT64_MAX)
		return cli_fail(cli, CLI_USAGE,
				"invalid value '%.40s' for NUMBER, allowed: "
				"one of stadttor note list",
				cli->args[0]);
	code = open_job(&j, cli);
	if (!code) {
		err = history_db_remove_note(j.db, (int64_t)id);
		if (err == -ENOENT)
			code = cli_fail(cli, CLI_NOT_FOUND,
					"there is no note %" PRIu64, id);
		else if (err)
			code = failed(&j, err);
	}
	close_job(&j);
	return code;
}
