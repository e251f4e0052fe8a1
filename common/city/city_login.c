/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/city/city_login.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/array.h"
#include "common/authority.h"
#include "common/config/conf.h"
#include "common/config/settings.h"

#define DAY_S	  86400
#define TEXT_MAX  64 /* of names that people give */
#define TOKEN_MAX 128

struct city_login {
	char *city, *site, *district, *user, *password, *codes;
	struct conf_list server_list;
	uint64_t shift_s, generation;
	struct city_server server[CITY_SERVERS_MAX];
	size_t servers;
};

/* --- one value --------------------------------------------------------- */

bool city_site_is_valid(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < CITY_SITE_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static bool take_port(struct city_server *out, const char *text)
{
	unsigned long port;

	if (!*text || strlen(text) > 5 ||
	    text[strspn(text, "0123456789")] != '\0')
		return false;
	port = strtoul(text, NULL, 10);
	out->port = (uint16_t)port;
	return port > 0 && port <= UINT16_MAX;
}

bool city_server_parse(struct city_server *out, const char *text)
{
	const char *colon = strrchr(text, ':'), *host;
	unsigned char address[16];
	bool is_ipv6 = *text == '[';
	size_t len = authority_host(text, strlen(text), &host);

	if (!colon || !len || len >= sizeof(out->host))
		return false;
	memcpy(out->host, host, len);
	out->host[len] = '\0';
	out->is_address = inet_pton(is_ipv6 ? AF_INET6 : AF_INET, out->host,
				    address) == 1;
	if (is_ipv6 ? !out->is_address
		    : strspn(out->host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKL"
					"MNOPQRSTUVWXYZ"
					"0123456789-._") != len)
		return false;
	return take_port(out, colon + 1);
}

static bool server_is_valid(const char *text)
{
	struct city_server unused;

	return city_server_parse(&unused, text);
}

/* What an ACL file of the store holds in one piece. */
static bool is_token(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text >= 0x7f)
			return false;
	return true;
}

static bool is_codes(const char *text)
{
	size_t digits = strspn(text, "0123456789abcdef");

	return !text[digits] && (!digits || digits == CITY_CODES_DIGITS);
}

/* --- the section ------------------------------------------------------- */

#define AT(field) .offset = offsetof(struct city_login, field)

static const struct conf_option options[] = {
	{ .name = "city",
	  .type = CONF_TEXT,
	  AT(city),
	  .required = true,
	  .min = 1,
	  .max = TEXT_MAX },
	{ .name = "site",
	  .type = CONF_TEXT,
	  AT(site),
	  .required = true,
	  .min = 1,
	  .max = CITY_SITE_MAX - 1,
	  .is_valid = city_site_is_valid,
	  .allowed = "1 to 32 of a-z, 0-9 and '-'" },
	{ .name = "district",
	  .type = CONF_TEXT,
	  AT(district),
	  .fallback = "",
	  .max = TEXT_MAX },
	{ .name = "user",
	  .type = CONF_TEXT,
	  AT(user),
	  .required = true,
	  .min = 1,
	  .max = TOKEN_MAX,
	  .is_valid = is_token,
	  .allowed = "1 to 128 visible characters of ASCII" },
	{ .name = "password",
	  .type = CONF_TEXT,
	  AT(password),
	  .required = true,
	  .is_secret = true,
	  .min = 1,
	  .max = TOKEN_MAX,
	  .is_valid = is_token,
	  .allowed = "1 to 128 visible characters of ASCII" },
	{ .name = "codes",
	  .type = CONF_TEXT,
	  AT(codes),
	  .fallback = "",
	  .is_secret = true,
	  .max = CITY_CODES_DIGITS,
	  .is_valid = is_codes,
	  .allowed = "128 hexadecimal digits" },
	{ .name = "server",
	  .type = CONF_TEXT,
	  AT(server_list),
	  .is_list = true,
	  .required = true,
	  .min = 1,
	  .max = CITY_HOST_MAX + 8,
	  .is_valid = server_is_valid,
	  .allowed = "host:port or [ipv6]:port" },
	{ .name = "shift",
	  .type = CONF_SECONDS,
	  AT(shift_s),
	  .fallback = "3h",
	  .max = DAY_S - 1 },
	{ .name = "generation",
	  .type = CONF_NUMBER,
	  AT(generation),
	  .fallback = "0",
	  .max = UINT8_MAX },
};

static const struct conf_table table = { "city", options, ARRAY_SIZE(options),
					 NULL };

static bool take_servers(struct city_login *l, const struct uci_section *s,
			 char *error)
{
	size_t count = l->server_list.count;

	if (count > CITY_SERVERS_MAX) {
		snprintf(error, UCI_ERROR_MAX, "%u: more than %d of server",
			 s->line, CITY_SERVERS_MAX);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		if (!city_server_parse(&l->server[i], l->server_list.value[i]))
			return false;
	l->servers = count;
	return true;
}

struct city_login *city_login_from(const struct uci_section *s,
				   char error[UCI_ERROR_MAX])
{
	struct city_login *l = calloc(1, sizeof(*l));

	if (!l || conf_defaults(&table, l) < 0)
		snprintf(error, UCI_ERROR_MAX, "%u: out of memory", s->line);
	else if (conf_apply(&table, l, s, error) && take_servers(l, s, error))
		return l;
	city_login_free(l);
	return NULL;
}

void city_login_free(struct city_login *l)
{
	if (!l)
		return;
	conf_clear(&table, l);
	free(l);
}

/* --- the file ---------------------------------------------------------- */

static struct city_login *from_file(const struct uci_file *f, char *error)
{
	const struct uci_section *s = TAILQ_FIRST(&f->sections);

	if (!s || strcmp(s->type, "city")) {
		snprintf(error, UCI_ERROR_MAX,
			 "%u: allowed here: one section 'config city'",
			 s ? s->line : 1);
		return NULL;
	}
	if (TAILQ_NEXT(s, next)) {
		snprintf(error, UCI_ERROR_MAX,
			 "%u: a second section, allowed: one 'config city'",
			 TAILQ_NEXT(s, next)->line);
		return NULL;
	}
	return city_login_from(s, error);
}

struct city_login *city_login_read(const char *path, char error[UCI_ERROR_MAX])
{
	char inner[UCI_ERROR_MAX];
	struct city_login *l;
	struct uci_file *f;

	*error = '\0';
	if (access(path, F_OK) && errno == ENOENT)
		return NULL;
	f = uci_read(path, error);
	if (!f)
		return NULL;
	l = from_file(f, inner);
	uci_free(f);
	if (!l)
		snprintf(error, UCI_ERROR_MAX, "%.250s:%.250s", path, inner);
	return l;
}

static bool build_path(char path[CITY_PATH_MAX], const char *folder,
		       const char *name)
{
	int n = snprintf(path, CITY_PATH_MAX, "%s/%s", folder, name);

	return n > 0 && n < CITY_PATH_MAX;
}

bool city_login_path(char path[CITY_PATH_MAX], const char *folder)
{
	return build_path(path, folder, "login");
}

bool city_is_joined(const struct city_settings *c)
{
	char path[CITY_PATH_MAX];

	return c->enabled && city_login_path(path, c->folder) &&
	       access(path, F_OK) == 0;
}

bool city_ca_path(char path[CITY_PATH_MAX], const char *folder)
{
	return build_path(path, folder, "ca.pem");
}

/* --- what it says ------------------------------------------------------ */

const char *city_login_city(const struct city_login *l)
{
	return l->city;
}

const char *city_login_site(const struct city_login *l)
{
	return l->site;
}

const char *city_login_district(const struct city_login *l)
{
	return l->district;
}

const char *city_login_user(const struct city_login *l)
{
	return l->user;
}

const char *city_login_password(const struct city_login *l)
{
	return l->password;
}

size_t city_login_servers(const struct city_login *l,
			  const struct city_server **servers)
{
	*servers = l->server;
	return l->servers;
}

const char *city_login_codes(const struct city_login *l)
{
	return l->codes;
}

uint32_t city_login_shift_s(const struct city_login *l)
{
	return (uint32_t)l->shift_s;
}

uint8_t city_login_generation(const struct city_login *l)
{
	return (uint8_t)l->generation;
}
