/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `stadttor sessions`, `grant` and `revoke`. */
#include "cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "cli/format.h"
#include "cli/netctl_call.h"
#include "cli/netctl_status.h"
#include "cli/session_view.h"

static const struct timespec between_looks = { .tv_sec = 2 };

static int on_session(const union netctl_call_message *m, void *list)
{
	if (m->header.type == IPC_SESSION)
		return session_list_add(list, &m->session);
	if (m->header.type != IPC_ADDRESS)
		return -EPROTO;
	session_list_add_address(list, &m->address);
	return 0;
}

/* They come by pages; the cursor is where the next begins, 0: nowhere. */
static int fetch_all(struct netctl_call *t, bool show_addresses,
		     struct session_list *list)
{
	const struct netctl_call_handler h = { on_session, list };
	struct ipc_done done = { 0 };
	int err;

	do {
		struct ipc_list question = { .cursor = done.cursor,
					     .show_addresses = show_addresses };

		err = netctl_call_all(t, IPC_LIST, &question, &h, &done);
	} while (!err && done.cursor);
	return err;
}

/* Leaves the sessions of one zone only. */
static void keep_zone(struct session_list *l, const char *zone)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++)
		if (!strcmp(l->view[i].session.zone, zone))
			l->view[kept++] = l->view[i];
	l->count = kept;
}

static void print_json(const struct session_list *l, bool show_addresses)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < l->count; i++)
		json_object_array_add(
			list, session_to_json(&l->view[i], show_addresses));
	json_object_object_add(o, "sessions", list);
	cli_print_json(o);
}

/* What is there now. 0 or -errno. */
static int show(const struct cli *cli, struct netctl_call *t)
{
	struct session_list list = { 0 };
	int err = fetch_all(t, cli->show_addresses, &list);

	if (!err && cli->zone)
		keep_zone(&list, cli->zone);
	if (!err && cli->watch)
		format_clear_screen();
	if (!err && cli->json)
		print_json(&list, cli->show_addresses);
	else if (!err)
		err = session_list_print(&list, cli->show_addresses);
	session_list_clear(&list);
	return err;
}

/* Until somebody interrupts it, or netctl or the terminal is gone. */
static int watch(const struct cli *cli, struct netctl_call *t)
{
	int err;

	do {
		err = show(cli, t);
		if (fflush(stdout) || ferror(stdout))
			return err; /* said at the end of all commands */
	} while (!err &&
		 (nanosleep(&between_looks, NULL) == 0 || errno == EINTR));
	return err;
}

enum cli_exit cli_sessions(const struct cli *cli)
{
	struct netctl_call t;
	enum cli_exit code;
	int err;

	if (cli->watch && (cli->json || cli->show_addresses))
		return cli_fail(cli, CLI_USAGE,
				"--watch excludes --json and "
				"--show-addresses");
	code = cli_open(cli, &t);
	if (code)
		return code;
	err = cli->watch ? watch(cli, &t) : show(cli, &t);
	netctl_call_close(&t);
	return err ? cli_refused(cli, err, "sessions") : CLI_DONE;
}

/* --- changes ----------------------------------------------------------- */

static int print_granted(const struct cli *cli, const struct ipc_session *s)
{
	struct session_list list = { 0 };
	int err = session_list_add(&list, s);

	if (!err && cli->json)
		cli_print_json(session_to_json(&list.view[0], false));
	else if (!err)
		err = session_list_print(&list, false);
	session_list_clear(&list);
	return err;
}

/* In that zone; -ENODEV: its device is not there. */
static int scope(struct netctl_call *t, const char *zone, struct addr *client)
{
	struct netctl_status status;
	const struct ipc_zone *z;
	int err = netctl_status_fetch(t, &status);

	if (err)
		return err;
	z = netctl_status_find(&status, zone);
	client->ifindex = z ? z->ifindex : 0;
	return client->ifindex ? 0 : -ENODEV;
}

enum cli_exit cli_grant(const struct cli *cli)
{
	struct ipc_grant question = { .limits = cli->limits };
	union netctl_call_message m;
	struct netctl_call t;
	enum cli_exit code;
	int err;

	if (!cli_parse_address(cli->args[0], &question.client))
		return cli_fail(cli, CLI_USAGE,
				"invalid address '%.60s', allowed: an IPv4, "
				"IPv6 or hardware address",
				cli->args[0]);
	if (question.client.family == AF_PACKET) /* it may come later */
		question.limits.idle_s = IPC_UNLIMITED;
	code = cli_open(cli, &t);
	if (code)
		return code;
	err = cli->zone ? scope(&t, cli->zone, &question.client) : 0;
	if (!err)
		err = netctl_call_ask(&t, IPC_ADMIT, &question);
	if (!err)
		err = netctl_call_answer_of(&t, IPC_SESSION, &m);
	netctl_call_close(&t);
	if (!err)
		err = m.session.error;
	if (!err)
		err = print_granted(cli, &m.session);
	return err ? cli_refused(cli, err, cli->args[0]) : CLI_DONE;
}

/* Exactly one of --all, a handle and an address. */
static bool take_target(const struct cli *cli, struct ipc_revoke *question)
{
	if (cli->all == (cli->arg_count == 1)) {
		cli_fail(cli, CLI_USAGE,
			 "usage: stadttor revoke HANDLE | ADDRESS | --all");
		return false;
	}
	question->all = cli->all;
	if (cli->all ||
	    (cli_parse_handle(cli->args[0], &question->handle) &&
	     question->handle) || /* nobody has 0 */
	    cli_parse_address(cli->args[0], &question->client))
		return true;
	cli_fail(cli, CLI_USAGE,
		 "'%.60s' is neither a handle (16 hexadecimal digits) nor an "
		 "address",
		 cli->args[0]);
	return false;
}

static void print_ended(const struct cli *cli, uint32_t count)
{
	struct json_object *o;

	if (!cli->json) {
		printf("%" PRIu32 " session%s ended\n", count,
		       count == 1 ? "" : "s");
		return;
	}
	o = json_object_new_object();
	json_object_object_add(o, "ended", json_object_new_uint64(count));
	cli_print_json(o);
}

enum cli_exit cli_revoke(const struct cli *cli)
{
	struct ipc_revoke question = { 0 };
	union netctl_call_message m;
	struct netctl_call t;
	enum cli_exit code;
	int err;

	if (!take_target(cli, &question))
		return CLI_USAGE;
	code = cli_open(cli, &t);
	if (code)
		return code;
	err = netctl_call_ask(&t, IPC_REVOKE, &question);
	if (!err)
		err = netctl_call_answer_of(&t, IPC_DONE, &m);
	netctl_call_close(&t);
	if (!err)
		err = m.done.error;
	if (!err && !m.done.count && !cli->all)
		err = -ENOENT;
	if (err)
		return cli_refused(cli, err,
				   cli->all ? "revoke" : cli->args[0]);
	print_ended(cli, m.done.count);
	return CLI_DONE;
}
