/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/dns/dns.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "cli/dns/dns_names.h"
#include "cli/dns/dns_range.h"
#include "common/array.h"
#include "common/config/settings_read.h"

static const struct server {
	const char *name;
	void (*write)(struct dns_plan *p);
} servers[] = {
	{ "dnsmasq", dns_write_dnsmasq },
	{ "odhcpd", dns_write_uci },
	{ "radvd", dns_write_radvd },
};

/* --- the command ------------------------------------------------------- */

static const struct server *find_server(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(servers); i++)
		if (!name || !strcmp(servers[i].name, name))
			return &servers[i];
	return NULL;
}

/* 0: there is no such zone. */
static uint32_t wanted_zones(const struct settings *s, const char *name)
{
	uint32_t zones = 0;

	for (size_t i = 0; i < s->zones; i++)
		if (!name || !strcmp(s->zone[i].name, name))
			zones |= 1U << i;
	return zones;
}

/* Which of the options contradict each other; NULL: none. */
static const char *find_misuse(const struct cli *cli, const struct dns_plan *p,
			       const struct server *server)
{
	struct dns_range r;

	if (cli->full && server->write != dns_write_dnsmasq)
		return "--full is for dnsmasq";
	if (!cli->range)
		return NULL;
	if (!cli->full)
		return "--range needs --full";
	if (p->zones & (p->zones - 1))
		return "--range is for one zone; name it by --zone";
	return dns_range_parse(&r, cli->range)
		       ? NULL
		       : "--range takes the gate's own address in the guests' "
			 "network, such as 10.20.0.1/22";
}

static enum cli_exit print(const struct cli *cli, struct dns_plan *p,
			   const char *server, const char *text)
{
	bool is_whole = !json_object_array_length(p->left_out);
	struct json_object *o;

	if (!cli->json) {
		fputs(text, stdout);
		return is_whole ? CLI_DONE : CLI_FAILED;
	}
	o = json_object_new_object();
	json_object_object_add(o, "server", json_object_new_string(server));
	json_object_object_add(o, "config", json_object_new_string(text));
	json_object_object_add(o, "announces",
			       json_object_new_boolean(p->announces));
	json_object_object_add(o, "left_out", json_object_get(p->left_out));
	cli_print_json(o);
	return is_whole ? CLI_DONE : CLI_FAILED;
}

static enum cli_exit write_all(const struct cli *cli, struct dns_plan *p,
			       const struct server *server)
{
	enum cli_exit code;
	char *text = NULL;
	size_t len;

	p->left_out = json_object_new_array();
	p->out = open_memstream(&text, &len);
	if (!p->left_out || !p->out || dns_names_collect(p)) {
		code = cli_fail(cli, CLI_FAILED, "dns-config: out of memory");
		if (p->out)
			fclose(p->out);
		goto out;
	}
	server->write(p);
	if (fclose(p->out))
		code = cli_fail(cli, CLI_FAILED, "dns-config: out of memory");
	else
		code = print(cli, p, server->name, text);
out:
	free(text);
	json_object_put(p->left_out);
	dns_names_clear(&p->garden);
	return code;
}

static enum cli_exit write_zones(const struct cli *cli, struct dns_plan *p,
				 const struct server *server)
{
	const struct portal_settings *portal = &p->settings->portal;
	const char *misuse;

	p->zones = wanted_zones(p->settings, cli->zone);
	if (!p->zones)
		return cli_fail(cli, CLI_NOT_FOUND, "zone '%.40s' not found",
				cli->zone);
	misuse = find_misuse(cli, p, server);
	if (misuse)
		return cli_fail(cli, CLI_USAGE, "%s", misuse);
	p->is_full = cli->full;
	p->range = cli->range;
	dns_check_api(p->settings, &p->api);
	p->is_wanted = cli->force || *portal->hostname ||
		       *portal->certificate || *portal->key;
	p->announces = p->api.is_fit || (cli->force && *portal->hostname);
	return write_all(cli, p, server);
}

enum cli_exit cli_dns_config(const struct cli *cli)
{
	const struct server *server = find_server(cli->server);
	struct settings *s;
	struct dns_plan p = { 0 };
	enum cli_exit code;

	if (!server)
		return cli_fail(cli, CLI_USAGE,
				"invalid value '%.40s' for --server, allowed: "
				"one of dnsmasq, odhcpd, radvd",
				cli->server);
	s = cli_settings(cli);
	if (!s)
		return CLI_USAGE;
	p.settings = s;
	code = write_zones(cli, &p, server);
	settings_free(s);
	return code;
}
