/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/admin/admin_routes.h"

#include <stdio.h>
#include <string.h>

#include "common/array.h"
#include "common/authority.h"
#include "portal/admin/admin_answer.h"
#include "portal/admin/admin_login.h"
#include "portal/admin/admin_logout.h"
#include "portal/admin/admin_site.h"
#include "portal/admin/admin_socket.h"
#include "portal/http/respond.h"

#define BIT(method) (1U << (method))

/* --- pages ------------------------------------------------------------- */

static void send_asset(struct conn *c, const struct asset *asset)
{
	struct admin_answer a = {
		.status = 200,
		.type = asset->type,
		.fields = "Content-Encoding: gzip\r\n",
		.body = asset->bytes,
		.body_len = asset->len,
		.may_be_kept = !asset->is_page,
	};

	admin_answer(c, &a);
}

static void show_page(struct conn *c, const char *name)
{
	const struct admin_site *s = conn_arg(c);
	const struct asset *asset = asset_find(s->assets, name);

	if (asset)
		send_asset(c, asset);
	else
		admin_answer_error(c, 404, NULL,
				   "The dashboard is not installed; /api/ and "
				   "/metrics work.");
}

static void show_dashboard(struct conn *c)
{
	show_page(c, "index.html");
}

static void show_report(struct conn *c)
{
	show_page(c, "report.html");
}

static void show_vouchers(struct conn *c)
{
	show_page(c, "vouchers.html");
}

static void show_login(struct conn *c)
{
	show_page(c, "login.html");
}

/* --- the table --------------------------------------------------------- */

static const struct admin_route pages[] = {
	{ "/", ADMIN_READING, ADMIN_SESSION, show_dashboard },
	{ "/report", ADMIN_READING, ADMIN_SESSION, show_report },
	{ "/vouchers", ADMIN_READING, ADMIN_SESSION, show_vouchers },
	{ "/login", ADMIN_READING, ADMIN_ALL, show_login },
	{ "/login", ADMIN_WRITING, ADMIN_ALL, admin_login_take },
	{ "/logout", ADMIN_WRITING, ADMIN_ALL, admin_login_take_logout },
	{ "/oidc/logout", ADMIN_WRITING, ADMIN_ALL, admin_logout_take },
};

/* NULL: none; *methods grows by those that the path would take. */
static const struct admin_route *find_in(const struct admin_route *route,
					 size_t count, const struct request *r,
					 unsigned int *methods)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(route[i].path, r->path))
			continue;
		if (route[i].methods & BIT(r->method))
			return &route[i];
		*methods |= route[i].methods;
	}
	return NULL;
}

static const struct admin_route *
find(const struct admin_site *s, const struct request *r, unsigned int *methods)
{
	const struct admin_route *found;

	*methods = 0;
	found = find_in(pages, ARRAY_SIZE(pages), r, methods);
	return found ? found : find_in(s->api, s->api_routes, r, methods);
}

/* Scripts, styles and pictures hold nothing that is worth a login. */
static const struct asset *find_asset(struct conn *c)
{
	const struct admin_site *s = conn_arg(c);
	const struct request *r = &conn_exchange(c)->request;
	const struct asset *asset;

	if (*r->path != '/' || !(BIT(r->method) & ADMIN_READING))
		return NULL;
	asset = asset_find(s->assets, r->path + 1);
	return asset && !asset->is_page ? asset : NULL;
}

/* --- who may ask ------------------------------------------------------- */

/* "[2001:db8::1]:2090" -> "2001:db8::1"; false: no name at all */
static bool host_name(const char *field, char out[256])
{
	const char *host;
	size_t len = authority_host(field, strlen(field), &host);

	if (!len || len >= 256)
		return false;
	memcpy(out, host, len);
	out[len] = '\0';
	return true;
}

/*
 * A page of somebody else can make its own name point to us, and then read
 * what we answer. It cannot be called by our address, or by these names. The
 * port is free: it is another one at the near end of a tunnel.
 */
static bool is_our_name(const struct admin_site *s, const char *host)
{
	const char *hostname = s->settings->admin.hostname;
	char name[256];
	struct addr a;

	if (!host_name(host, name))
		return false;
	if (addr_parse(&a, name))
		return addr_equal(&a, &s->address) ||
		       (s->is_loopback && admin_address_is_loopback(&a));
	if (s->is_loopback && !strcmp(name, "localhost"))
		return true;
	return *hostname && !strcasecmp(name, hostname);
}

/* Programs send neither field; browsers cannot be made to leave both out. */
static bool is_same_origin(const struct admin_site *s, const struct request *r)
{
	const struct request_extra *e = r->extra;
	char ours[300];

	if (e->has_site && !e->is_own_site)
		return false;
	snprintf(ours, sizeof(ours), "%s://%s", s->is_secure ? "https" : "http",
		 r->host);
	return !e->has_origin || !strcmp(e->origin, ours);
}

/* false: it has been answered. */
static bool is_known(struct conn *c, const struct admin_route *route)
{
	const struct request *r = &conn_exchange(c)->request;

	if (route->access != ADMIN_SESSION && r->extra->has_authorization)
		return admin_login_check_token(c);
	if (admin_login_has_session(c))
		return true;
	if (route->access == ADMIN_SESSION)
		admin_answer_go(c, "/login", NULL);
	else
		admin_answer_error(c, 401, "WWW-Authenticate: Bearer\r\n",
				   "log in, or send a token");
	return false;
}

static bool may_ask(struct conn *c, const struct admin_route *route)
{
	static const struct {
		enum account_role least;
		const char *what;
	} needs[] = {
		[ADMIN_VOUCHERS] = { ACCOUNT_VOUCHERS, "handle codes" },
		[ADMIN_FULL] = { ACCOUNT_ALL, "write notes" },
	};
	const struct account *who;

	if (route->access == ADMIN_ALL)
		return true;
	if (!is_known(c, route))
		return false;
	if (!needs[route->access].what)
		return true;
	who = admin_login_account(c);
	if (who && who->role >= needs[route->access].least)
		return true;
	admin_answer_error(
		c, 403, NULL,
		"this account may not %s; stadttor passwd --role %s lets it",
		needs[route->access].what,
		accounts_role_to_string(needs[route->access].least));
	return false;
}

/* --- dispatch ---------------------------------------------------------- */

static void answer_method(struct conn *c, unsigned int methods)
{
	char fields[64];

	snprintf(fields, sizeof(fields), "Allow: %s%s%s\r\n",
		 methods & ADMIN_READING ? "GET, HEAD" : "",
		 methods & ADMIN_READING && methods & ADMIN_WRITING ? ", " : "",
		 methods & ADMIN_WRITING ? "POST" : "");
	admin_answer_error(c, 405, fields, "not by this method");
}

static void dispatch(struct conn *c)
{
	const struct request *r = &conn_exchange(c)->request;
	const struct asset *asset;
	unsigned int methods;
	const struct admin_route *route = find(conn_arg(c), r, &methods);

	asset = route ? NULL : find_asset(c);
	if (asset)
		send_asset(c, asset);
	else if (!route && methods)
		answer_method(c, methods);
	else if (!route)
		admin_answer_error(c, 404, NULL, "there is no such page");
	else if (route->methods == ADMIN_WRITING &&
		 !is_same_origin(conn_arg(c), r))
		admin_answer_error(c, 403, NULL,
				   "this came from a page that is not ours");
	else if (may_ask(c, route))
		route->handle(c);
}

void admin_routes_on_request(struct conn *c, void *arg)
{
	const struct request *r = &conn_exchange(c)->request;

	if (!is_our_name(arg, r->host))
		admin_answer_error(c, 421, NULL,
				   "the dashboard does not go by this name; "
				   "option hostname of the config gives it "
				   "one");
	else if (r->path_is_bad || r->extra->query_is_long)
		admin_answer_error(c, 400, NULL, "this address is not right");
	else
		dispatch(c);
}

void admin_routes_on_trouble(struct conn *c, unsigned int status, void *arg)
{
	(void)arg;
	admin_answer_error(c, status, NULL, "%u %s", status,
			   respond_reason(status));
}
