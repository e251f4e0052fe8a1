/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/config/settings_oidc.h"

#include <string.h>

#include "common/config/settings_options.h"
#include "common/config/settings_valid.h"

static const struct conf_option oidc_options[] = {
	{ .name = "issuer",
	  .type = CONF_TEXT,
	  AT(oidc_settings, issuer),
	  .fallback = "",
	  .max = 255,
	  .is_valid = valid_url_or_empty,
	  .allowed = "an http or https address",
	  .help = HELP(
		  "address of the provider, as it calls itself; https, without "
		  "? and #; its host is open before the login, other hosts "
		  "that "
		  "its pages need are for garden_name") },
	{ .name = "client_id",
	  .type = CONF_TEXT,
	  AT(oidc_settings, client),
	  .fallback = "",
	  .max = 255,
	  .help = HELP("how the provider knows this portal") },
	{ .name = "secret",
	  .type = CONF_PATH,
	  AT(oidc_settings, secret),
	  .fallback = "",
	  .max = 200,
	  .help = HELP("file with the client secret, on one line") },
	{ .name = "key",
	  .type = CONF_PATH,
	  AT(oidc_settings, key),
	  .fallback = "",
	  .max = 200,
	  .help = HELP(
		  "in the place of a secret: PEM file with a private key, RSA "
		  "of 2048 bits or P-256, whose public half the provider has "
		  "(private_key_jwt)") },
	{ .name = "scope",
	  .type = CONF_TEXT,
	  AT(oidc_settings, scope),
	  .fallback = "openid",
	  .min = 6,
	  .max = 200,
	  .help = HELP(
		  "what the provider is asked for; more than openid only for "
		  "claims that tariffs need") },
	{ .name = "account",
	  .type = CONF_TEXT,
	  AT(oidc_settings, account),
	  .fallback = "OpenID",
	  .min = 1,
	  .max = 40,
	  .help = HELP("name of the account, as people know it") },
};

const struct conf_table settings_oidc_table = TABLE("oidc", oidc_options);

/* A word of a list with blanks between. */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; *at; at += strspn(at, " ")) {
		size_t n = strcspn(at, " ");

		if (n == len && !memcmp(at, word, len))
			return true;
		at += n;
	}
	return false;
}

const char *settings_oidc_check(const struct settings *c, size_t nth)
{
	const struct oidc_settings *o = &c->oidc;

	(void)nth;
	if (*o->issuer && (strncmp(o->issuer, "https://", 8) != 0 ||
			   strpbrk(o->issuer, "?#")))
		return "issuer must be https, without ? and #";
	if (strpbrk(o->client, "\"\\"))
		return "client_id must be without quotes and backslashes";
	if (*o->secret && *o->key)
		return "either secret or key";
	if (!has_word(o->scope, "openid"))
		return "scope needs the word openid";
	return NULL;
}

const char *settings_oidc_check_zone(const struct settings *c, size_t zone)
{
	const struct zone_settings *z = &c->zone[zone];
	const struct oidc_settings *o = &c->oidc;

	if (!settings_zone_offers(z, ZONE_AUTH_OIDC))
		return z->tariff.count ? "list tariff needs list auth 'oidc'"
				       : NULL;
	if (!*c->portal.certificate)
		return "auth 'oidc' needs the portal's certificate, key and "
		       "hostname: the provider leads back to "
		       "https://HOSTNAME/oidc";
	if (!*o->issuer || !*o->client)
		return "auth 'oidc' needs issuer and client_id in a section "
		       "oidc";
	if (!*o->secret && !*o->key)
		return "auth 'oidc' needs secret or key in the section oidc";
	return NULL;
}
