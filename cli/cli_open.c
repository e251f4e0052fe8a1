/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding the netctl of the config, whatever state the config is in. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/netctl_call.h"
#include "common/array.h"
#include "common/config/settings_read.h"

static bool has_zone(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->zones; i++)
		if (!strcmp(s->zone[i].name, name))
			return true;
	return false;
}

static enum cli_exit no_zone(const struct cli *cli)
{
	return cli_fail(cli, CLI_NOT_FOUND, "zone '%.40s' not found",
			cli->zone);
}

struct search {
	const char *zone;
	bool is_found;
};

static int on_zone(const union netctl_call_message *m, void *arg)
{
	struct search *s = arg;

	if (m->header.type == IPC_TOTALS)
		return 0;
	if (m->header.type != IPC_ZONE)
		return -EPROTO;
	if (!strncmp(m->zone.zone, s->zone, IPC_ZONE_NAME_MAX))
		s->is_found = true;
	return 0;
}

/* Closes what it refuses. */
static enum cli_exit check_zone(const struct cli *cli, struct netctl_call *t)
{
	struct search search = { .zone = cli->zone };
	const struct netctl_call_handler h = { on_zone, &search };
	struct ipc_status question = { 0 };
	struct ipc_done done;
	int err = netctl_call_all(t, IPC_STATUS, &question, &h, &done);

	if (!err && search.is_found)
		return CLI_DONE;
	netctl_call_close(t);
	return err ? cli_refused(cli, err, "zones") : no_zone(cli);
}

/*
 * A netctl that runs has kept its config while a mistake lies in the system's
 * file, and listens at the default, ours or that of OpenWrt's package. Of any
 * other file nobody knows whose netctl it is for.
 */
static enum cli_exit open_without_config(const struct cli *cli,
					 struct netctl_call *t,
					 const char *error)
{
	static const char *const paths[] = { SETTINGS_SOCKET,
					     "/var/run/stadttor/netctl.sock" };
	const size_t count =
		strcmp(cli->config, SETTINGS_PATH) != 0 ? 0 : ARRAY_SIZE(paths);

	for (size_t i = 0; i < count; i++) {
		if (netctl_call_open(t, paths[i]))
			continue;
		fprintf(stderr, "%s; asking the netctl at %s\n", error,
			paths[i]);
		return cli->zone ? check_zone(cli, t) : CLI_DONE;
	}
	return cli_fail(cli, CLI_USAGE, "%s", error);
}

enum cli_exit cli_open(const struct cli *cli, struct netctl_call *t)
{
	char error[UCI_ERROR_MAX];
	struct settings *s = settings_read(cli->config, error);
	enum cli_exit code = CLI_DONE;
	int err;

	if (!s)
		return open_without_config(cli, t, error);
	if (cli->zone && !has_zone(s, cli->zone)) {
		code = no_zone(cli);
		goto out;
	}
	err = netctl_call_open(t, s->gate.socket);
	if (err)
		code = cli_fail(cli, CLI_UNREACHABLE,
				"netctl is not reachable at %s: %s%s",
				s->gate.socket, strerror(-err),
				err == -EACCES ? "; it answers only root" : "");
out:
	settings_free(s);
	return code;
}
