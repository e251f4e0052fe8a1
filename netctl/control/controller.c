/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/controller.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "netctl/rules/ruleset_nft.h"

/* Between a stranger's change of tables and our look at ours. */
static const struct timeval check_delay = { .tv_usec = 20000 };

/* Between two steps of growing the pools of classes. */
static const struct timeval pool_delay = { .tv_usec = 2000 };

/* --- devices ----------------------------------------------------------- */

static void configure_shaper(struct gate *g)
{
	const struct settings *s = g->settings;
	struct shaper_link zone[SETTINGS_ZONES], uplink[SETTINGS_UPLINKS];

	for (size_t i = 0; i < s->zones; i++)
		zone[i] = (struct shaper_link){ s->zone[i].device,
						g->zone[i].ifindex,
						s->zone[i].bandwidth_bps };
	for (size_t i = 0; i < s->uplinks; i++)
		uplink[i] = (struct shaper_link){ s->uplink[i].device,
						  g->uplink_ifindex[i],
						  s->uplink[i].bandwidth_bps };
	shaper_configure(g->shaper, zone, s->zones, uplink, s->uplinks);
	for (size_t i = 0; i < s->zones; i++) {
		bool need = g->zone[i].shaped || g->zone[i].policed ||
			    settings_zone_may_cap(s, i);
		bool good = need && shaper_prepare(g->shaper, i);

		g->zone[i].shaped = good;
		g->zone[i].policed = need && !good;
	}
	event_add(&g->pool_timer, &pool_delay);
}

/* Rules know a device by the one name that it goes by, ip(8) by others, too. */
static void use_own_name(char device[IFNAMSIZ], uint32_t ifindex)
{
	char name[IFNAMSIZ];

	if (!if_indextoname(ifindex, name) || !strcmp(name, device))
		return;
	log_warn("device %s is another name of %s, which the rules go by",
		 device, name);
	memcpy(device, name, IFNAMSIZ);
}

static bool update_ifindex(uint32_t *known, char device[IFNAMSIZ])
{
	uint32_t now = if_nametoindex(device);

	if (now)
		use_own_name(device, now);
	if (now == *known)
		return false;
	if (!now)
		log_warn("device %s is gone", device);
	else
		log_info("device %s is there", device);
	*known = now;
	return true;
}

/* Set up, and with a carrier. */
static bool is_running(const char *device)
{
	struct ifreq r = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good;

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", device);
	good = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &r) == 0;
	if (fd >= 0)
		close(fd);
	return good && r.ifr_flags & IFF_UP && r.ifr_flags & IFF_RUNNING;
}

/* Rules do not depend on it, but whoever reads the state wants to know. */
static void update_uplinks(struct gate *g)
{
	for (size_t i = 0; i < g->settings->uplinks; i++) {
		const char *device = g->settings->uplink[i].device;
		bool is_up = is_running(device);

		if (is_up == g->uplink_is_up[i])
			continue;
		g->uplink_is_up[i] = is_up;
		if (is_up)
			log_info("uplink %s is up", device);
		else
			log_warn("uplink %s is down or unplugged", device);
	}
}

/* true: something has changed. */
static bool update_devices(struct gate *g)
{
	struct settings *s = g->settings;
	bool changed = false;

	for (size_t i = 0; i < s->zones; i++)
		changed |=
			update_ifindex(&g->zone[i].ifindex, s->zone[i].device);
	for (size_t i = 0; i < s->uplinks; i++)
		changed |= update_ifindex(&g->uplink_ifindex[i],
					  s->uplink[i].device);
	update_uplinks(g);
	return changed;
}

/* --- rules ------------------------------------------------------------- */

static struct ruleset_input ruleset_input(const struct gate *g)
{
	struct ruleset_input in = { .settings = g->settings,
				    .has_flow_table = g->has_flow_table };

	for (size_t i = 0; i < g->settings->zones; i++) {
		in.zone_present[i] = g->zone[i].ifindex != 0;
		in.zone_policed[i] = g->zone[i].policed;
	}
	for (size_t i = 0; i < g->settings->uplinks; i++) {
		in.uplink_ifindex[i] = g->uplink_ifindex[i];
		in.uplink_shaped[i] = shaper_uplink_is_shaped(g->shaper, i);
	}
	return in;
}

static int install_once(struct gate *g, bool fresh)
{
	struct ruleset_input in = ruleset_input(g);
	int err;

	nft_begin(g->nft);
	err = ruleset_put(g->nft, &in, fresh);
	return err ? err : nft_commit(g->nft);
}

static void forget_elements(struct gate *g)
{
	struct session *s;

	SESSION_FOREACH (s, g->sessions) {
		s->installed = false;
		s->policed = 0;
		gate_touch(g, s);
	}
}

/* Sessions that found no map to be in. */
static void touch_absent(struct gate *g)
{
	struct session *s;

	SESSION_FOREACH (s, g->sessions)
		if (s->state == SESSION_GRANTED && !s->installed)
			gate_touch(g, s);
}

/*
 * Replaces the rules and keeps the maps. Maps of another make, left by another
 * version, are replaced with the rules; the sessions are put into the new
 * ones at once.
 */
static int install(struct gate *g)
{
	int err;

	g->has_flow_table = ruleset_has_flow_table(g->nft);
	err = install_once(g, false);

	if (err == -EEXIST || err == -EBUSY || err == -EINVAL) {
		log_warn("nft: our tables are of another make: %s; making "
			 "them anew",
			 strerror(-err));
		err = install_once(g, true);
		if (!err)
			forget_elements(g);
	}
	if (err) {
		g->health.errors[IPC_NETLINK_NFTABLES]++;
		log_error("nft: installing the rules: %s%s", strerror(-err),
			  err == -EOPNOTSUPP
				  ? " (needs Linux 5.16 or newer with "
				    "netdev ingress and egress hooks)"
				  : "");
		return err;
	}
	touch_absent(g);
	gate_prune_garden(g); /* what a reload closed that failed, too */
	gate_restore_garden(g);
	err = ruleset_fingerprint(g->nft, g->settings, &g->fingerprint);
	if (!err && g->fingerprint == RULESET_GUARDED)
		gate_check_rules(g);
	return err;
}

/* Sessions whose caps went with their sets, or need them now. */
static void follow_policing(struct gate *g)
{
	struct session *s;

	SESSION_FOREACH (s, g->sessions) {
		bool policed = g->zone[s->zone].policed && elements_caps(s);

		if (!s->policed == !policed || s->state != SESSION_GRANTED)
			continue;
		if (!policed)
			s->policed = 0; /* the sets are gone */
		gate_touch(g, s);
	}
}

/* All that depends on devices and config. */
static int refresh(struct gate *g)
{
	int err;

	configure_shaper(g);
	err = install(g);
	gate_restore_classes(g);
	follow_policing(g);
	gate_push(g);
	if (g->on_zones)
		g->on_zones(g->arg);
	return err;
}

/* --- what happens around us -------------------------------------------- */

void gate_check_rules(struct gate *g)
{
	if (!evtimer_pending(&g->check_timer, NULL))
		event_add(&g->check_timer, &check_delay);
}

void gate_see_strangers(struct gate *g)
{
	if (!nft_watch_drain(event_get_fd(&g->nft_event)))
		return;
	garden_doubt(g->garden);
	gate_check_rules(g);
}

void gate_check_roots(struct gate *g)
{
	if (shaper_verify_roots(g->shaper))
		return;
	log_warn("shaper: somebody changed a root qdisc");
	event_active(&g->refresh_event, EV_TIMEOUT, 0);
}

static void on_roots_changed(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	rtnl_watch_drain(fd);
	gate_check_roots(arg);
}

static void on_tables_changed(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	gate_see_strangers(arg);
}

/* The rules of uploads depend on whether anybody offloads flows. */
static void follow_flow_tables(struct gate *g)
{
	if (ruleset_has_flow_table(g->nft) == g->has_flow_table)
		return;
	if (install(g) == 0)
		log_info("flow tables %s: uploads get their class %s",
			 g->has_flow_table ? "appeared" : "are gone",
			 g->has_flow_table ? "at the uplink's egress"
					   : "in the forward hook");
}

static void on_check(evutil_socket_t fd, short what, void *arg)
{
	struct gate *g = arg;
	uint64_t now = 0;
	int err = ruleset_fingerprint(g->nft, g->settings, &now);

	(void)fd;
	(void)what;
	if (!err && now == g->fingerprint && now != RULESET_GUARDED) {
		follow_flow_tables(g);
		return;
	}
	if (err || install(g) < 0) {
		event_add(&g->check_timer, &check_delay);
		return;
	}
	gate_poll(g);
	gate_push(g);
	g->totals.reinstalled++;
	log_warn("somebody changed our rules: put back, with %u sessions",
		 session_count(g->sessions));
}

static void on_links_changed(evutil_socket_t fd, short what, void *arg)
{
	struct gate *g = arg;

	(void)what;
	rtnl_watch_drain(fd);
	if (update_devices(g) && refresh(g) < 0)
		log_error("the gate is closed until the rules can be put in "
			  "place");
}

static void on_refresh(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	if (refresh(arg) < 0)
		log_error("the gate is not as the config says");
}

static void on_hour(evutil_socket_t fd, short what, void *arg)
{
	struct gate *g = arg;

	(void)fd;
	(void)what;
	gate_poll(g); /* what has passed belongs to the hour that ends */
	gate_push(g);
	gate_close_hour(g);
}

static void on_pool(evutil_socket_t fd, short what, void *arg)
{
	struct gate *g = arg;

	(void)fd;
	(void)what;
	if (shaper_grow_pool(g->shaper))
		event_add(&g->pool_timer, &pool_delay);
}

static void on_push(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	gate_push(arg);
}

static void on_poll(evutil_socket_t fd, short what, void *arg)
{
	struct gate *g = arg;

	(void)fd;
	(void)what;
	gate_poll(g);
	gate_push(g);
}

static int watch_one(struct gate *g, struct event *ev, int fd,
		     event_callback_fn on_event)
{
	if (fd < 0) {
		log_error("netlink: no notifications: %s", strerror(-fd));
		return fd;
	}
	event_assign(ev, g->base, fd, EV_READ | EV_PERSIST, on_event, g);
	event_add(ev, NULL);
	return 0;
}

static int watch(struct gate *g)
{
	int err =
		watch_one(g, &g->nft_event, nft_watch_open(nft_portid(g->nft)),
			  on_tables_changed);

	if (!err)
		err = watch_one(g, &g->link_event, rtnl_watch_links(),
				on_links_changed);
	if (!err)
		err = watch_one(g, &g->root_event, rtnl_watch_roots(),
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

/* --- life -------------------------------------------------------------- */

struct gate *gate_new(struct event_base *base, struct settings *settings)
{
	struct gate *g = calloc(1, sizeof(*g));

	if (!g)
		fatal("no memory");
	g->base = base;
	g->settings = settings;
	g->started_ms = clock_ms();
	g->health.generation = 1;
	health_tell(&g->health, 0);
	TAILQ_INIT(&g->pending);
	evtimer_assign(&g->push_event, base, on_push, g);
	evtimer_assign(&g->poll_timer, base, on_poll, g);
	evtimer_assign(&g->pool_timer, base, on_pool, g);
	evtimer_assign(&g->hour_timer, base, on_hour, g);
	evtimer_assign(&g->check_timer, base, on_check, g);
	evtimer_assign(&g->refresh_event, base, on_refresh, g);
	g->nft = nft_new();
	g->rtnl = rtnl_new();
	g->conntrack = conntrack_new();
	g->sessions = session_table_new();
	g->garden = garden_new();
	if (g->rtnl)
		g->shaper = shaper_new(g->rtnl);
	if (!g->nft || !g->rtnl || !g->conntrack || !g->sessions ||
	    !g->garden || !g->shaper || watch(g) < 0) {
		log_error("netlink: %s", strerror(errno));
		gate_free(g);
		return NULL;
	}
	return g;
}

void gate_set_usage(struct gate *g, struct usage *u)
{
	g->usage = u;
}

int gate_start(struct gate *g)
{
	int err;

	update_devices(g);
	for (size_t i = 0; i < g->settings->zones; i++)
		if (!g->zone[i].ifindex)
			log_warn("zone %s: device %s is not there yet",
				 g->settings->zone[i].name,
				 g->settings->zone[i].device);
	err = gate_adopt(g);
	if (!err)
		err = refresh(g);
	if (!err) {
		gate_close_hour(g); /* one that ended while nobody ran */
		gate_poll(g);
		gate_push(g);
		gate_end_leftovers(g);
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

static void end_zones_without(struct gate *g, const int map[])
{
	struct session *s;

	for (uint16_t z = 0; z < g->settings->zones; z++)
		if (map[z] < 0)
			log_warn("zone %s is not in the config any more: its "
				 "%u sessions end",
				 g->settings->zone[z].name,
				 session_count_zone(g->sessions, z));
	SESSION_FOREACH (s, g->sessions)
		if (map[s->zone] < 0)
			gate_end(g, s, SESSION_REASON_OPERATOR);
	gate_push(g);
}

void gate_reload(struct gate *g, struct settings *next)
{
	struct gate_zone before[SETTINGS_ZONES];
	int map[SETTINGS_ZONES];

	map_zones(g->settings, next, map);
	end_zones_without(g, map);
	keep_fixed(next, g->settings);
	session_rezone(g->sessions, map);
	shaper_rezone(g->shaper, map);
	garden_rezone(g->garden, map);
	memcpy(before, g->zone, sizeof(before));
	memset(g->zone, 0, sizeof(g->zone));
	for (size_t i = 0; i < SETTINGS_ZONES; i++)
		if (map[i] >= 0)
			g->zone[map[i]] = before[i];
	memset(g->uplink_ifindex, 0, sizeof(g->uplink_ifindex));
	memset(g->uplink_is_up, 0, sizeof(g->uplink_is_up));
	settings_free(g->settings);
	g->settings = next;
	g->health.generation++;
	usage_apply(g->usage, next);
	update_devices(g);
	if (refresh(g) < 0) {
		log_error("the new config is not in force in the kernel");
		return;
	}
	log_info("config reloaded: %zu zone%s, %u sessions go on", next->zones,
		 next->zones == 1 ? "" : "s", session_count(g->sessions));
}

static int remove_all(struct nft *nft, struct rtnl *rtnl)
{
	int err;

	nft_begin(nft);
	err = ruleset_put_removal(nft);
	if (!err)
		err = nft_commit(nft);
	if (err)
		log_error("nft: removing our tables: %s", strerror(-err));
	else if ((err = shaper_remove(rtnl)))
		log_error("shaper: removing our root qdiscs: %s",
			  strerror(-err));
	return err;
}

void gate_stop(struct gate *g)
{
	if (g->settings->gate.on_stop == ON_STOP_KEEP)
		log_info("stopping; the gate stays in force");
	else if (!remove_all(g->nft, g->rtnl))
		log_info("stopping; the gate is taken down");
}

int gate_remove(void)
{
	struct nft *nft = nft_new();
	struct rtnl *rtnl = rtnl_new();
	int err = nft && rtnl ? remove_all(nft, rtnl) : -errno;

	if (!nft || !rtnl)
		log_error("netlink: %s", strerror(-err));
	rtnl_free(rtnl);
	nft_free(nft);
	return err;
}

void gate_free(struct gate *g)
{
	if (!g)
		return;
	unwatch(&g->nft_event);
	unwatch(&g->link_event);
	unwatch(&g->root_event);
	event_del(&g->push_event);
	event_del(&g->poll_timer);
	event_del(&g->pool_timer);
	event_del(&g->hour_timer);
	event_del(&g->check_timer);
	event_del(&g->refresh_event);
	session_table_free(g->sessions);
	garden_free(g->garden);
	usage_free(g->usage);
	shaper_free(g->shaper);
	conntrack_free(g->conntrack);
	rtnl_free(g->rtnl);
	nft_free(g->nft);
	settings_free(g->settings);
	free(g);
}
