/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/intake/switcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "portal/city/connection.h"

#define WINDOW	 64 /* commands under way; further ones with the next connect */
#define USER_MAX (CITY_SITE_MAX + 4)

struct switcher {
	const struct sites *sites;
	size_t servers;
	struct at_server {
		struct switcher *owner;
		struct connection *connection;
	} at[CITY_SERVERS_MAX];
};

/* A number of logins: 0 where it was gone already. */
static void on_reply(const struct redisReply *r, void *arg)
{
	char code[RESP_CODE_MAX];

	(void)arg;
	if (r && resp_error(r, code))
		log_error("switch: the store does not take a login away: %s; "
			  "the site stays on there",
			  code);
}

static void take_at(struct at_server *a, const struct site *s)
{
	char user[USER_MAX];
	const char *words[] = { "ACL", "DELUSER", user };
	struct connection_command c = { ARRAY_SIZE(words), words, NULL };

	snprintf(user, sizeof(user), "box-%s", s->name);
	if (connection_state(a->connection) == CONNECTION_UP &&
	    connection_send(a->connection, &c, on_reply, a))
		connection_refuse(a->connection, "too much at once");
}

static void on_up(void *arg)
{
	struct at_server *a = arg;
	const struct sites *all = a->owner->sites;

	for (size_t i = 0; i < all->count; i++)
		if (*all->site[i].off)
			take_at(a, &all->site[i]);
}

static void on_down(void *arg)
{
	(void)arg;
}

static bool open_at(struct switcher *sw, const struct switcher_config *config,
		    char *error, size_t max)
{
	const struct hub_conf *conf = config->conf;
	struct at_server *a = &sw->at[sw->servers];
	struct connection_config cc = {
		.base = config->base,
		.resolver = config->resolver,
		.server = &conf->servers[sw->servers++],
		.servers = 1,
		.ca = conf->ca,
		.user = conf->switch_user,
		.password = conf->switch_password,
		.name = "switch",
		.consequence = "no site can be switched off there",
		.bounds = { 4096, 16 },
		.in_flight = WINDOW,
		.takes_replicas = true,
		.on_up = on_up,
		.on_down = on_down,
		.arg = a,
	};

	a->owner = sw;
	a->connection = connection_new(&cc, error, max);
	return a->connection != NULL;
}

struct switcher *switcher_new(const struct switcher_config *config, char *error,
			      size_t max)
{
	struct switcher *sw = calloc(1, sizeof(*sw));
	bool is_good = sw != NULL;

	snprintf(error, max, "out of memory");
	if (!sw)
		return NULL;
	sw->sites = config->sites;
	if (!*config->conf->switch_password)
		return sw; /* the config wants none */
	while (is_good && sw->servers < config->conf->server.count)
		is_good = open_at(sw, config, error, max);
	for (size_t i = 0; is_good && i < sw->servers; i++)
		connection_hurry(sw->at[i].connection);
	if (is_good)
		return sw;
	switcher_free(sw);
	return NULL;
}

void switcher_take(struct switcher *sw, const struct site *s)
{
	for (size_t i = 0; i < sw->servers; i++)
		take_at(&sw->at[i], s);
}

void switcher_free(struct switcher *sw)
{
	if (!sw)
		return;
	for (size_t i = 0; i < sw->servers; i++)
		connection_free(sw->at[i].connection);
	free(sw);
}
