/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `stadttor check` and `ruleset`: what can be said without netctl. */
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "cli/format.h"
#include "cli/uci_print.h"
#include "cli/user_access.h"
#include "common/array.h"
#include "common/city/city_login.h"
#include "common/config/opening.h"
#include "common/config/settings_read.h"
#include "common/config/uci.h"
#include "common/privs.h"
#include "netctl/rules/ruleset_text.h"
#include "portal/pages/theme.h"

/* A config may be looked at on a machine that has no pages. */
static enum cli_exit check_pages(const struct cli *cli,
				 const struct settings *s)
{
	char error[PAGE_ERROR_MAX];
	struct theme theme;
	bool is_fine;

	if (access(s->portal.pages, F_OK) < 0) {
		fprintf(stderr, "%s not found, so the pages are not checked\n",
			s->portal.pages);
		return CLI_DONE;
	}
	is_fine = theme_read(&theme, s, error) && theme_fit(&theme, s, error);
	theme_clear(&theme);
	return is_fine ? CLI_DONE : cli_fail(cli, CLI_USAGE, "%s", error);
}

/* Nothing is printed of a file that is not read to its end. */
static enum cli_exit print_as_read(const struct cli *cli)
{
	char error[UCI_ERROR_MAX];
	enum cli_exit code = CLI_DONE;
	size_t len, printed_len;
	char *printed = NULL, *text = uci_load(cli->config, &len);
	FILE *f = text ? open_memstream(&printed, &printed_len) : NULL;
	bool good;

	if (!f) {
		code = cli_fail(cli, CLI_USAGE, "%.250s: %s", cli->config,
				strerror(errno));
		goto out;
	}
	good = uci_print(text, len, f, error);
	if (fclose(f))
		code = cli_fail(cli, CLI_FAILED, "check: out of memory");
	else if (!good)
		code = cli_fail(cli, CLI_USAGE, "%.250s:%.250s", cli->config,
				error);
	else
		fwrite(printed, 1, printed_len, stdout);
out:
	free(printed);
	free(text);
	return code;
}

/* What the config cannot tell, but this machine: netctl would shut the zone. */
static void warn_of_ports(const struct settings *s)
{
	for (size_t i = 0; i < s->zones; i++) {
		const struct zone_settings *z = &s->zone[i];
		char link[64], master[256];
		const char *name;
		ssize_t len;

		snprintf(link, sizeof(link), "/sys/class/net/%s/master",
			 z->device);
		len = readlink(link, master, sizeof(master) - 1);
		if (len < 0)
			continue;
		master[len] = '\0';
		name = strrchr(master, '/');
		fprintf(stderr,
			"warning: zone %s: device %s is a port of %s here, so "
			"the zone would be shut\n",
			z->name, z->device, name ? name + 1 : master);
	}
}

/* Commands of root need it not, so it is the programs that refuse it. */
static void warn_of_root(const struct settings *s)
{
	const char *name[] = { s->gate.user, s->portal.user };
	struct privs_user user;

	for (size_t i = 0; i < ARRAY_SIZE(name); i++)
		if (!privs_find_user(name[i], &user) && !user.uid)
			fprintf(stderr,
				"warning: config %s: user %s is root, and as "
				"root the programs do not start\n",
				i ? "portal" : "gate", name[i]);
}

static void warn_if_unreadable(const char *user, const char *file,
			       const char *effect)
{
	if (*file && user_access(user, file, R_OK) == -EACCES)
		fprintf(stderr,
			"warning: %s: user %s cannot read it, so %s; let its "
			"group read it: chgrp, and chmod g+r\n",
			file, user, effect);
}

/* It may come later, as one that is plugged in. In a unit of the portal's
 * nobody may ask for it: that is no news. */
static void warn_of_missing(const struct settings *s)
{
	for (size_t i = 0; i < s->zones; i++)
		if (!if_nametoindex(s->zone[i].device) && errno == ENODEV)
			fprintf(stderr,
				"warning: zone %s: there is no device %s here, "
				"so nobody would reach the portal by it\n",
				s->zone[i].name, s->zone[i].device);
}

static bool has_radio(const struct uci_file *wireless, const char *name)
{
	const struct uci_section *s;

	TAILQ_FOREACH (s, &wireless->sections, next)
		if (s->name && !strcmp(s->name, name) &&
		    !strcmp(s->type, "wifi-device"))
			return true;
	return false;
}

/* By the config of OpenWrt's access points, which lies beside ours. */
static void warn_of_radios(const struct cli *cli, const struct settings *s)
{
	const char *slash = strrchr(cli->config, '/');
	int len = slash ? (int)(slash + 1 - cli->config) : 0;
	char path[PATH_MAX], error[UCI_ERROR_MAX];
	struct uci_file *wireless = NULL;

	snprintf(path, sizeof(path), "%.*swireless", len, cli->config);
	for (size_t z = 0; z < s->zones; z++) {
		const struct conf_list *l = &s->zone[z].night_radio;

		if (l->count && !wireless)
			wireless = uci_read(path, error);
		for (size_t i = 0; i < l->count; i++)
			if (!wireless || !has_radio(wireless, l->value[i]))
				fprintf(stderr,
					"warning: zone %s: night_radio: no "
					"radio %s in %s, so nothing is "
					"switched off\n",
					s->zone[z].name, l->value[i], path);
	}
	uci_free(wireless);
}

/* On OpenWrt the init script hands each program a copy of its own. */
#define COPY_OF_PORTAL "/var/etc/stadttor/portal"

/* What the portal reads anew at a reload, when it is not root any more. */
static void warn_of_unreadable(const struct cli *cli, const struct settings *s)
{
	bool has_copy = access(COPY_OF_PORTAL, F_OK) == 0;
	const char *file[] = { has_copy ? "" : cli->config,
			       s->portal.certificate,
			       s->portal.key,
			       s->portal.logo,
			       s->portal.hero,
			       s->admin.certificate,
			       s->admin.key,
			       s->admin.accounts };
	const struct conf_list *terms = &s->legal.terms_file;
	const char *refused = "the portal would refuse each reload";

	warn_if_unreadable(s->portal.user, s->admin.mail_password,
			   "no mail would be sent");
	for (size_t i = 0; i < ARRAY_SIZE(file); i++)
		warn_if_unreadable(s->portal.user, file[i], refused);
	for (size_t i = 0; i < terms->count; i++)
		warn_if_unreadable(s->portal.user,
				   strchr(terms->value[i], '=') + 1, refused);
}

/* Of a public body: DDG § 5, GDPR Art. 13, Directive (EU) 2016/2102 Art. 7. */
static void warn_of_legal(const struct settings *s)
{
	const struct legal_settings *l = &s->legal;
	const struct {
		const char *option;
		bool is_missing;
	} needed[] = {
		{ "operator", !*l->name && !*s->portal.provider },
		{ "address", !*l->address },
		{ "represented_by", !*l->represented_by },
		{ "email", !*l->email },
		{ "phone", !*l->phone },
		{ "land", !l->land },
		{ "privacy_officer", !*l->privacy_officer },
		{ "statement", l->statement == LEGAL_STATEMENT_NONE },
		{ "statement_date", !*l->statement_date },
		{ "statement_limits", l->statement > LEGAL_STATEMENT_FULL &&
					      !l->statement_limits.count },
	};
	const char *before = "warning: config legal: a public body has to fill "
			     "in ";

	for (size_t i = 0; l->public_body && i < ARRAY_SIZE(needed); i++) {
		if (!needed[i].is_missing)
			continue;
		fprintf(stderr, "%s%s", before, needed[i].option);
		before = ", ";
	}
	if (*before == ',')
		fputc('\n', stderr);
}

/* As they would be by this machine's clock. */
static void tell_hours(const struct settings *s)
{
	for (size_t i = 0; i < s->zones; i++) {
		const struct zone_settings *z = &s->zone[i];
		struct opening o =
			opening_at(&z->open, &z->open_on, (int64_t)time(NULL));
		char when[FORMAT_MAX];

		if (!z->open.count)
			continue;
		if (o.change_s != OPENING_NEVER)
			printf("zone %s: %s until %s\n", z->name,
			       o.is_open ? "open" : "closed",
			       format_moment(o.change_s, when));
		else
			fprintf(stderr,
				"warning: zone %s: %s for all of the "
				"next 400 days\n",
				z->name, o.is_open ? "open" : "closed");
	}
}

static void tell_days(const struct settings *s)
{
	char time_text[FORMAT_MAX], data[FORMAT_MAX];

	for (size_t i = 0; i < s->zones; i++) {
		const struct zone_settings *z = &s->zone[i];

		if (!z->daily_s && !z->daily_bytes)
			continue;
		if (!settings_zone_offers(z, ZONE_AUTH_CLICK)) {
			fprintf(stderr,
				"warning: zone %s: daily_duration and "
				"daily_quota are of those who tap, and nobody "
				"does there\n",
				z->name);
			continue;
		}
		printf("zone %s: a device that taps has %s%s%s a day%s\n",
		       z->name,
		       z->daily_s ? format_time(z->daily_s, time_text) : "",
		       z->daily_s && z->daily_bytes ? " and " : "",
		       z->daily_bytes ? format_bytes(z->daily_bytes, data) : "",
		       city_is_joined(&s->city) ? ", at each box of the city"
						: "");
	}
}

enum cli_exit cli_check(const struct cli *cli)
{
	struct cli of_file = *cli;
	struct json_object *o;
	struct settings *s;
	enum cli_exit code;

	if (cli->arg_count)
		of_file.config = cli->args[0];
	if (cli->print && cli->json)
		return cli_fail(cli, CLI_USAGE,
				"--print and --json exclude each other");
	if (cli->print)
		return print_as_read(&of_file);
	s = cli_settings(&of_file);
	if (!s)
		return CLI_USAGE;
	code = check_pages(&of_file, s);
	warn_of_root(s);
	warn_of_missing(s);
	warn_of_ports(s);
	warn_of_radios(&of_file, s);
	warn_of_unreadable(&of_file, s);
	warn_of_legal(s);
	if (!code && !cli->json) {
		tell_hours(s);
		tell_days(s);
	}
	settings_free(s);
	if (code)
		return code;
	if (!cli->json) {
		printf("%s: fine\n", of_file.config);
		return CLI_DONE;
	}
	o = json_object_new_object();
	json_object_object_add(o, "file",
			       json_object_new_string(of_file.config));
	json_object_object_add(o, "fine", json_object_new_boolean(true));
	cli_print_json(o);
	return CLI_DONE;
}

static bool print_ruleset_json(const struct settings *s)
{
	struct json_object *o;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return false;
	ruleset_print(s, f);
	if (fclose(f)) {
		free(text);
		return false;
	}
	o = json_object_new_object();
	json_object_object_add(o, "ruleset", json_object_new_string(text));
	free(text);
	cli_print_json(o);
	return true;
}

enum cli_exit cli_ruleset(const struct cli *cli)
{
	struct settings *s = cli_settings(cli);
	bool good = true;

	if (!s)
		return CLI_USAGE;
	if (cli->json)
		good = print_ruleset_json(s);
	else
		ruleset_print(s, stdout);
	settings_free(s);
	return good ? CLI_DONE
		    : cli_fail(cli, CLI_FAILED, "ruleset: out of memory");
}
