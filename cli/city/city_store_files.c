/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files of a city's store, which its servers include as they are, and the
 * hub's config. Without these limits ten entries of 10 MB, or replies that
 * nobody reads, keep everybody else from writing.
 */
#include "cli/city/city_hub.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cli/city/city_put.h"
#include "common/array.h"
#include "common/city/city_login.h"

/* Of the first server, if there are several; all listen at their own port. */
static uint16_t port_of(const struct city_secret *s)
{
	struct city_server server = { .port = 0 };

	return city_server_parse(&server, s->node[0]) ? server.port : 0;
}

static bool print_store(FILE *out, const void *arg)
{
	const struct city_secret *s = arg;

	fprintf(out,
		"# Written by stadttor city init for Redis 7.0 or newer, or "
		"Valkey. Stands last\n"
		"# in the server's own config: include %s/stadttor.conf\n"
		"bind * -::*\n"
		"port 0\n"
		"tls-port %u\n"
		"tls-cert-file %s/tls.crt\n"
		"tls-key-file %s/tls.key\n"
		"tls-ca-cert-file %s/ca.pem\n"
		"tls-auth-clients no\n"
		"tls-replication yes\n"
		"tls-protocols \"TLSv1.2 TLSv1.3\"\n"
		"aclfile %s/stadttor.acl\n"
		"masteruser %s\n"
		"masterauth %s\n",
		s->store, port_of(s), s->store, s->store, s->store, s->store,
		city_acl_account(CITY_REPLICA), s->password[CITY_REPLICA]);
	fprintf(out,
		"\n# What one box can take, from others or from this host.\n"
		"proto-max-bulk-len 1mb\n"
		"client-query-buffer-limit 2mb\n"
		"client-output-buffer-limit normal 8mb 2mb 30\n"
		"client-output-buffer-limit pubsub 8mb 2mb 30\n"
		"maxmemory %" PRIu64 "\n"
		"maxmemory-policy noeviction\n"
		"maxmemory-clients 30%%\n"
		"maxclients 20000\n"
		"tcp-backlog 4096\n"
		"tcp-keepalive 60\n"
		"acllog-max-len 32\n"
		"slowlog-log-slower-than -1\n"
		"latency-monitor-threshold 0\n",
		s->memory_bytes);
	fputs("\n# A disk that is full stops nobody. A replica that falls "
	      "behind answers still.\n"
	      "save 60 1\n"
	      "stop-writes-on-bgsave-error no\n"
	      "appendonly no\n"
	      "repl-diskless-sync yes\n"
	      "repl-diskless-sync-delay 0\n"
	      "repl-diskless-load swapdb\n",
	      out);
	return true;
}

static bool print_sentinel(FILE *out, const void *arg)
{
	const struct city_secret *s = arg;
	struct city_server first = { .port = 0 };

	if (!city_server_parse(&first, s->node[0]))
		return false;
	fprintf(out,
		"# Written by stadttor city init; a beginning for "
		"sentinel.conf, of which there\n"
		"# are three, each on a host of its own. Who has not the "
		"store's key, as other\n"
		"# Sentinels have, cannot speak to them.\n"
		"port 0\n"
		"tls-port 26379\n"
		"tls-cert-file %s/tls.crt\n"
		"tls-key-file %s/tls.key\n"
		"tls-ca-cert-file %s/ca.pem\n"
		"tls-auth-clients yes\n"
		"tls-replication yes\n"
		"sentinel resolve-hostnames yes\n"
		"sentinel announce-hostnames yes\n"
		"sentinel monitor stadttor %s %u 2\n"
		"sentinel auth-user stadttor %s\n"
		"sentinel auth-pass stadttor %s\n"
		"sentinel down-after-milliseconds stadttor 10000\n",
		s->store, s->store, s->store, first.host, first.port,
		city_acl_account(CITY_SENTINEL), s->password[CITY_SENTINEL]);
	return true;
}

static bool print_hub(FILE *out, const void *arg)
{
	const struct city_hub *h = arg;
	const struct city_secret *s = &h->secret;
	char path[CITY_FILE_MAX];

	fputs("# Made by stadttor city init, and yours from now on.\n"
	      "config hub\n",
	      out);
	for (size_t i = 0; i < s->nodes; i++)
		city_put(out, "list", "server", s->node[i]);
	city_put(out, "option", "ca", city_hub_path(h, "ca.pem", path));
	city_put(out, "option", "user", city_acl_account(CITY_HUB));
	city_put(out, "option", "password", s->password[CITY_HUB]);
	city_put(out, "option", "switch_user", city_acl_account(CITY_SWITCH));
	city_put(out, "option", "switch_password", s->password[CITY_SWITCH]);
	city_put(out, "option", "sites", city_hub_path(h, "sites.conf", path));
	fputs("\n# The dashboard, once there is an account: stadttor city "
	      "passwd NAME\n"
	      "config admin\n",
	      out);
	city_put(out, "option", "accounts", city_hub_path(h, "accounts", path));
	fputs("\t#option address '127.0.0.1'\n"
	      "\t#option port '2090'\n",
	      out);
	return true;
}

static bool is_there(const struct city_hub *h, const char *name)
{
	char path[CITY_FILE_MAX];

	return access(city_hub_path(h, name, path), F_OK) == 0;
}

enum cli_exit city_store_files(const struct city_hub *h)
{
	static const struct {
		const char *name;
		bool (*print)(FILE *out, const void *arg);
	} files[] = {
		{ "store/stadttor.conf", print_store },
		{ "store/sentinel.conf", print_sentinel },
	};
	const size_t count = h->secret.nodes > 1 ? ARRAY_SIZE(files) : 1;
	enum cli_exit code = CLI_DONE;

	for (size_t i = 0; !code && i < count; i++)
		code = city_hub_write(h, files[i].name, CITY_ROOT,
				      files[i].print, &h->secret);
	if (code)
		return code;
	if (is_there(h, "hub.conf")) /* the hub may be installed since */
		return city_hub_give(h, "hub.conf", CITY_DAEMON);
	return city_hub_write(h, "hub.conf", CITY_DAEMON, print_hub, h);
}
