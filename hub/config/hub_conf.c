/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/config/hub_conf.h"

#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/config/settings_options.h"
#include "common/config/settings_read.h"

static const struct conf_option hub_options[] = {
	{ .name = "server",
	  .type = CONF_TEXT,
	  .is_list = true,
	  .required = true,
	  AT(hub_conf, server),
	  .min = 1,
	  .max = 260,
	  .help = HELP("a server of the city's store, HOST:PORT; of several "
		       "the one that says it is the master is used") },
	{ .name = "ca",
	  .type = CONF_PATH,
	  .required = true,
	  AT(hub_conf, ca),
	  .min = 1,
	  .max = 200,
	  .help = HELP("who has signed the servers' certificates, in PEM") },
	{ .name = "user",
	  .type = CONF_TEXT,
	  AT(hub_conf, user),
	  .fallback = "hub",
	  .min = 1,
	  .max = 64,
	  .help = HELP("the hub's login at the store") },
	{ .name = "password",
	  .type = CONF_TEXT,
	  .required = true,
	  AT(hub_conf, password),
	  .min = 1,
	  .max = 128,
	  .help = HELP("its password") },
	{ .name = "switch_user",
	  .type = CONF_TEXT,
	  AT(hub_conf, switch_user),
	  .fallback = "switch",
	  .min = 1,
	  .max = 64,
	  .help = HELP("the login that may only take a site's login away") },
	{ .name = "switch_password",
	  .type = CONF_TEXT,
	  AT(hub_conf, switch_password),
	  .fallback = "",
	  .max = 128,
	  .help = HELP("its password; without one no site is switched off") },
	{ .name = "sites",
	  .type = CONF_PATH,
	  AT(hub_conf, sites),
	  .fallback = "/etc/stadttor/hub/sites.conf",
	  .min = 1,
	  .max = 200,
	  .help = HELP("the city's sites, as stadttor city writes them") },
	{ .name = "database",
	  .type = CONF_PATH,
	  AT(hub_conf, database),
	  .fallback = "/var/lib/stadttor-hub/city.sqlite",
	  .min = 1,
	  .max = 200,
	  .help = HELP("SQLite file of the city's figures") },
	{ .name = "codes",
	  .type = CONF_PATH,
	  AT(hub_conf, codes),
	  .fallback = "/var/lib/stadttor-hub/codes.sqlite",
	  .min = 1,
	  .max = 200,
	  .help = HELP("SQLite file of the codes that are valid in the whole "
		       "city; stadttor city voucher makes it") },
	{ .name = "system_user",
	  .type = CONF_TEXT,
	  AT(hub_conf, system_user),
	  .fallback = "stadttor-hub",
	  .min = 1,
	  .max = 32,
	  .help = HELP("the user that the hub becomes") },
	{ .name = "pages",
	  .type = CONF_PATH,
	  AT(hub_conf, pages),
	  .fallback = "/usr/share/stadttor/hub",
	  .min = 1,
	  .max = 200,
	  .help = HELP("folder of the dashboard") },
	{ .name = "publisher",
	  .type = CONF_TEXT,
	  AT(hub_conf, publisher),
	  .fallback = "",
	  .max = 100,
	  .help = HELP("who publishes open data; by default the city's name") },
	{ .name = "contact",
	  .type = CONF_TEXT,
	  AT(hub_conf, contact),
	  .fallback = "",
	  .max = 200,
	  .help = HELP("how whoever uses open data reaches them") },
	{ .name = "poll",
	  .type = CONF_SECONDS,
	  AT(hub_conf, poll_s),
	  .fallback = "2s",
	  .min = 1,
	  .max = 3600,
	  .help = HELP("how often boxes ask for what is new, as they have it; "
		       "what they say is read four times as often") },
	{ .name = "silent",
	  .type = CONF_SECONDS,
	  AT(hub_conf, silent_s),
	  .fallback = "5m",
	  .min = 60,
	  .max = 86400,
	  .help = HELP("a box that has not been heard of for so long is "
		       "silent") },
	{ .name = "standby",
	  .type = CONF_BOOL,
	  AT(hub_conf, standby),
	  .fallback = "0",
	  .help = HELP("a second hub with a database of its own stands by; "
		       "both need this") },
	{ .name = "debug",
	  .type = CONF_BOOL,
	  AT(hub_conf, debug),
	  .fallback = "0",
	  .help = HELP("log each poll") },
};

static const struct conf_option city_options[] = {
	{ .name = "name",
	  .type = CONF_TEXT,
	  AT(city_conf, name),
	  .fallback = "",
	  .max = 64,
	  .help = HELP("the city's") },
	{ .name = "shift",
	  .type = CONF_SECONDS,
	  AT(city_conf, shift_s),
	  .fallback = "3h",
	  .max = 86399,
	  .help = HELP("when its days begin, after midnight UTC") },
	{ .name = "generation",
	  .type = CONF_NUMBER,
	  AT(city_conf, generation),
	  .fallback = "0",
	  .max = 255,
	  .help = HELP("of its keys") },
};

static const struct conf_option site_options[] = {
	{ .name = "site",
	  .type = CONF_TEXT,
	  .required = true,
	  AT(site_conf, name),
	  .is_valid = city_site_is_valid,
	  .max = CITY_SITE_MAX - 1,
	  .allowed = "1 to 32 of a-z, 0-9 and '-'",
	  .help = HELP("its name") },
	{ .name = "district",
	  .type = CONF_TEXT,
	  AT(site_conf, district),
	  .fallback = "",
	  .max = 63,
	  .help = HELP("where it is") },
	{ .name = "title",
	  .type = CONF_TEXT,
	  AT(site_conf, title),
	  .fallback = "",
	  .max = 100,
	  .help = HELP("what people call it") },
	{ .name = "lat",
	  .type = CONF_TEXT,
	  AT(site_conf, latitude),
	  .fallback = "",
	  .max = 20,
	  .help = HELP("north, in degrees") },
	{ .name = "lon",
	  .type = CONF_TEXT,
	  AT(site_conf, longitude),
	  .fallback = "",
	  .max = 20,
	  .help = HELP("east, in degrees") },
};

static const struct conf_table hub_table = TABLE("hub", hub_options);
static const struct conf_table city_table = TABLE("city", city_options);
static const struct conf_table site_table = TABLE("site", site_options);

static bool wrong(unsigned int line, char *error, const char *what)
{
	snprintf(error, UCI_ERROR_MAX, "%u: %s", line, what);
	return false;
}

/* "1: what" -> "FILE:1: what" */
static void name_file(char error[UCI_ERROR_MAX], const char *path)
{
	char inner[UCI_ERROR_MAX];

	snprintf(inner, sizeof(inner), "%s", error);
	snprintf(error, UCI_ERROR_MAX, "%.250s:%.250s", path, inner);
}

/* --- hub.conf ---------------------------------------------------------- */

static bool take_servers(struct hub_conf *c, char *error)
{
	if (!c->server.count)
		return wrong(1, error,
			     "a hub section with a list 'server' is "
			     "needed");
	if (c->server.count > CITY_SERVERS_MAX)
		return wrong(1, error, "more than 8 servers");
	for (size_t i = 0; i < c->server.count; i++)
		if (!city_server_parse(&c->servers[i], c->server.value[i]))
			return wrong(1, error, "server: not HOST:PORT");
	return true;
}

static bool take_hub_section(struct hub_conf *c, const struct uci_section *s,
			     char *error)
{
	if (!strcmp(s->type, "hub"))
		return conf_apply(&hub_table, c, s, error);
	if (!strcmp(s->type, "admin"))
		return conf_apply(&settings_admin_table, &c->admin->admin, s,
				  error);
	return wrong(s->line, error,
		     "unknown section, allowed: one of hub, admin");
}

static bool fill_hub(struct hub_conf *c, const struct uci_file *f, char *error)
{
	const struct uci_section *s;

	c->admin = calloc(1, sizeof(*c->admin));
	if (!c->admin || conf_defaults(&hub_table, c) < 0 ||
	    conf_defaults(&settings_admin_table, &c->admin->admin) < 0)
		return wrong(1, error, "out of memory");
	TAILQ_FOREACH (s, &f->sections, next)
		if (!take_hub_section(c, s, error))
			return false;
	return take_servers(c, error);
}

struct hub_conf *hub_conf_read(const char *path, char error[UCI_ERROR_MAX])
{
	struct uci_file *f = uci_read(path, error);
	struct hub_conf *c;

	if (!f)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c || !fill_hub(c, f, error)) {
		name_file(error, path);
		hub_conf_free(c);
		c = NULL;
	}
	uci_free(f);
	return c;
}

void hub_conf_print(const struct hub_conf *c, FILE *out)
{
	char hidden[] = "...";
	struct hub_conf shown = *c;

	shown.password = hidden;
	if (*c->switch_password)
		shown.switch_password = hidden;
	conf_print(&hub_table, &shown, NULL, out);
	conf_print(&settings_admin_table, &c->admin->admin, NULL, out);
}

void hub_conf_free(struct hub_conf *c)
{
	if (!c)
		return;
	conf_clear(&hub_table, c);
	settings_free(c->admin);
	free(c);
}

/* --- sites.conf -------------------------------------------------------- */

static bool take_site(struct city_conf *c, const struct uci_section *s,
		      char *error)
{
	struct site_conf *site = &c->site[c->sites];

	if (c->sites == HUB_SITES_MAX)
		return wrong(s->line, error, "more than 10000 sites");
	c->sites++;
	if (conf_defaults(&site_table, site) < 0)
		return wrong(s->line, error, "out of memory");
	return conf_apply(&site_table, site, s, error);
}

static bool take_city_section(struct city_conf *c, const struct uci_section *s,
			      char *error)
{
	if (!strcmp(s->type, "city"))
		return conf_apply(&city_table, c, s, error);
	if (!strcmp(s->type, "site"))
		return take_site(c, s, error);
	return wrong(s->line, error,
		     "unknown section, allowed: one of city, site");
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct site_conf *)a)->name,
		      ((const struct site_conf *)b)->name);
}

static bool sort_sites(struct city_conf *c, char *error)
{
	if (c->sites)
		qsort(c->site, c->sites, sizeof(*c->site), compare_names);
	for (size_t i = 1; i < c->sites; i++) {
		if (strcmp(c->site[i - 1].name, c->site[i].name))
			continue;
		snprintf(error, UCI_ERROR_MAX, "1: site %s is there twice",
			 c->site[i].name);
		return false;
	}
	return true;
}

static bool fill_city(struct city_conf *c, const struct uci_file *f,
		      char *error)
{
	const struct uci_section *s;

	c->site = calloc(HUB_SITES_MAX, sizeof(*c->site));
	if (!c->site || conf_defaults(&city_table, c) < 0)
		return wrong(1, error, "out of memory");
	TAILQ_FOREACH (s, &f->sections, next)
		if (!take_city_section(c, s, error))
			return false;
	return sort_sites(c, error);
}

struct city_conf *city_conf_read(const char *path, char error[UCI_ERROR_MAX])
{
	struct uci_file *f = uci_read(path, error);
	struct city_conf *c;

	if (!f)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c || !fill_city(c, f, error)) {
		name_file(error, path);
		city_conf_free(c);
		c = NULL;
	}
	uci_free(f);
	return c;
}

void city_conf_free(struct city_conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->sites; i++)
		conf_clear(&site_table, &c->site[i]);
	free(c->site);
	conf_clear(&city_table, c);
	free(c);
}
