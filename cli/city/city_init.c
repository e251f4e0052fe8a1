/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `stadttor city init`: a city is made, or what is made of its secret is made
 * again, for other servers or because it is lost; secrets stay as they are.
 */
#include "cli/city/city_hub.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/city/city_ca.h"
#include "common/array.h"
#include "common/city/city_login.h"
#include "common/privs.h"
#include "common/quantity.h"
#include "common/random.h"
#include "common/text.h"
#include "portal/util/file.h"

#define DEFAULT_PORT   "6379"
#define DEFAULT_STORE  "/var/lib/redis/stadttor"
#define DEFAULT_SHIFT  "3h"
#define DEFAULT_MEMORY "1GiB"
#define MEMORY_MIN     (64ULL << 20)
#define DAYS_WARNED    90
#define PEM_FILE_MAX   (256 * 1024)

_Static_assert(CITY_NODES_MAX == CLI_CITY_SERVERS_MAX, "as the usage has it");

static enum cli_exit invalid(const struct cli *cli, const char *what,
			     const char *value, const char *allowed)
{
	return cli_fail(cli, CLI_USAGE, "invalid %s '%.60s', allowed: %s", what,
			value, allowed);
}

/* --- what is asked for ------------------------------------------------- */

static enum cli_exit take_city(struct city_hub *h, const char *name)
{
	struct city_secret *s = &h->secret;

	if (!city_site_is_valid(name))
		return invalid(h->cli, "name of a city", name,
			       "1 to 32 of a-z, 0-9 and '-'");
	if (!h->is_new && strcmp(s->city, name) != 0)
		return cli_fail(h->cli, CLI_FAILED,
				"%s: the city here is '%s', and stays it",
				h->folder, s->city);
	snprintf(s->city, sizeof(s->city), "%s", name);
	return CLI_DONE;
}

static enum cli_exit take_node(struct city_hub *h, const char *text)
{
	struct city_secret *s = &h->secret;
	char *node = s->node[s->nodes];
	struct city_server server;
	bool has_port;

	snprintf(node, CITY_NODE_MAX, "%s", text);
	has_port = city_server_parse(&server, node);
	if (!has_port)
		snprintf(node, CITY_NODE_MAX, "%.240s:" DEFAULT_PORT, text);
	if (!city_server_parse(&server, node))
		return invalid(h->cli, "server", text,
			       "HOST, HOST:PORT or [IPV6]:PORT");
	for (size_t i = 0; i < s->nodes; i++)
		if (!strcmp(s->node[i], node))
			return cli_fail(h->cli, CLI_USAGE,
					"server '%.60s' is named twice", text);
	s->nodes++;
	return CLI_DONE;
}

static enum cli_exit take_nodes(struct city_hub *h)
{
	enum cli_exit code = CLI_DONE;

	if (h->cli->arg_count > 1)
		h->secret.nodes = 0;
	for (int i = 1; !code && i < h->cli->arg_count; i++)
		code = take_node(h, h->cli->args[i]);
	if (!code && !h->secret.nodes)
		code = cli_fail(h->cli, CLI_USAGE,
				"a server of the store is missing: stadttor "
				"city init CITY HOST:PORT");
	return code;
}

static enum cli_exit take_shift(struct city_hub *h)
{
	const char *text = h->cli->city.shift;
	uint64_t shift_s;

	if (!text && !h->is_new)
		return CLI_DONE;
	text = text ? text : DEFAULT_SHIFT;
	if (!quantity_parse_seconds(text, &shift_s) ||
	    shift_s > CITY_SHIFT_MAX_S)
		return invalid(h->cli, "value for --shift", text,
			       "a time below 24h, such as 3h");
	if (!h->is_new && shift_s != h->secret.shift_s)
		return cli_fail(h->cli, CLI_FAILED,
				"when the city's days begin cannot be changed "
				"any more: its boxes would not follow");
	h->secret.shift_s = (uint32_t)shift_s;
	return CLI_DONE;
}

static enum cli_exit take_memory(struct city_hub *h)
{
	const char *text = h->cli->city.memory;
	uint64_t bytes;

	if (!text && !h->is_new)
		return CLI_DONE;
	text = text ? text : DEFAULT_MEMORY;
	if (!quantity_parse_bytes(text, &bytes) || bytes < MEMORY_MIN ||
	    bytes > UINT64_MAX / 2)
		return invalid(h->cli, "value for --memory", text,
			       "64MiB or more");
	h->secret.memory_bytes = bytes;
	return CLI_DONE;
}

static enum cli_exit take_store(struct city_hub *h)
{
	const char *text = h->cli->city.store;

	if (!text && !h->is_new)
		return CLI_DONE;
	text = text ? text : DEFAULT_STORE;
	if (*text != '/' || strlen(text) >= CITY_STORE_MAX ||
	    !text_is_plain(text) || strpbrk(text, " \"'\\"))
		return invalid(h->cli, "value for --store", text,
			       "the path of a folder, without blanks and "
			       "quotes");
	snprintf(h->secret.store, CITY_STORE_MAX, "%s", text);
	return CLI_DONE;
}

static enum cli_exit take_all(struct city_hub *h)
{
	static enum cli_exit (*const take[])(struct city_hub * h) = {
		take_nodes,
		take_shift,
		take_memory,
		take_store,
	};
	const struct cli_city *c = &h->cli->city;
	enum cli_exit code = CLI_DONE;

	if (h->cli->arg_count)
		code = take_city(h, h->cli->args[0]);
	else if (h->is_new)
		code = cli_fail(h->cli, CLI_USAGE,
				"the city's name is missing: stadttor city "
				"init CITY HOST:PORT");
	if (!code && (!c->ca != !c->certificate || !c->ca != !c->key))
		code = cli_fail(h->cli, CLI_USAGE,
				"--ca, --certificate and --key go together");
	for (size_t i = 0; !code && i < ARRAY_SIZE(take); i++)
		code = take[i](h);
	return code;
}

/* --- secrets ----------------------------------------------------------- */

static enum cli_exit make_secrets(struct city_hub *h)
{
	struct city_secret *s = &h->secret;
	bool is_good = random_fill(s->key, sizeof(s->key)) &&
		       city_secret_make_codes(s);

	for (size_t i = 0; is_good && i < CITY_ACCOUNTS; i++)
		is_good = city_password_make(s->password[i], NULL);
	s->day = city_day(h->now_s, s->shift_s);
	return is_good ? CLI_DONE
		       : cli_fail(h->cli, CLI_FAILED, "no randomness");
}

/* --- certificates ------------------------------------------------------ */

static bool print_cert(FILE *out, const void *arg)
{
	return city_ca_print_cert(arg, out);
}

static bool print_key(FILE *out, const void *arg)
{
	return city_ca_print_key(arg, out);
}

static enum cli_exit write_pair(const struct city_hub *h, const char *cert,
				enum city_reader reader, const char *key,
				const struct city_ca *pair)
{
	enum cli_exit code = city_hub_write(h, key, CITY_ROOT, print_key, pair);

	return code ? code : city_hub_write(h, cert, reader, print_cert, pair);
}

static bool is_there(const struct city_hub *h, const char *name)
{
	char path[CITY_FILE_MAX];

	return access(city_hub_path(h, name, path), F_OK) == 0;
}

/* The city's own authority, made at the first time. */
static enum cli_exit find_authority(const struct city_hub *h,
				    struct city_ca *ca)
{
	char cert[CITY_FILE_MAX], key[CITY_FILE_MAX], why[CITY_ERROR_MAX];

	city_hub_path(h, "ca.pem", cert);
	city_hub_path(h, "ca.key", key);
	if (is_there(h, "ca.key"))
		return city_ca_read(ca, cert, key, why)
			       ? CLI_DONE
			       : cli_fail(h->cli, CLI_FAILED, "%s", why);
	if (!h->is_new && is_there(h, "ca.pem"))
		return cli_fail(h->cli, CLI_FAILED,
				"the city has another's authority: give a new "
				"certificate by --ca, --certificate and --key");
	if (!city_ca_make(ca, h->secret.city, why))
		return cli_fail(h->cli, CLI_FAILED, "%s", why);
	return write_pair(h, "ca.pem", CITY_EVERYONE, "ca.key", ca);
}

/* Whether the one that is there will do for a while. */
static bool has_certificate(const struct city_hub *h, const struct city_ca *ca)
{
	char cert[CITY_FILE_MAX], key[CITY_FILE_MAX], why[CITY_ERROR_MAX];
	struct city_ca server;
	bool is_good;

	city_hub_path(h, "store/tls.crt", cert);
	city_hub_path(h, "store/tls.key", key);
	is_good = city_ca_read(&server, cert, key, why) &&
		  city_ca_is_for(ca, &server, &h->secret, why) &&
		  city_ca_days_left(&server, h->now_s) > DAYS_WARNED;
	city_ca_clear(&server);
	return is_good;
}

static enum cli_exit certify(const struct city_hub *h)
{
	struct city_ca ca = { 0 }, server = { 0 };
	char why[CITY_ERROR_MAX];
	enum cli_exit code = find_authority(h, &ca);

	if (!code && !has_certificate(h, &ca)) {
		if (!city_ca_certify(&ca, &h->secret, &server, why))
			code = cli_fail(h->cli, CLI_FAILED, "%s", why);
		else
			code = write_pair(h, "store/tls.crt", CITY_EVERYONE,
					  "store/tls.key", &server);
	}
	city_ca_clear(&server);
	city_ca_clear(&ca);
	return code;
}

struct copy {
	char *text;
	size_t len;
};

static bool print_copy(FILE *out, const void *arg)
{
	const struct copy *c = arg;

	return fwrite(c->text, 1, c->len, out) == c->len;
}

/* As it is, for there may be a chain in it. */
static enum cli_exit copy_file(const struct city_hub *h, const char *from,
			       const char *to, enum city_reader reader)
{
	struct copy c = { .len = 0 };
	enum cli_exit code;

	c.text = file_read(from, PEM_FILE_MAX, &c.len);
	if (!c.text)
		return cli_fail(h->cli, CLI_FAILED, "%s: %s", from,
				strerror(errno));
	code = city_hub_write(h, to, reader, print_copy, &c);
	explicit_bzero(c.text, c.len);
	free(c.text);
	return code;
}

static enum cli_exit take_certificates(const struct city_hub *h)
{
	const struct cli_city *c = &h->cli->city;
	struct city_ca ca = { 0 }, server = { 0 };
	char why[CITY_ERROR_MAX];
	enum cli_exit code = CLI_DONE;

	if (!city_ca_read(&ca, c->ca, NULL, why) ||
	    !city_ca_read(&server, c->certificate, c->key, why) ||
	    !city_ca_is_for(&ca, &server, &h->secret, why))
		code = cli_fail(h->cli, CLI_FAILED, "%s", why);
	city_ca_clear(&server);
	city_ca_clear(&ca);
	if (!code)
		code = copy_file(h, c->key, "store/tls.key", CITY_ROOT);
	if (!code)
		code = copy_file(h, c->certificate, "store/tls.crt",
				 CITY_EVERYONE);
	return code ? code : copy_file(h, c->ca, "ca.pem", CITY_EVERYONE);
}

/* --- the whole --------------------------------------------------------- */

/* No include has it: Sentinel changes it in the server's own config. */
static void tell_replicas(const struct city_secret *s)
{
	struct city_server first;

	if (city_server_parse(&first, s->node[0]))
		printf("     and behind it, on all but the first: "
		       "replicaof %s %u\n"
		       "     sentinel.conf is what the config of each Sentinel "
		       "begins with\n",
		       first.host, first.port);
}

static void tell(const struct city_hub *h)
{
	const struct city_secret *s = &h->secret;
	struct privs_user user;

	printf("%s: city '%s' with %zu sites.\n\n"
	       "On each server of the store, as root:\n"
	       "  1. copy %s/store to it as %s,\n"
	       "     for the store's user alone: chown -R redis: %s\n"
	       "  2. last line of its redis.conf: include %s/%s\n"
	       "  3. systemctl restart redis-server\n",
	       h->folder, s->city, s->sites, h->folder, s->store, s->store,
	       s->store, "stadttor.conf");
	if (s->nodes > 1)
		tell_replicas(s);
	printf("\nThen, on this host:\n"
	       "  4. %s\n"
	       "  5. stadttor city passwd NAME, for the dashboard\n"
	       "  6. stadttor city add SITE >SITE.city, for each box\n",
	       privs_find_user(CITY_HUB_USER, &user)
		       ? "install stadttor-hub, whose user is to read "
			 "hub.conf, and do this again"
		       : "systemctl enable --now stadttor-hub");
	if (!h->is_new)
		puts("\nSecrets, logins and keys are as they were; hub.conf "
		     "is yours to change.");
}

static enum cli_exit make_files(const struct city_hub *h)
{
	enum cli_exit code = city_hub_mkdir(h, "store");

	char ca[CITY_FILE_MAX];

	if (!code)
		code = h->cli->city.ca ? take_certificates(h) : certify(h);
	if (!code)
		code = copy_file(h, city_hub_path(h, "ca.pem", ca),
				 "store/ca.pem", CITY_EVERYONE);
	if (!code)
		code = city_hub_save(h);
	return code ? code : city_store_files(h);
}

enum cli_exit cli_city_init(const struct cli *cli)
{
	struct city_hub h;
	enum cli_exit code = city_hub_open(&h, cli, CITY_HUB_MAKE);

	if (!code)
		code = take_all(&h);
	if (!code && h.is_new)
		code = make_secrets(&h);
	if (!code)
		code = make_files(&h);
	if (!code)
		tell(&h);
	city_hub_close(&h);
	return code;
}
