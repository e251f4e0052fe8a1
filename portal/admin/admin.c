/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/admin/admin.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "portal/admin/admin_api.h"
#include "portal/admin/admin_health.h"
#include "portal/admin/admin_routes.h"
#include "portal/admin/admin_socket.h"
#include "portal/http/tls.h"

static const struct conns_bounds bounds = {
	.max = 64,
	.max_per_device = 16,
	.request_s = 10,
	.answer_s = 60, /* years of hours, over somebody's poor line */
};

struct admin {
	struct admin_site site;
	struct conns *conns;
	struct admin_socket *socket;
};

static void on_accept(int fd, const struct sockaddr *peer, void *arg)
{
	struct admin *a = arg;
	struct accepted accepted = {
		.fd = fd,
		.kind = a->site.is_secure ? LISTENER_HTTPS : LISTENER_HTTP,
		.peer = peer,
	};

	conns_accept(a->conns, &accepted);
}

struct admin *admin_new(const struct admin_config *config)
{
	struct admin *a = calloc(1, sizeof(*a));
	struct conns_config cc = {
		.base = config->base,
		.on_request = admin_routes_on_request,
		.on_trouble = admin_routes_on_trouble,
		.on_close = admin_api_on_close,
		.user_size = sizeof(struct netctl_request),
		.is_for_operators = true,
	};
	struct admin_socket_config sc = {
		.base = config->base,
		.netctl = config->netctl,
		.on_accept = on_accept,
		.arg = a,
	};

	if (!a)
		return NULL;
	cc.arg = &a->site;
	a->site.api = admin_api_routes;
	a->site.api_routes = admin_api_count;
	a->site.netctl = config->netctl;
	a->site.city = config->city;
	a->site.since_ms = clock_ms();
	a->site.sessions = admin_sessions_new();
	a->site.lockout = lockout_new();
	a->conns = conns_new(&cc, &bounds);
	a->site.operators = a->conns;
	a->socket = admin_socket_new(&sc);
	if (a->site.sessions && a->site.lockout && a->conns && a->socket)
		return a;
	admin_free(a);
	return NULL;
}

static int64_t end_of(const struct tls_context *t)
{
	return t ? tls_context_end_s(t) : 0;
}

void admin_apply(struct admin *a, const struct admin_material *m)
{
	static struct accounts nobody; /* const, it took room on flash */
	struct admin_site *s = &a->site;
	const struct admin_settings *o = &m->settings->admin;

	s->settings = m->settings;
	s->accounts = m->accounts ? m->accounts : &nobody;
	s->assets = m->assets;
	s->generation++;
	s->is_secure = m->tls != NULL;
	s->certificate_end_s[METRICS_CERTIFICATE_PORTAL] =
		end_of(m->portal_tls);
	s->certificate_end_s[METRICS_CERTIFICATE_ADMIN] = end_of(m->tls);
	memset(&s->address, 0, sizeof(s->address));
	addr_parse(&s->address, o->address);
	s->is_loopback = admin_address_is_loopback(&s->address);
	admin_sessions_review(s->sessions, s->accounts);
	conns_set_tls(a->conns, m->tls);
	if (o->enabled && m->accounts && !m->accounts->count)
		log_info("admin: no account yet, so not listening; see "
			 "stadttor passwd");
	admin_socket_apply(a->socket, m->settings,
			   o->enabled && s->accounts->count);
}

void admin_set_store(struct admin *a, struct store *store)
{
	a->site.store = store;
}

void admin_set_reload(struct admin *a, bool is_refused)
{
	a->site.is_reload_refused = is_refused;
}

void admin_set_history(struct admin *a, struct history *history)
{
	a->site.history = history;
}

void admin_set_vouchers(struct admin *a, struct vouchers *vouchers)
{
	a->site.vouchers = vouchers;
}

void admin_set_oidc(struct admin *a, struct oidc *oidc)
{
	a->site.oidc = oidc;
}

void admin_put_codes(struct admin *a, const struct ipc_health *h,
		     struct strbuf *out)
{
	admin_health_put_codes(&a->site, h, out);
}

struct json_object *admin_list_health(struct admin *a,
				      const struct ipc_health *h)
{
	return admin_health_list(&a->site, h);
}

void admin_check_device(struct admin *a)
{
	admin_socket_check(a->socket);
}

void admin_free(struct admin *a)
{
	if (!a)
		return;
	admin_socket_free(a->socket);
	conns_free(a->conns);
	lockout_free(a->site.lockout);
	admin_sessions_free(a->site.sessions);
	free(a);
}
