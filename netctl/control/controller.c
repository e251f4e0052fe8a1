/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/controller.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/config/settings_read.h"
#include "netctl/control/addresses.h"
#include "netctl/control/allowance.h"
#include "netctl/control/classes.h"
#include "netctl/control/counters.h"
#include "netctl/control/devices.h"
#include "netctl/control/garden_sync.h"
#include "netctl/control/hours.h"
#include "netctl/control/newcomers.h"
#include "netctl/control/outlet.h"
#include "netctl/control/path.h"
#include "netctl/control/pending.h"
#include "netctl/control/poll.h"
#include "netctl/control/push.h"
#include "netctl/control/residents.h"
#include "netctl/control/roaming.h"
#include "netctl/control/rules_sync.h"
#include "netctl/control/schedule.h"
#include "netctl/control/state.h"
#include "netctl/rules/ruleset_nft.h"

/* --- what happens around us ---------------------------------------- */

static void tell_zones(const struct controller *c)
{
	if (c->watcher.on_zones)
		c->watcher.on_zones(c->watcher.arg);
}

/* All that depends on devices and config. */
static int refresh(struct controller *c)
{
	int err;

	addresses_update(c); /* of uplinks that are others now */
	classes_configure(c);
	rules_sync_retry_flow_table(c);
	err = rules_sync_install(c);
	classes_restore(c);
	rules_sync_follow_policing(c);
	newcomers_follow(c);
	push_sessions(c);
	tell_zones(c);
	return err;
}

static void on_roots_changed(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	rtnl_watch_drain(fd);
	classes_check_roots(arg);
}

static void on_tables_changed(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	pending_see_changes(arg);
}

/* Routes may change by the thousand: one look for what comes together. */
static void look_soon(struct controller *c)
{
	static const struct timeval pause = { .tv_usec = 100000 };

	if (!evtimer_pending(&c->outlet_timer, NULL))
		event_add(&c->outlet_timer, &pause);
}

static void follow_devices(struct controller *c)
{
	int changed = devices_update(c);

	if (changed < 0)
		pending_check_rules(c); /* which asks again */
	look_soon(c);
	if (changed && refresh(c) < 0)
		log_error("the gate stays closed until the rules can be "
			  "installed");
}

static void on_check(evutil_socket_t fd, short what, void *arg)
{
	struct controller *c = arg;

	(void)fd;
	(void)what;
	if (c->devices_are_unknown)
		follow_devices(c);
	if (rules_sync_are_ours(c)) {
		rules_sync_follow_flow_tables(c);
		return;
	}
	if (rules_sync_install(c) < 0) {
		if (!c->rules_retry_ms)
			rules_sync_shut(c);
		pending_retry_rules(c);
		return;
	}
	poll_sessions(c);
	push_sessions(c);
	c->totals.reinstalled++;
	log_warn("another program changed our rules: put back, with %u "
		 "sessions",
		 session_count(c->sessions));
}

static void on_links_changed(evutil_socket_t fd, short what, void *arg)
{
	struct controller *c = arg;

	(void)what;
	rtnl_watch_drain(fd);
	follow_devices(c);
}

static void on_routes_changed(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	rtnl_watch_drain(fd);
	look_soon(arg);
}

static void look(struct controller *c)
{
	bool has_others = addresses_update(c);
	bool leaves_otherwise = outlet_update(c);

	if ((has_others || leaves_otherwise) && rules_sync_install(c) < 0)
		pending_check_rules(c); /* which tries again */
	if (has_others || leaves_otherwise)
		tell_zones(c);
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	look(arg);
}

/* At once: guests reach the network of a new one until the rules know it. */
static void on_addresses_changed(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	rtnl_watch_drain(fd);
	look(arg);
}

static void on_path(evutil_socket_t fd, short what, void *arg)
{
	struct controller *c = arg;
	bool changed;

	(void)fd;
	(void)what;
	if (c->addresses_are_old)
		look_soon(c);
	changed = path_check(c);
	changed |= outlet_check_gateways(c);
	if (changed)
		tell_zones(c);
}

static void on_refresh(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	if (refresh(arg) < 0)
		log_error("the rules in the kernel do not match the config");
}

static void on_hour(evutil_socket_t fd, short what, void *arg)
{
	struct controller *c = arg;

	(void)fd;
	(void)what;
	poll_sessions(c);  /* what has passed belongs to the hour that ends */
	residents_sync(c); /* whom the kernel has refused */
	push_sessions(c);
	poll_close_hour(c);
}

static void on_hours(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	hours_look(arg);
}

static void on_pool(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	classes_grow(arg);
}

static void on_push(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	push_sessions(arg);
}

static void on_poll(evutil_socket_t fd, short what, void *arg)
{
	struct controller *c = arg;

	(void)fd;
	(void)what;
	poll_sessions(c);
	push_sessions(c);
}

static int watch_one(struct controller *c, struct event *ev, int fd,
		     event_callback_fn on_event)
{
	if (fd < 0) {
		log_error("netlink: no notifications: %s", strerror(-fd));
		return fd;
	}
	event_assign(ev, c->base, fd, EV_READ | EV_PERSIST, on_event, c);
	event_add(ev, NULL);
	return 0;
}

static int watch(struct controller *c)
{
	int err =
		watch_one(c, &c->nft_event, nft_watch_open(nft_portid(c->nft)),
			  on_tables_changed);

	if (!err)
		err = watch_one(c, &c->link_event, rtnl_watch_links(),
				on_links_changed);
	if (!err)
		err = watch_one(c, &c->address_event, rtnl_watch_addresses(),
				on_addresses_changed);
	if (!err)
		err = watch_one(c, &c->route_event, rtnl_watch_routes(),
				on_routes_changed);
	if (!err)
		err = watch_one(c, &c->root_event, rtnl_watch_roots(),
				on_roots_changed);
	return err;
}

static void unwatch(struct event *ev)
{
	if (!event_initialized(ev))
		return;
	event_del(ev);
	close(event_get_fd(ev));
}

/* --- life ---------------------------------------------------------- */

struct controller *controller_new(struct event_base *base,
				  struct settings *settings)
{
	struct controller *c = calloc(1, sizeof(*c));

	if (!c)
		fatal("no memory");
	c->base = base;
	c->settings = settings;
	c->started_ms = clock_ms();
	c->health.generation = 1;
	TAILQ_INIT(&c->pending);
	evtimer_assign(&c->push_event, base, on_push, c);
	evtimer_assign(&c->poll_timer, base, on_poll, c);
	evtimer_assign(&c->pool_timer, base, on_pool, c);
	evtimer_assign(&c->hour_timer, base, on_hour, c);
	evtimer_assign(&c->hours_timer, base, on_hours, c);
	evtimer_assign(&c->check_timer, base, on_check, c);
	evtimer_assign(&c->outlet_timer, base, on_look, c);
	event_assign(&c->path_timer, base, -1, EV_PERSIST, on_path, c);
	evtimer_assign(&c->refresh_event, base, on_refresh, c);
	c->nft = nft_new();
	c->rtnl = rtnl_new();
	c->conntrack = conntrack_new();
	c->sessions = session_table_new();
	c->garden = garden_new();
	if (c->rtnl)
		c->shaper = shaper_new(c->rtnl);
	if (!c->nft || !c->rtnl || !c->conntrack || !c->sessions ||
	    !c->garden || !c->shaper || watch(c) < 0) {
		log_error("netlink: %s", strerror(errno));
		controller_free(c);
		return NULL;
	}
	return c;
}

void controller_set_usage(struct controller *c, struct usage *u)
{
	c->usage = u;
}

void controller_watch(struct controller *c, const struct controller_watcher *w)
{
	c->watcher = w ? *w : (struct controller_watcher){ 0 };
}

static void say_missing(const struct controller *c)
{
	for (size_t i = 0; i < c->settings->zones; i++)
		if (!c->zone[i].ifindex)
			log_warn("zone %s: device %s is not there yet",
				 c->settings->zone[i].name,
				 c->settings->zone[i].device);
}

int controller_start(struct controller *c)
{
	int err = byways_read(c->nft, &c->byways);

	if (err)
		log_error("nft: reading the devices that guests are behind: %s",
			  strerror(-err));
	else
		err = devices_update(c);
	if (err < 0)
		return err;
	say_missing(c);
	addresses_update(c);
	if (c->addresses_are_old)
		return -EIO;
	outlet_update(c);
	err = counters_adopt(c);
	hours_look(c);
	roaming_configure(c);
	if (!err)
		err = refresh(c);
	if (!err) {
		residents_sync(c);
		poll_close_hour(c); /* one that ended while nobody ran */
		poll_sessions(c);
		push_sessions(c);
		push_end_leftovers(c);
		c->path.tables_changed = true; /* for all we know */
		schedule_arm(&c->path_timer, PATH_CHECK_MS);
	}
	return err;
}

static void swap(char **a, char **b)
{
	char *was = *a;

	*a = *b;
	*b = was;
}

/* What only a restart changes stays as it was. */
static void keep_fixed(struct settings *next, struct settings *old)
{
	if (strcmp(next->gate.socket, old->gate.socket) ||
	    strcmp(next->gate.user, old->gate.user) ||
	    strcmp(next->gate.events_user, old->gate.events_user) ||
	    next->gate.mark_shift != old->gate.mark_shift ||
	    strcmp(next->usage.pending, old->usage.pending))
		log_warn("socket, user, events_user, mark_shift and pending "
			 "change with a restart, not with a reload");
	swap(&next->gate.socket, &old->gate.socket);
	swap(&next->gate.user, &old->gate.user);
	swap(&next->gate.events_user, &old->gate.events_user);
	next->gate.mark_shift = old->gate.mark_shift;
}

/* map[i]: where the old zone i is in the new config, or -1. */
static void map_zones(const struct settings *old, const struct settings *next,
		      int map[SETTINGS_ZONES])
{
	for (size_t i = 0; i < SETTINGS_ZONES; i++) {
		map[i] = -1;
		for (size_t k = 0; i < old->zones && k < next->zones; k++)
			if (!strcmp(old->zone[i].name, next->zone[k].name))
				map[i] = (int)k;
	}
}

static void end_zones_without(struct controller *c, const int map[])
{
	struct session *s;

	for (uint16_t z = 0; z < c->settings->zones; z++)
		if (map[z] < 0)
			log_warn("zone %s is no longer in the config: its "
				 "%u sessions end",
				 c->settings->zone[z].name,
				 session_count_zone(c->sessions, z));
	SESSION_FOREACH (s, c->sessions)
		if (map[s->zone] < 0)
			pending_end(c, s, SESSION_REASON_OPERATOR);
	push_sessions(c);
}

/* A zone that moves to another device leaves its old one to others. */
static void forget_devices(struct controller *c, const struct settings *next,
			   const int map[])
{
	for (size_t i = 0; i < c->settings->zones; i++) {
		if (map[i] < 0 || !strcmp(c->settings->zone[i].device,
					  next->zone[map[i]].device))
			continue;
		c->zone[map[i]].ifindex = 0;
	}
}

/* After zones have got their places in the new config. */
static void lose_names(struct controller *c, const struct settings *next,
		       const int map[])
{
	for (size_t i = 0; i < c->settings->zones; i++)
		if (map[i] >= 0 &&
		    garden_sync_loses(c->settings, i, next, (size_t)map[i]))
			c->zone[map[i]].has_lost_names = true;
}

void controller_reload(struct controller *c, struct settings *next)
{
	struct zone_state before[SETTINGS_ZONES];
	int map[SETTINGS_ZONES];

	map_zones(c->settings, next, map);
	end_zones_without(c, map);
	keep_fixed(next, c->settings);
	session_rezone(c->sessions, map);
	shaper_rezone(c->shaper, map);
	garden_rezone(c->garden, map);
	memcpy(before, c->zone, sizeof(before));
	memset(c->zone, 0, sizeof(c->zone));
	for (size_t i = 0; i < SETTINGS_ZONES; i++)
		if (map[i] >= 0)
			c->zone[map[i]] = before[i];
	forget_devices(c, next, map);
	lose_names(c, next, map);
	memset(c->uplink_ifindex, 0, sizeof(c->uplink_ifindex));
	memset(c->uplink_is_up, 0, sizeof(c->uplink_is_up));
	settings_free(c->settings);
	c->settings = next;
	c->health.generation++;
	usage_apply(c->usage, next);
	if (devices_update(c) < 0)
		pending_check_rules(c);
	say_missing(c);
	outlet_update(c);
	hours_look(c);
	roaming_configure(c);
	if (refresh(c) < 0) {
		log_error("the new config is not in force in the kernel");
		return;
	}
	residents_sync(c);
	log_info("config reloaded: %zu zone%s", next->zones,
		 next->zones == 1 ? "" : "s");
}

static int remove_all(struct nft *nft, struct rtnl *rtnl, bool keeps_guard)
{
	int err;

	nft_begin(nft);
	err = ruleset_put_removal(nft, keeps_guard);
	if (!err)
		err = nft_commit(nft);
	if (err)
		log_error("nft: removing our tables: %s", strerror(-err));
	else if ((err = shaper_remove(rtnl)))
		log_error("shaper: removing our root qdiscs: %s",
			  strerror(-err));
	return err;
}

void controller_stop(struct controller *c)
{
	if (c->settings->gate.on_stop == ON_STOP_KEEP)
		log_info("stopping; the gate stays in force");
	else if (!remove_all(c->nft, c->rtnl, false))
		log_info("stopping; the gate is removed");
}

int controller_remove(bool keeps_guard)
{
	struct nft *nft = nft_new();
	struct rtnl *rtnl = rtnl_new();
	int err = nft && rtnl ? remove_all(nft, rtnl, keeps_guard) : -errno;

	if (!nft || !rtnl)
		log_error("netlink: %s", strerror(-err));
	rtnl_free(rtnl);
	nft_free(nft);
	return err;
}

void controller_free(struct controller *c)
{
	if (!c)
		return;
	unwatch(&c->nft_event);
	unwatch(&c->link_event);
	unwatch(&c->address_event);
	unwatch(&c->route_event);
	unwatch(&c->root_event);
	event_del(&c->push_event);
	event_del(&c->poll_timer);
	event_del(&c->pool_timer);
	event_del(&c->hour_timer);
	event_del(&c->hours_timer);
	event_del(&c->check_timer);
	event_del(&c->outlet_timer);
	event_del(&c->path_timer);
	event_del(&c->refresh_event);
	newcomers_free(c);
	allowance_free(c);
	roaming_free(c);
	session_table_free(c->sessions);
	garden_free(c->garden);
	usage_free(c->usage);
	shaper_free(c->shaper);
	conntrack_free(c->conntrack);
	rtnl_free(c->rtnl);
	nft_free(c->nft);
	settings_free(c->settings);
	free(c->address);
	free(c->link_net);
	free(c);
}

/* --- what the server looks at -------------------------------------- */

const struct settings *controller_settings(const struct controller *c)
{
	return c->settings;
}

struct session_table *controller_sessions(struct controller *c)
{
	return c->sessions;
}

struct usage *controller_usage(struct controller *c)
{
	return c->usage;
}

void controller_count_refusal(struct controller *c)
{
	c->totals.refused++;
}
