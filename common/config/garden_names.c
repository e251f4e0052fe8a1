/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/config/garden_names.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/authority.h"
#include "common/config/settings_valid.h"

#define URLS 3 /* of the portal */

/* --- one name ---------------------------------------------------------- */

/* The host of an http or https address; an IPv6 address without brackets. */
static size_t find_host(const char *url, const char **host)
{
	const char *at = strstr(url, "://");
	size_t len;

	at = at ? at + 3 : url;
	len = strcspn(at, "/?#");
	for (const char *user = memchr(at, '@', len); user;
	     user = memchr(at, '@', len)) {
		len -= (size_t)(user + 1 - at);
		at = user + 1;
	}
	return authority_host(at, len, host);
}

static void tell(const char *name, size_t len, garden_name_fn *on_name,
		 void *arg)
{
	if (len && name[len - 1] == '.')
		len--;
	if (len && len < GARDEN_NAME_MAX)
		on_name(name, len, arg);
}

static void tell_host(const struct settings *s, const char *url,
		      garden_name_fn *on_name, void *arg)
{
	const char *own = s->portal.hostname;
	const char *host;
	size_t len;

	if (!*url)
		return;
	len = find_host(url, &host);
	if (strlen(own) != len || strncasecmp(own, host, len) != 0)
		tell(host, len, on_name, arg);
}

/* --- all names --------------------------------------------------------- */

void garden_names_each(const struct settings *s, size_t zone,
		       garden_name_fn *on_name, void *arg)
{
	const struct zone_settings *z = &s->zone[zone];
	const char *const urls[URLS] = { s->portal.success_url,
					 s->portal.terms_url,
					 s->portal.venue_url };

	for (size_t i = 0; i < z->garden_name.count; i++)
		tell(z->garden_name.value[i], strlen(z->garden_name.value[i]),
		     on_name, arg);
	for (size_t i = 0; i < URLS; i++)
		tell_host(s, urls[i], on_name, arg);
	if (*s->portal.wifi4eu)
		tell_host(s, SETTINGS_WIFI4EU_URL, on_name, arg);
	if (settings_zone_offers(z, ZONE_AUTH_OIDC))
		tell_host(s, s->oidc.issuer, on_name, arg);
	for (size_t i = 0; i < s->tiles; i++)
		if (settings_is_for_zone(&s->tile[i].zone, z->name))
			tell_host(s, s->tile[i].link, on_name, arg);
}

/* --- is it one of them ------------------------------------------------- */

bool garden_name_clean(const char *name, size_t len, char out[GARDEN_NAME_MAX])
{
	struct addr a;

	if (len >= GARDEN_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		out[i] = (char)tolower((unsigned char)name[i]);
	out[len] = '\0';
	return valid_dns_name(out) && !addr_parse(&a, out);
}

struct search {
	const char *name; /* that is looked for */
	size_t len;
	char *of; /* found so far; empty: nothing */
};

/* Of several that fit the widest, which is the last to leave the config. */
static void on_candidate(const char *name, size_t len, void *arg)
{
	char clean[GARDEN_NAME_MAX];
	struct search *s = arg;

	if (len > s->len || (*s->of && len >= strlen(s->of)) ||
	    strncasecmp(s->name + s->len - len, name, len) != 0 ||
	    (len < s->len && s->name[s->len - len - 1] != '.'))
		return;
	if (garden_name_clean(name, len, clean))
		memcpy(s->of, clean, len + 1);
}

bool garden_names_open(const struct settings *s, size_t zone, const char *name,
		       char of[GARDEN_NAME_MAX])
{
	struct search search = { .name = name, .len = strlen(name), .of = of };

	if (search.len && name[search.len - 1] == '.')
		search.len--;
	*of = '\0';
	garden_names_each(s, zone, on_candidate, &search);
	return *of != '\0';
}
