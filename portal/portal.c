/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/portal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "portal/auth.h"
#include "portal/conn.h"
#include "portal/gate.h"
#include "portal/listener.h"
#include "portal/routes.h"
#include "portal/tls.h"
#include "portal/view.h"

#define SPARE_FILES 128 /* listeners, sockets and files besides connections */

/* What one config file amounts to; replaced as a whole. */
struct material {
	struct settings *settings;
	struct page_set *pages;
	struct tls_context *tls; /* NULL: none is configured */
};

struct portal {
	struct portal_options options;
	struct material material;
	struct site site;
	struct event_base *base;
	struct gate *gate;
	struct conns *conns;
	struct listeners *listeners;
	struct event on_hup, on_term, on_int;
};

/* --- material ---------------------------------------------------------- */

static void material_clear(struct material *m)
{
	settings_free(m->settings);
	page_set_free(m->pages);
	tls_context_free(m->tls);
	memset(m, 0, sizeof(*m));
}

/* Takes over the settings. false: error says what is wrong. */
static bool material_read(struct material *m, struct settings *s,
			  char error[PORTAL_ERROR_MAX])
{
	const struct portal_settings *p = &s->portal;
	char page_error[PAGE_ERROR_MAX];
	char tls_error[TLS_ERROR_MAX];

	*m = (struct material){ .settings = s };
	m->pages = page_set_read(p->pages, auth_method_get()->page, page_error);
	if (!m->pages) {
		snprintf(error, PORTAL_ERROR_MAX, "%s", page_error);
		return false;
	}
	if (!*p->certificate)
		return true;
	m->tls = tls_context_new(p->certificate, p->key, tls_error);
	if (!m->tls)
		snprintf(error, PORTAL_ERROR_MAX, "%s", tls_error);
	return m->tls != NULL;
}

/* --- events ------------------------------------------------------------ */

static void on_zone(const struct ipc_zone *z, void *arg)
{
	struct portal *p = arg;

	listeners_set_ifindex(p->listeners, z->zone, z->ifindex);
}

static void on_presence(bool is_there, void *arg)
{
	struct portal *p = arg;

	listeners_watch(p->listeners, !is_there);
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

/* --- life -------------------------------------------------------------- */

static struct conns_bounds bounds_of(const struct portal_settings *p)
{
	return (struct conns_bounds){
		.max = p->max_connections,
		.max_per_device = (unsigned int)p->max_per_device,
		.request_s = p->request_s,
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

	log_open("stadttor-portal", p->options.debug || s->portal.debug);
	allow_files(s->portal.max_connections);
	p->site.settings = &s->portal;
	p->site.pages = p->material.pages;
	origin_init(&p->site.origin, &s->portal);
	conns_set_bounds(p->conns, &bounds);
	conns_set_tls(p->conns, p->material.tls);
	if (listeners_apply(p->listeners, s) < 0 ||
	    gate_set_socket(p->gate, s->gate.socket) < 0)
		log_error("out of memory; not everything is as configured");
}

static bool open_parts(struct portal *p)
{
	const struct settings *s = p->material.settings;
	struct conns_bounds bounds = bounds_of(&s->portal);
	struct conns_config cc = {
		.base = p->base,
		.on_request = routes_on_request,
		.on_trouble = routes_on_trouble,
		.arg = &p->site,
	};
	struct listeners_config lc = {
		.base = p->base,
		.on_accept = on_accept,
		.on_zone_gone = on_zone_gone,
		.arg = p,
	};
	struct gate_config gc = {
		.base = p->base,
		.socket = s->gate.socket,
		.on_zone = on_zone,
		.on_presence = on_presence,
		.arg = p,
	};

	p->conns = conns_new(&cc, &bounds);
	p->listeners = listeners_new(&lc);
	p->gate = gate_new(&gc);
	p->site.gate = p->gate;
	return p->conns && p->listeners && p->gate;
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

struct portal *portal_new(struct settings *s, const struct portal_options *o,
			  char error[PORTAL_ERROR_MAX])
{
	struct portal *p = calloc(1, sizeof(*p));

	if (!p) {
		settings_free(s);
		snprintf(error, PORTAL_ERROR_MAX, "out of memory");
		return NULL;
	}
	p->options = *o;
	if (!material_read(&p->material, s, error)) {
		portal_free(p);
		return NULL;
	}
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

void portal_run(struct portal *p)
{
	event_base_dispatch(p->base);
	log_info("stopping");
}

void portal_reload(struct portal *p)
{
	char why[UCI_ERROR_MAX];
	char error[PORTAL_ERROR_MAX];
	struct settings *s = settings_read(p->options.config, why);
	struct material next = { .settings = NULL };
	struct material old = p->material;

	if (!s) {
		log_error("%s; everything stays as it was", why);
		return;
	}
	if (!material_read(&next, s, error)) {
		log_error("%s; everything stays as it was", error);
		material_clear(&next);
		return;
	}
	if (strcmp(s->portal.user, old.settings->portal.user))
		log_warn("another user takes a restart");
	p->material = next;
	apply(p);
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
}

void portal_free(struct portal *p)
{
	if (!p)
		return;
	stop_signals(p);
	listeners_free(p->listeners); /* closes the connections, too */
	conns_free(p->conns);
	gate_free(p->gate);
	if (p->base)
		event_base_free(p->base);
	material_clear(&p->material);
	free(p);
}
