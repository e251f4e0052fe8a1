/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/portal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/city/city_login.h"
#include "common/config/settings_read.h"
#include "portal/admin/admin.h"
#include "portal/city/city.h"
#include "portal/guest/auth.h"
#include "portal/guest/guest.h"
#include "portal/guest/offline.h"
#include "portal/guest/routes.h"
#include "portal/history/history.h"
#include "portal/http/conn.h"
#include "portal/http/listener.h"
#include "portal/http/tls.h"
#include "portal/live/live.h"
#include "portal/material.h"
#include "portal/netctl_client.h"
#include "portal/notify/notify.h"
#include "portal/oidc/oidc.h"
#include "portal/pages/theme.h"
#include "portal/store/store.h"
#include "portal/store/store_import.h"

_Static_assert(MATERIAL_ERROR_MAX == PORTAL_ERROR_MAX, "one is handed on");

#define SPARE_FILES 192 /* listeners, operators and files */

/* How often a disk that takes no figures is asked again. */
static const struct timeval store_pause = { .tv_sec = 60 };

/* How long the tag of a code that is over may stay in the file. */
static const struct timeval tidy_pause = { .tv_sec = 600 };

struct portal {
	struct daemon daemon;
	struct material material;
	struct site site;
	struct event_base *base;
	struct netctl_client *netctl;
	struct conns *conns;
	struct listeners *listeners;
	struct offline *offline;
	struct admin *admin;
	struct live *live;
	struct notify *notify;
	struct history *history;
	bool is_time_known; /* as netctl said last */
	struct city *city;
	struct vouchers *vouchers; /* NULL: no zone asks for codes */
	struct store *store;	   /* NULL: not before privileges are gone */
	struct store_import *import;
	struct event on_hup, on_term, on_int, store_timer, tidy_timer;
};

/* --- events ------------------------------------------------------------ */

static void on_zone(const struct ipc_zone *z, void *arg)
{
	struct portal *p = arg;

	listeners_set_ifindex(p->listeners, z->zone, z->ifindex);
	origin_tell(&p->site.origin, z->ifindex, &z->address);
	offline_tell(p->offline, z);
	admin_check_device(p->admin); /* devices often change together */
}

static void on_presence(bool is_there, void *arg)
{
	struct portal *p = arg;

	listeners_watch(p->listeners, !is_there);
	city_netctl(p->city);
	if (is_there && p->import)
		store_import_connected(p->import);
	if (is_there)
		radii_connected(p->site.radii);
}

static void on_account(const struct ipc_account *m, void *arg)
{
	struct portal *p = arg;

	radii_tell(p->site.radii, m);
}

static void on_accept(const struct accepted *a, void *arg)
{
	struct portal *p = arg;

	conns_accept(p->conns, a);
}

static void on_zone_gone(struct zone *z, void *arg)
{
	struct portal *p = arg;

	conns_close_zone(p->conns, z);
}

static void on_reload_signal(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	portal_reload(arg);
}

static void on_stop_signal(evutil_socket_t fd, short what, void *arg)
{
	struct portal *p = arg;

	(void)fd;
	(void)what;
	event_base_loopbreak(p->base);
}

/* --- figures ----------------------------------------------------------- */

static void send_next(const struct ipc_usage_next *m, void *arg)
{
	struct portal *p = arg;

	if (netctl_client_is_there(p->netctl) &&
	    netctl_client_send_next(p->netctl, m) < 0)
		log_warn("could not ask netctl for usage figures");
}

/* Also once behind each answer, which may have been refused. */
static void look_again_later(struct portal *p)
{
	if (!evtimer_pending(&p->store_timer, NULL))
		event_add(&p->store_timer, &store_pause);
}

static void on_store_timer(evutil_socket_t fd, short what, void *arg)
{
	struct portal *p = arg;

	(void)fd;
	(void)what;
	store_import_retry(p->import);
	if (store_health(p->store) == STORE_CANNOT_WRITE)
		look_again_later(p);
}

static void on_usage_cell(const struct ipc_usage_cell *cell, void *arg)
{
	struct portal *p = arg;

	if (!p->import)
		return;
	store_import_cell(p->import, cell);
	look_again_later(p);
}

static void on_city_record(const struct ipc_city_record *r, void *arg)
{
	struct portal *p = arg;

	city_take(p->city, r);
}

static void put_codes(const struct ipc_health *h, struct strbuf *out, void *arg)
{
	struct portal *p = arg;

	admin_put_codes(p->admin, h, out);
}

static struct json_object *list_health(const struct ipc_health *h, void *arg)
{
	struct portal *p = arg;

	return admin_list_health(p->admin, h);
}

/* --- what was not well ------------------------------------------------- */

static void on_news(const struct notify_news *news, void *arg)
{
	struct portal *p = arg;
	struct history_news kept = {
		.code = news->code,
		.zone = news->zone,
		.is_error = !strcmp(news->level, "error"),
		.is_over = news->is_over,
		.since_ms = news->since_ms,
	};

	history_tell(p->history, &kept);
}

static void on_look(const struct ipc_health *h, void *arg)
{
	struct portal *p = arg;

	if (h)
		p->is_time_known = h->time_is_known;
	history_look(p->history, p->is_time_known);
}

static void open_history(struct portal *p)
{
	const struct settings *s = p->material.settings;

	history_open(p->history, s->usage.file, s->gate.socket);
}

/* --- the store --------------------------------------------------------- */

static void close_store(struct portal *p)
{
	admin_set_store(p->admin, NULL);
	city_set_store(p->city, NULL);
	event_del(&p->store_timer);
	store_import_free(p->import);
	p->import = NULL;
	store_free(p->store);
	p->store = NULL;
}

static void apply_to_store(struct portal *p)
{
	const struct settings *s = p->material.settings;
	char spill[STORE_ERROR_MAX];

	store_spill_path(spill, s->gate.socket);
	store_set_keep(p->store, s->usage.keep_hours_s);
	store_set_write_interval(p->store, s->usage.write_every_s);
	store_set_spill(p->store, spill);
}

static void open_store(struct portal *p)
{
	const struct usage_settings *u = &p->material.settings->usage;

	p->store = store_open(u->file, u->keep_hours_s);
	if (p->store)
		apply_to_store(p);
	p->import = p->store ? store_import_new(p->store, send_next, p) : NULL;
	if (!p->import) {
		log_error("out of memory; figures wait in netctl");
		close_store(p);
		return;
	}
	admin_set_store(p->admin, p->store);
	city_set_store(p->city, p->store);
	if (store_health(p->store) == STORE_CANNOT_WRITE)
		look_again_later(p);
	if (netctl_client_is_there(p->netctl))
		store_import_connected(p->import);
}

/* old: the settings before */
static void reopen_store(struct portal *p, const struct usage_settings *old)
{
	const struct usage_settings *u = &p->material.settings->usage;

	if (p->store && !strcmp(old->file, u->file)) {
		apply_to_store(p);
		return;
	}
	close_store(p);
	open_store(p);
}

/* --- codes and live values --------------------------------------------- */

static bool asks_for_codes(const struct settings *s)
{
	return settings_offer(s, ZONE_AUTH_VOUCHER);
}

static void on_tidy_timer(evutil_socket_t fd, short what, void *arg)
{
	struct portal *p = arg;

	(void)fd;
	(void)what;
	if (p->vouchers)
		vouchers_tidy(p->vouchers);
}

static void open_vouchers(struct portal *p)
{
	const struct settings *s = p->material.settings;

	vouchers_free(p->vouchers);
	p->vouchers = asks_for_codes(s) ? vouchers_open(&s->voucher) : NULL;
	p->site.vouchers = p->vouchers;
	admin_set_vouchers(p->admin, p->vouchers);
	if (p->vouchers)
		vouchers_set_city(p->vouchers, city_vouchers(p->city));
	if (asks_for_codes(s) && !p->vouchers)
		log_error("out of memory; codes cannot be checked");
}

/* Kept where it can be: it knows who guesses, and first uses in flight. */
static void reopen_vouchers(struct portal *p, const struct settings *old)
{
	const struct voucher_settings *a = &old->voucher;
	const struct voucher_settings *b = &p->material.settings->voucher;

	if (p->vouchers && asks_for_codes(p->material.settings) &&
	    !strcmp(a->file, b->file) && !strcmp(a->key, b->key) &&
	    a->tries_per_minute == b->tries_per_minute)
		return;
	open_vouchers(p);
}

static void apply_to_oidc(struct portal *p)
{
	p->site.oidc = oidc_apply(p->site.oidc, p->base, p->material.settings);
	admin_set_oidc(p->admin, p->site.oidc);
}

/* Sources are the tiles that have a live value, in their order. */
static bool find_live(size_t tile, struct live_value *out, void *arg)
{
	const struct portal *p = arg;
	const struct settings *s = p->material.settings;
	size_t index = 0;

	for (size_t i = 0; i < tile; i++)
		index += *s->tile[i].live_url != '\0';
	return live_get(p->live, index, out);
}

static void set_live_sources(struct portal *p)
{
	const struct settings *s = p->material.settings;
	struct live_source source[SETTINGS_TILES];
	size_t count = 0;

	for (size_t i = 0; i < s->tiles; i++) {
		const struct tile_settings *t = &s->tile[i];

		if (*t->live_url)
			source[count++] = (struct live_source){
				.url = t->live_url,
				.pointer = t->live_pointer,
				.interval_s = t->live_interval_s,
				.decimals = (unsigned int)t->live_decimals,
			};
	}
	if (live_set_sources(p->live, source, count) < 0)
		log_error("out of memory; tiles keep their old values");
}

/* --- life -------------------------------------------------------------- */

static struct conns_bounds bounds_of(const struct portal_settings *p)
{
	return (struct conns_bounds){
		.max = p->max_connections,
		.max_per_device = (unsigned int)p->max_per_device,
		.request_s = p->request_s,
		.answer_s = p->request_s,
	};
}

/* As many as the config asks for, as far as the system lets us. */
static void allow_files(uint64_t connections)
{
	struct rlimit r;
	rlim_t wanted = connections + SPARE_FILES;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur >= wanted)
		return;
	r.rlim_cur = wanted;
	if (r.rlim_max < wanted)
		r.rlim_max = wanted;
	if (setrlimit(RLIMIT_NOFILE, &r) == 0)
		return;
	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	log_warn("max_connections %llu needs %llu open files, %llu are allowed",
		 (unsigned long long)connections, (unsigned long long)wanted,
		 (unsigned long long)r.rlim_cur);
}

/* The settings in force reach everybody who works by them. */
static void apply(struct portal *p)
{
	const struct settings *s = p->material.settings;
	struct conns_bounds bounds = bounds_of(&s->portal);
	struct admin_material am = {
		.settings = s,
		.accounts = p->material.accounts,
		.assets = p->material.assets,
		.tls = p->material.admin_tls,
		.portal_tls = p->material.tls,
	};

	log_open(p->daemon.name, p->daemon.debug || s->portal.debug);
	allow_files(s->portal.max_connections);
	p->site.source =
		theme_source(&p->material.theme, s, THEME_LOGO, THEME_HERO);
	p->site.source.live = find_live;
	p->site.source.arg = p;
	p->site.source.is_in_city = city_is_joined(&s->city);
	p->site.picture = p->material.theme.picture;
	origin_init(&p->site.origin, &s->portal);
	conns_set_bounds(p->conns, &bounds);
	conns_set_tls(p->conns, p->material.tls);
	if (listeners_apply(p->listeners, s) < 0 ||
	    netctl_client_set_socket(p->netctl, s->gate.socket) < 0)
		log_error("out of memory; not everything is as configured");
	offline_apply(p->offline, s);
	admin_apply(p->admin, &am);
	set_live_sources(p);
	notify_apply(p->notify, s);
}

static bool open_parts(struct portal *p)
{
	const struct settings *s = p->material.settings;
	struct conns_bounds bounds = bounds_of(&s->portal);
	struct conns_config cc = {
		.base = p->base,
		.on_request = routes_on_request,
		.on_trouble = routes_on_trouble,
		.on_close = guest_on_close,
		.arg = &p->site,
		.user_size = sizeof(struct guest),
	};
	struct listeners_config lc = {
		.base = p->base,
		.on_accept = on_accept,
		.on_zone_gone = on_zone_gone,
		.arg = p,
	};
	struct netctl_client_config gc = {
		.base = p->base,
		.socket = s->gate.socket,
		.on_zone = on_zone,
		.on_presence = on_presence,
		.on_usage_cell = on_usage_cell,
		.on_account = on_account,
		.on_city_record = on_city_record,
		.arg = p,
	};
	struct city_config yc = {
		.base = p->base,
		.codes = put_codes,
		.arg = p,
	};
	struct notify_config oc = {
		.base = p->base,
		.list = list_health,
		.on_news = on_news,
		.on_look = on_look,
		.arg = p,
	};
	struct admin_config ac = { .base = p->base };

	auth_waits_init(&p->site.auth_waits, p->base, auth_on_late);
	p->conns = conns_new(&cc, &bounds);
	p->listeners = listeners_new(&lc);
	p->offline = offline_new(p->base);
	p->netctl = netctl_client_new(&gc);
	p->site.netctl = p->netctl;
	if (p->netctl)
		p->site.radii = radii_new(p->base, p->netctl);
	p->live = live_new(p->base);
	p->history = history_new();
	yc.netctl = p->netctl;
	p->city = city_new(&yc);
	if (!p->conns || !p->listeners || !p->offline || !p->netctl ||
	    !p->live || !p->city || !p->site.radii || !p->history)
		return false;
	ac.netctl = p->netctl;
	ac.city = p->city;
	p->admin = admin_new(&ac);
	oc.netctl = p->netctl;
	p->notify = notify_new(&oc);
	if (p->admin)
		admin_set_history(p->admin, p->history);
	evtimer_assign(&p->store_timer, p->base, on_store_timer, p);
	event_assign(&p->tidy_timer, p->base, -1, EV_PERSIST, on_tidy_timer, p);
	return p->admin && p->notify;
}

static void catch_signals(struct portal *p)
{
	signal(SIGPIPE, SIG_IGN);
	evsignal_assign(&p->on_hup, p->base, SIGHUP, on_reload_signal, p);
	evsignal_assign(&p->on_term, p->base, SIGTERM, on_stop_signal, p);
	evsignal_assign(&p->on_int, p->base, SIGINT, on_stop_signal, p);
	event_add(&p->on_hup, NULL);
	event_add(&p->on_term, NULL);
	event_add(&p->on_int, NULL);
}

struct portal *portal_new(struct settings *s, const struct daemon *daemon,
			  char error[PORTAL_ERROR_MAX])
{
	struct portal *p = calloc(1, sizeof(*p));

	if (!p) {
		settings_free(s);
		snprintf(error, PORTAL_ERROR_MAX, "out of memory");
		return NULL;
	}
	p->daemon = *daemon;
	if (!material_read(&p->material, s, error)) {
		portal_free(p);
		return NULL;
	}
	if (!material_read_accounts(&p->material, error))
		log_error("%s; the dashboard stays closed", error);
	p->base = event_base_new();
	if (!p->base || !open_parts(p)) {
		snprintf(error, PORTAL_ERROR_MAX, "out of memory");
		portal_free(p);
		return NULL;
	}
	catch_signals(p);
	apply(p);
	return p;
}

/*
 * Root could read it all, but a reload comes when nobody is root any more:
 * a certificate that is renewed then would expire.
 */
static void rehearse_reload(struct portal *p)
{
	char error[PORTAL_ERROR_MAX];
	struct material m = { .settings = NULL };

	if (material_read_all(&m, p->daemon.config, error)) {
		material_clear(&m);
		return;
	}
	log_warn("%s, so each reload will be refused; user %s has to be able "
		 "to read it: chgrp, and chmod g+r",
		 error, p->material.settings->portal.user);
	admin_set_reload(p->admin, true);
}

/* Before the store is there, which forgets the hub's figures without a city. */
static void join_city(struct portal *p)
{
	city_apply(p->city, p->material.settings);
	if (p->vouchers)
		vouchers_set_city(p->vouchers, city_vouchers(p->city));
	p->site.is_in_city = city_status(p->city).state != CITY_OFF;
}

/* The databases are opened here, so that they belong to the portal's user. */
void portal_run(struct portal *p)
{
	if (p->material.accounts) /* else it has been said already */
		rehearse_reload(p);
	join_city(p);
	open_store(p);
	open_history(p);
	open_vouchers(p);
	radii_apply(p->site.radii, p->material.settings, NULL);
	apply_to_oidc(p);
	event_add(&p->tidy_timer, &tidy_pause);
	event_base_dispatch(p->base);
	log_info("stopping");
}

void portal_reload(struct portal *p)
{
	char error[PORTAL_ERROR_MAX];
	struct material next = { .settings = NULL };
	struct material old = p->material;

	if (!material_read_all(&next, p->daemon.config, error)) {
		log_error("%s; everything stays as it was", error);
		admin_set_reload(p->admin, true);
		return;
	}
	admin_set_reload(p->admin, false);
	if (strcmp(next.settings->portal.user, old.settings->portal.user))
		log_warn("a new option user takes effect after a restart");
	p->material = next;
	apply(p);
	reopen_store(p, &old.settings->usage);
	open_history(p);
	reopen_vouchers(p, old.settings);
	join_city(p);
	radii_apply(p->site.radii, p->material.settings, old.settings);
	apply_to_oidc(p);
	material_clear(&old);
	log_info("reloaded");
}

static void stop_signals(struct portal *p)
{
	if (!event_initialized(&p->on_hup))
		return;
	event_del(&p->on_hup);
	event_del(&p->on_term);
	event_del(&p->on_int);
	event_del(&p->store_timer);
	event_del(&p->tidy_timer);
}

void portal_free(struct portal *p)
{
	if (!p)
		return;
	stop_signals(p);
	if (p->admin)
		close_store(p);
	notify_free(p->notify);
	admin_free(p->admin);
	history_free(p->history);
	listeners_free(p->listeners); /* closes the connections, too */
	conns_free(p->conns);
	if (p->conns)
		auth_waits_clear(&p->site.auth_waits);
	offline_free(p->offline);
	city_free(p->city);
	p->city = NULL;
	radii_free(p->site.radii);
	netctl_client_free(p->netctl);
	vouchers_free(p->vouchers);
	oidc_free(p->site.oidc);
	live_free(p->live);
	if (p->base)
		event_base_free(p->base);
	material_clear(&p->material);
	free(p);
}
