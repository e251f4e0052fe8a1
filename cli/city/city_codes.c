/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/city/city_codes.h"

#include <stdlib.h>
#include <string.h>

#include "cli/city/city_hub.h"
#include "common/config/uci.h"

#define FILE_DEFAULT "/var/lib/stadttor-hub/codes.sqlite"

/* Of the hub's config, which the daemon reads in full. */
static const char *find_option(const struct uci_file *f, const char *name)
{
	const struct uci_section *s;
	const struct uci_option *o;
	const char *value = NULL;

	TAILQ_FOREACH (s, &f->sections, next) {
		if (strcmp(s->type, "hub") != 0)
			continue;
		TAILQ_FOREACH (o, &s->options, next)
			if (!strcmp(o->name, name))
				value = o->value;
	}
	return value;
}

static enum cli_exit read_conf(struct city_codes *c, const struct cli *cli)
{
	char path[CITY_FILE_MAX], error[UCI_ERROR_MAX];
	struct uci_file *f =
		uci_read(city_hub_path(c->hub, "hub.conf", path), error);
	const char *file, *user;

	if (!f)
		return cli_fail(cli, CLI_FAILED, "%s", error);
	file = find_option(f, "codes");
	user = find_option(f, "system_user");
	c->file = strdup(file ? file : FILE_DEFAULT);
	c->user = strdup(user ? user : CITY_HUB_USER);
	uci_free(f);
	return c->file && c->user ? CLI_DONE
				  : cli_fail(cli, CLI_FAILED, "out of memory");
}

static enum cli_exit take_keys(struct city_codes *c, const struct cli *cli)
{
	struct city_secret *s = &c->hub->secret;
	bool is_new = !s->has_codes;
	enum cli_exit code = CLI_DONE;

	if (!city_secret_make_codes(s))
		return cli_fail(cli, CLI_FAILED, "no randomness");
	if (is_new)
		code = city_hub_save(c->hub);
	if (is_new && !code && s->sites)
		fputs("note: boxes that have joined already take no codes of "
		      "the city until they join again: stadttor city add "
		      "--force, join --force\n",
		      stderr);
	memcpy(c->seed, s->codes_seed, sizeof(c->seed));
	memcpy(c->key, s->codes_key, sizeof(c->key));
	return code;
}

enum cli_exit city_codes_open(struct city_codes *c, const struct cli *cli)
{
	enum cli_exit code;

	*c = (struct city_codes){ .hub = calloc(1, sizeof(*c->hub)) };
	if (!c->hub)
		return cli_fail(cli, CLI_FAILED, "out of memory");
	code = city_hub_open(c->hub, cli, CITY_HUB_CHANGE);
	if (!code)
		code = take_keys(c, cli);
	return code ? code : read_conf(c, cli);
}

void city_codes_close(struct city_codes *c)
{
	if (c->hub)
		city_hub_close(c->hub);
	free(c->hub);
	free(c->file);
	free(c->user);
	explicit_bzero(c, sizeof(*c));
}
