/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/hub.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "hub/db/city_db.h"
#include "hub/db/city_read.h"
#include "hub/intake/poller.h"
#include "hub/web/web.h"
#include "portal/util/confine.h"
#include "portal/util/resolver.h"

struct hub {
	struct daemon daemon;
	struct hub_conf *conf;
	struct city_conf *city;
	struct event_base *base;
	struct resolver *resolver;
	struct city_db *db;
	struct city_read *read;
	struct sites sites;
	struct codes *codes;
	struct intake *intake;
	struct switcher *switcher;
	struct poller *poller;
	struct web *web;
	struct event on_hup, on_term, on_int;
};

/* --- reload ------------------------------------------------------------ */

/* Sites come and go while nothing points at them. */
static void take_sites(struct hub *h, struct city_conf *city)
{
	struct sites before = h->sites;
	int err = sites_read(&h->sites, &before, city, h->db);

	if (err) {
		log_error("reload: %s: %s; the sites stay as they were",
			  h->conf->database, strerror(-err));
		city_conf_free(city);
		return;
	}
	sites_clear(&before);
	city_conf_free(h->city);
	h->city = city;
	poller_apply(h->poller, city);
	web_apply(h->web, city);
	log_info("reload: %zu sites", h->sites.count);
}

static void on_pause(void *arg)
{
	struct hub *h = arg;
	char error[UCI_ERROR_MAX];
	struct city_conf *city = city_conf_read(h->conf->sites, error);

	if (city)
		take_sites(h, city);
	else
		log_error("reload: %s; the sites stay as they were", error);
}

static void on_reload_signal(evutil_socket_t fd, short what, void *arg)
{
	struct hub *h = arg;

	(void)fd;
	(void)what;
	poller_pause(h->poller);
}

static void on_stop_signal(evutil_socket_t fd, short what, void *arg)
{
	struct hub *h = arg;

	(void)fd;
	(void)what;
	event_base_loopbreak(h->base);
}

/* --- life -------------------------------------------------------------- */

static bool open_database(struct hub *h, char error[HUB_ERROR_MAX])
{
	const char *path = h->conf->database;
	int err = city_db_open(&h->db, path);

	if (!err)
		err = city_read_open(&h->read, path);
	if (!err)
		err = sites_read(&h->sites, NULL, h->city, h->db);
	if (err)
		snprintf(error, HUB_ERROR_MAX, "%s: %s", path, strerror(-err));
	return !err;
}

static bool open_switcher(struct hub *h, char error[HUB_ERROR_MAX])
{
	struct switcher_config sc = {
		.base = h->base,
		.resolver = h->resolver,
		.conf = h->conf,
		.sites = &h->sites,
	};

	h->switcher = switcher_new(&sc, error, HUB_ERROR_MAX);
	return h->switcher != NULL;
}

static bool open_poller(struct hub *h, char error[HUB_ERROR_MAX])
{
	struct poller_config pc = {
		.base = h->base,
		.resolver = h->resolver,
		.conf = h->conf,
		.db = h->db,
		.sites = &h->sites,
		.intake = h->intake,
		.switcher = h->switcher,
		.codes = h->codes,
		.on_pause = on_pause,
		.arg = h,
	};

	h->poller = poller_new(&pc, h->city, error, HUB_ERROR_MAX);
	return h->poller != NULL;
}

static bool open_web(struct hub *h, char error[HUB_ERROR_MAX])
{
	struct web_config wc = {
		.base = h->base,
		.conf = h->conf,
		.sites = &h->sites,
		.intake = h->intake,
		.poller = h->poller,
		.read = h->read,
	};

	h->web = web_new(&wc, error, HUB_ERROR_MAX);
	if (h->web)
		web_apply(h->web, h->city);
	return h->web != NULL;
}

static void watch_signals(struct hub *h)
{
	evsignal_assign(&h->on_hup, h->base, SIGHUP, on_reload_signal, h);
	evsignal_assign(&h->on_term, h->base, SIGTERM, on_stop_signal, h);
	evsignal_assign(&h->on_int, h->base, SIGINT, on_stop_signal, h);
	evsignal_add(&h->on_hup, NULL);
	evsignal_add(&h->on_term, NULL);
	evsignal_add(&h->on_int, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void refuse_system_calls(void)
{
	int err = confine();

	if (err)
		log_warn("no filter of system calls: %s", strerror(-err));
}

struct hub *hub_new(struct hub_conf *conf, struct city_conf *city,
		    const struct daemon *daemon, char error[HUB_ERROR_MAX])
{
	struct hub *h = calloc(1, sizeof(*h));

	snprintf(error, HUB_ERROR_MAX, "out of memory");
	if (!h)
		fatal("out of memory");
	refuse_system_calls();
	h->daemon = *daemon;
	h->conf = conf;
	h->city = city;
	h->base = event_base_new();
	h->resolver = h->base ? resolver_new(h->base) : NULL;
	if (!h->resolver)
		fatal("no event loop");
	watch_signals(h);
	if (open_database(h, error)) {
		h->codes = codes_new(h->conf->codes);
		h->intake = intake_new(h->db, &h->sites, h->codes);
		if (h->codes && h->intake && open_switcher(h, error) &&
		    open_poller(h, error) && open_web(h, error))
			return h;
	}
	hub_free(h);
	return NULL;
}

void hub_run(struct hub *h)
{
	log_info("%s: %zu sites", *h->city->name ? h->city->name : "city",
		 h->sites.count);
	event_base_dispatch(h->base);
	log_info("stopping");
}

void hub_free(struct hub *h)
{
	web_free(h->web);
	poller_free(h->poller);
	switcher_free(h->switcher);
	intake_free(h->intake);
	codes_free(h->codes);
	sites_clear(&h->sites);
	city_read_close(h->read);
	city_db_close(h->db);
	event_del(&h->on_hup);
	event_del(&h->on_term);
	event_del(&h->on_int);
	resolver_free(h->resolver);
	event_base_free(h->base);
	city_conf_free(h->city);
	hub_conf_free(h->conf);
	free(h);
}
