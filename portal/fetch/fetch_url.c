/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/fetch/fetch_url.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <event2/http.h>

#include "portal/util/crypto.h"

static bool take_scheme(struct fetch_url *u, const struct evhttp_uri *uri)
{
	const char *scheme = evhttp_uri_get_scheme(uri);
	int port = evhttp_uri_get_port(uri);

	if (!scheme)
		return false;
	u->is_secure = strcasecmp(scheme, "https") == 0;
	if (!u->is_secure && strcasecmp(scheme, "http") != 0)
		return false;
	if (port < 0)
		port = u->is_secure ? 443 : 80;
	if (port == 0 || port > UINT16_MAX)
		return false;
	u->port = (uint16_t)port;
	return true;
}

static bool take_host(struct fetch_url *u, const struct evhttp_uri *uri)
{
	const char *host = evhttp_uri_get_host(uri);
	size_t len = host ? strlen(host) : 0;
	unsigned char address[16];
	bool is_ipv6 = len > 2 && host[0] == '[';
	int n;

	if (len == 0 || len >= sizeof(u->host))
		return false;
	if (is_ipv6)
		snprintf(u->host, sizeof(u->host), "%.*s", (int)len - 2,
			 host + 1);
	else
		snprintf(u->host, sizeof(u->host), "%s", host);
	u->is_address =
		inet_pton(is_ipv6 ? AF_INET6 : AF_INET, u->host, address) == 1;
	if (is_ipv6 && !u->is_address)
		return false;
	n = evhttp_uri_get_port(uri) < 0
		    ? snprintf(u->authority, sizeof(u->authority), "%s", host)
		    : snprintf(u->authority, sizeof(u->authority), "%s:%u",
			       host, u->port);
	return n > 0 && (size_t)n < sizeof(u->authority);
}

/* The fragment stays here. */
static bool take_target(struct fetch_url *u, const struct evhttp_uri *uri)
{
	const char *path = evhttp_uri_get_path(uri);
	const char *query = evhttp_uri_get_query(uri);
	int n = snprintf(u->target, sizeof(u->target), "%s%s%s",
			 path && *path ? path : "/", query ? "?" : "",
			 query ? query : "");

	return n > 0 && (size_t)n < sizeof(u->target);
}

/* Of https://name:password@host/: what HTTP calls Basic (RFC 7617). */
static bool take_login(struct fetch_url *u, const struct evhttp_uri *uri)
{
	static const char basic[] = "Basic ";
	const char *info = evhttp_uri_get_userinfo(uri);
	size_t len = 0;
	char *login;
	bool ok;

	u->authorization[0] = '\0';
	if (!info)
		return true;
	login = evhttp_uridecode(info, 0, &len);
	ok = login && len <= FETCH_LOGIN_MAX;
	if (ok) {
		memcpy(u->authorization, basic, sizeof(basic));
		crypto_base64(u->authorization + sizeof(basic) - 1, login, len);
	}
	free(login);
	return ok;
}

bool fetch_url_parse(struct fetch_url *u, const char *url)
{
	struct evhttp_uri *uri = evhttp_uri_parse(url);
	bool ok;

	if (!uri)
		return false;
	ok = take_scheme(u, uri) && take_host(u, uri) && take_target(u, uri) &&
	     take_login(u, uri);
	evhttp_uri_free(uri);
	return ok;
}
