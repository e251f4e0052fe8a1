/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/web/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/clock.h"
#include "hub/web/web_api.h"
#include "hub/web/web_site.h"
#include "portal/admin/admin_socket.h"
#include "portal/http/listen.h"
#include "portal/http/tls.h"

static const struct conns_bounds bounds = {
	.max = 64,
	.max_per_device = 16,
	.request_s = 10,
	.answer_s = 60,
};

struct web {
	struct web_site site;
	struct event_base *base;
	struct accounts *accounts;
	struct asset_set *assets;
	struct tls_context *tls;
	struct conns *conns;
	struct listen_socket socket;
};

static const struct admin_settings *settings_of(const struct web *w)
{
	return &w->site.conf->admin->admin;
}

static void on_accept(int fd, const struct sockaddr *peer, void *arg)
{
	struct web *w = arg;
	struct accepted accepted = {
		.fd = fd,
		.kind = w->tls ? LISTENER_HTTPS : LISTENER_HTTP,
		.peer = peer,
	};

	conns_accept(w->conns, &accepted);
}

/* --- files ------------------------------------------------------------- */

/* false: what was read before stays. */
static bool read_tls(struct web *w, char *error, size_t max)
{
	const struct admin_settings *a = settings_of(w);
	struct tls_context *fresh;
	char why[TLS_ERROR_MAX];

	if (!*a->certificate)
		return true;
	fresh = tls_context_new(a->certificate, a->key, why);
	if (!fresh) {
		snprintf(error, max, "%s", why);
		return false;
	}
	conns_set_tls(w->conns, fresh);
	tls_context_free(w->tls);
	w->tls = fresh;
	return true;
}

static bool read_assets(struct web *w, char *error, size_t max)
{
	char why[ASSET_ERROR_MAX];

	w->assets = asset_set_read(w->site.conf->pages, why);
	w->site.admin.assets = w->assets;
	if (!w->assets)
		snprintf(error, max, "%s", why);
	return w->assets != NULL;
}

static void read_accounts(struct web *w)
{
	char error[ACCOUNTS_ERROR_MAX];
	struct accounts *fresh = accounts_read(settings_of(w)->accounts, error);

	if (!fresh) {
		log_error("admin: %s; the accounts stay as they were", error);
		return;
	}
	admin_sessions_review(w->site.admin.sessions, fresh);
	accounts_free(w->accounts);
	w->accounts = fresh;
	w->site.admin.accounts = fresh;
}

/* --- the listener ------------------------------------------------------ */

static void open_listener(struct web *w)
{
	const struct admin_settings *a = settings_of(w);
	unsigned int port = (unsigned int)a->port;
	int err = listen_open(&w->socket, &w->site.admin.address,
			      (uint16_t)port, "");

	if (err) {
		log_error("admin: port %u: %s; not listening", port,
			  strerror(-err));
		return;
	}
	log_info("admin: listening on port %u%s", port,
		 w->tls ? " with TLS" : "");
	if (!w->tls && !w->site.admin.is_loopback)
		log_warn("admin: passwords and figures pass unencrypted there: "
			 "a certificate is missing");
}

void web_apply(struct web *w, const struct city_conf *city)
{
	char error[TLS_ERROR_MAX];

	w->site.city = city;
	w->site.admin.generation++;
	if (!settings_of(w)->enabled)
		return;
	read_accounts(w);
	if (!read_tls(w, error, sizeof(error)))
		log_error("admin: %s; the certificate stays as it was", error);
	if (listen_is_open(&w->socket))
		return;
	if (w->accounts && w->accounts->count)
		open_listener(w);
	else
		log_info("admin: no account yet, so not listening; see "
			 "stadttor passwd");
}

/* --- life -------------------------------------------------------------- */

static bool open_parts(struct web *w)
{
	struct conns_config cc = {
		.base = w->base,
		.on_request = admin_routes_on_request,
		.on_trouble = admin_routes_on_trouble,
		.arg = &w->site,
		.is_for_operators = true,
	};
	struct admin_site *a = &w->site.admin;

	a->sessions = admin_sessions_new();
	a->lockout = lockout_new();
	w->conns = conns_new(&cc, &bounds);
	return a->sessions && a->lockout && w->conns;
}

static void describe(struct web *w, const struct web_config *config)
{
	struct admin_site *a = &w->site.admin;

	w->base = config->base;
	w->site.conf = config->conf;
	w->site.sites = config->sites;
	w->site.intake = config->intake;
	w->site.poller = config->poller;
	w->site.read = config->read;
	a->settings = config->conf->admin;
	a->api = web_api_routes;
	a->api_routes = web_api_count;
	a->since_ms = clock_ms();
	a->is_secure = *settings_of(w)->certificate != '\0';
	addr_parse(&a->address, settings_of(w)->address);
	a->is_loopback = admin_address_is_loopback(&a->address);
	w->socket.on_accept = on_accept;
	w->socket.arg = w;
	w->socket.name = "admin";
	listen_init(&w->socket, w->base);
}

struct web *web_new(const struct web_config *config, char *error, size_t max)
{
	struct web *w = calloc(1, sizeof(*w));

	snprintf(error, max, "out of memory");
	if (!w)
		return NULL;
	describe(w, config);
	if (open_parts(w) && read_assets(w, error, max) &&
	    read_tls(w, error, max))
		return w;
	web_free(w);
	return NULL;
}

void web_free(struct web *w)
{
	if (!w)
		return;
	listen_close(&w->socket);
	conns_free(w->conns);
	tls_context_free(w->tls);
	asset_set_free(w->assets);
	accounts_free(w->accounts);
	lockout_free(w->site.admin.lockout);
	admin_sessions_free(w->site.admin.sessions);
	free(w);
}
