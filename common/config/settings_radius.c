/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/config/settings_radius.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config/settings.h"
#include "common/config/settings_options.h"
#include "common/config/settings_valid.h"

#define HOUR 3600ULL

static const char *const transport_words[] = { "udp", "tls", NULL };

static bool is_server(const char *text)
{
	struct addr a;
	uint16_t port;

	return valid_server_parse(text, &a, &port);
}

static const struct conf_option radius_options[] = {
	{ .name = "server",
	  .type = CONF_TEXT,
	  .is_list = true,
	  AT(radius_settings, server),
	  .max = 63,
	  .is_valid = is_server,
	  .allowed = "an address such as 192.0.2.5, 192.0.2.5:1645 or "
		     "[2001:db8::5]:1812",
	  .help = HELP("RADIUS server, asked in this order while they answer, "
		       "at most four; its port is 1812 by udp and 2083 by tls "
		       "unless one is told") },
	{ .name = "transport",
	  .type = CONF_WORD,
	  AT(radius_settings, transport),
	  .fallback = "udp",
	  .words = transport_words,
	  .help = HELP("udp, where names, volumes and times travel in the "
		       "clear and a secret hides the password alone; or tls "
		       "(RadSec, RFC 6614)") },
	{ .name = "secret",
	  .type = CONF_TEXT,
	  AT(radius_settings, secret),
	  .fallback = "",
	  .max = 128,
	  .help = HELP("secret shared with the servers; by tls radsec, unless "
		       "one is told") },
	{ .name = "secret_file",
	  .type = CONF_PATH,
	  AT(radius_settings, secret_file),
	  .fallback = "",
	  .max = 200,
	  .help = HELP("file with the secret in its first line, readable for "
		       "the portal's user, in the place of option secret") },
	{ .name = "accounting_port",
	  .type = CONF_NUMBER,
	  AT(radius_settings, accounting_port),
	  .fallback = "1813",
	  .max = 65535,
	  .help = HELP("port of the servers for accounting by udp; 0: no "
		       "accounting, by tls neither") },
	{ .name = "interim",
	  .type = CONF_SECONDS,
	  AT(radius_settings, interim_s),
	  .fallback = "10m",
	  .max = 24 * HOUR,
	  .help = HELP("how often the volume of a session is told while it "
		       "lasts, where the server does not say; at least a "
		       "minute; 0: at its end only") },
	{ .name = "identifier",
	  .type = CONF_TEXT,
	  AT(radius_settings, identifier),
	  .fallback = "stadttor",
	  .min = 1,
	  .max = 63,
	  .help = HELP("name of this box for the servers (NAS-Identifier)") },
	{ .name = "coa_port",
	  .type = CONF_NUMBER,
	  AT(radius_settings, coa_port),
	  .fallback = "0",
	  .max = 65535,
	  .help = HELP("UDP port, as a rule 3799, where the servers may change "
		       "and end sessions of their accounts (RFC 5176); "
		       "0: none") },
	{ .name = "ca",
	  .type = CONF_PATH,
	  AT(radius_settings, ca),
	  .fallback = "",
	  .max = 200,
	  .help = HELP("certificates in PEM that the servers' own must lead "
		       "to, by tls") },
	{ .name = "server_name",
	  .type = CONF_TEXT,
	  AT(radius_settings, server_name),
	  .fallback = "",
	  .max = 253,
	  .is_valid = valid_dns_name_or_empty,
	  .allowed = "a host name, or nothing",
	  .help = HELP("name that the servers' certificates must have; empty: "
		       "the address of each") },
	{ .name = "certificate",
	  .type = CONF_PATH,
	  AT(radius_settings, certificate),
	  .fallback = "",
	  .max = 200,
	  .help = HELP("certificate chain of this box in PEM, by tls") },
	{ .name = "key",
	  .type = CONF_PATH,
	  AT(radius_settings, key),
	  .fallback = "",
	  .max = 200,
	  .help = HELP("its private key in PEM") },
};

const struct conf_table settings_radius_table = TABLE("radius", radius_options);

static const char *check_secret(const struct radius_settings *r)
{
	if (*r->secret && *r->secret_file)
		return "secret and secret_file exclude each other";
	if (r->transport == RADIUS_UDP && !*r->secret && !*r->secret_file)
		return "transport udp needs a secret or a secret_file";
	/* that of RFC 6614 is known to everybody, and coa_port is by UDP */
	if (r->coa_port && !*r->secret && !*r->secret_file)
		return "coa_port needs a secret or a secret_file";
	if (r->coa_port && !strcmp(r->secret, "radsec"))
		return "coa_port needs another secret than radsec";
	return NULL;
}

static const char *check_tls(const struct radius_settings *r)
{
	if (!*r->certificate != !*r->key)
		return "certificate and key go together";
	if (r->transport == RADIUS_TLS && (!*r->ca || !*r->certificate))
		return "transport tls needs ca, certificate and key";
	return NULL;
}

const char *settings_radius_check(const struct settings *c, size_t radius)
{
	const struct radius_settings *r = &c->radius[radius];
	const char *what = check_secret(r);

	for (size_t i = 0; i < radius; i++)
		if (!strcmp(r->name, c->radius[i].name))
			return "a second radius of this name";
	if (!r->server.count || r->server.count > SETTINGS_RADIUS_SERVERS)
		return "one to four servers: list server '192.0.2.5'";
	if (r->interim_s && r->interim_s < 60)
		return "interim is at least a minute, or 0";
	return what ? what : check_tls(r);
}

/* Passwords are typed in: never in the clear. */
const char *settings_radius_check_zone(const struct settings *c, size_t zone)
{
	const struct zone_settings *z = &c->zone[zone];

	if (!settings_zone_offers(z, ZONE_AUTH_RADIUS))
		return *z->radius ? "option radius needs auth 'radius'" : NULL;
#ifndef WITH_RADIUS
	return "this build has no auth 'radius'";
#endif
	if (!settings_radius_of(c, z))
		return "auth 'radius' needs option radius with the name of a "
		       "config radius";
	if (!*c->portal.certificate)
		return "auth 'radius' needs the portal's certificate, since "
		       "passwords are typed in";
	if (*c->portal.wifi4eu)
		return "auth 'radius' excludes wifi4eu, whose script could "
		       "read what is typed in";
	return NULL;
}

const struct radius_settings *settings_radius_of(const struct settings *c,
						 const struct zone_settings *z)
{
	for (size_t i = 0; i < c->radii; i++)
		if (!strcmp(c->radius[i].name, z->radius))
			return &c->radius[i];
	return NULL;
}

/* As `-T` prints it; NULL: no memory. */
static char *print_section(const struct radius_settings *r)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	conf_print(&settings_radius_table, r, r->name, out);
	return fclose(out) ? NULL : text;
}

bool settings_radius_is_same(const struct radius_settings *a,
			     const struct radius_settings *b)
{
	char *first = print_section(a), *second = print_section(b);
	bool is_same = first && second && !strcmp(first, second);

	free(first);
	free(second);
	return is_same;
}
