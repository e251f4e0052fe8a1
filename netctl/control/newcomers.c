/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/newcomers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/wipe.h"
#include "netctl/control/allowance.h"
#include "netctl/control/devices.h"
#include "netctl/control/grant.h"
#include "netctl/control/roaming.h"
#include "netctl/control/schedule.h"
#include "netctl/control/state.h"
#include "netctl/netlink/arrivals.h"

#define LOOKS_PER_S 1000
#define NEWEST	    500
#define LIST_MS	    1000 /* after some were missed, */
#define LIST_SHARE  20	 /* and so many times what the last took */
#define WAITING	    256
#define WAIT_MS	    300000 /* and no longer: it names a device */

/* Came before its record did, perhaps; the last so many. */
struct waiting {
	uint16_t zone;
	uint8_t id[ROAMING_ID_SIZE];
	struct mac mac;
	uint64_t since_ms; /* 0: nobody */
};

struct newcomers {
	struct event event;
	struct event list_timer;
	struct event forget_timer;
	uint64_t window_ms; /* the second that looks are counted in */
	uint32_t looks;
	uint64_t list_ms; /* what the last list took */
	size_t listed;	  /* strangers, by the list that is made now */
	size_t reached;	  /* so many of them, so far */
	struct waiting waiting[WAITING];
	size_t next;
};

/* --- one device ---------------------------------------------------------- */

static void list_soon(struct controller *c)
{
	if (!evtimer_pending(&c->newcomers->list_timer, NULL))
		schedule_arm(&c->newcomers->list_timer,
			     LIST_MS + LIST_SHARE * c->newcomers->list_ms);
}

static bool may_look(struct controller *c)
{
	struct newcomers *n = c->newcomers;
	uint64_t now_ms = clock_ms();

	if (now_ms - n->window_ms >= 1000) {
		n->window_ms = now_ms;
		n->looks = 0;
	}
	return n->looks++ < LOOKS_PER_S;
}

static bool let_in(struct controller *c, uint16_t zone, const struct mac *mac)
{
	uint64_t left_s;

	if (!roaming_lets_in(c, zone, mac, &left_s) ||
	    allowance_is_spent(c, mac) || grant_roaming(c, zone, mac, left_s))
		return false;
	roaming_count_grant(c);
	return true;
}

static void remember(struct controller *c, uint16_t zone, const struct mac *mac)
{
	struct newcomers *n = c->newcomers;
	struct waiting *w = &n->waiting[n->next++ % WAITING];

	*w = (struct waiting){ .zone = zone,
			       .mac = *mac,
			       .since_ms = clock_ms() };
	roaming_id(c, mac, w->id);
	if (!evtimer_pending(&n->forget_timer, NULL))
		schedule_arm(&n->forget_timer, WAIT_MS);
}

static bool is_stranger(struct controller *c, uint16_t zone,
			const struct mac *mac)
{
	return roaming_is_on(c, zone) && !session_find(c->sessions, zone, mac);
}

/* false: enough for this second. */
static bool look_at(struct controller *c, uint16_t zone, const struct mac *mac)
{
	if (!may_look(c)) {
		list_soon(c);
		return false;
	}
	if (!let_in(c, zone, mac))
		remember(c, zone, mac);
	return true;
}

bool newcomers_admit(struct controller *c, uint16_t zone, const struct mac *mac)
{
	return c->newcomers && roaming_is_on(c, zone) && may_look(c) &&
	       let_in(c, zone, mac);
}

void newcomers_look_again(struct controller *c)
{
	for (size_t i = 0; c->newcomers && i < WAITING; i++) {
		struct waiting *w = &c->newcomers->waiting[i];

		if (!w->since_ms || w->zone >= c->settings->zones ||
		    !roaming_lets_in_id(c, w->zone, w->id))
			continue;
		w->since_ms = 0;
		let_in(c, w->zone, &w->mac);
	}
}

/* --- the watch ----------------------------------------------------------- */

static void on_arrival(uint32_t on, const struct mac *mac, void *arg)
{
	struct controller *c = arg;

	for (uint16_t z = 0; z < c->settings->zones; z++)
		if (c->zone[z].ifindex == on && is_stranger(c, z, mac))
			look_at(c, z, mac);
}

struct listing {
	struct controller *c;
	uint16_t zone;
};

/*
 * Where there are more than may be looked at: the newest, which the kernel
 * lists first, and of the others those behind whom the last list has reached.
 */
static void on_listed(uint32_t on, const struct mac *mac, void *arg)
{
	const struct listing *l = arg;
	struct newcomers *n = l->c->newcomers;
	size_t at = n->listed;

	(void)on;
	if (!is_stranger(l->c, l->zone, mac))
		return;
	n->listed++;
	if (at >= NEWEST && at < n->reached)
		return;
	if (look_at(l->c, l->zone, mac) && at >= n->reached)
		n->reached = at + 1;
}

static void on_neighbour(const struct mac *mac, const struct addr *a, void *arg)
{
	(void)a;
	if (mac_is_device(mac))
		on_listed(0, mac, arg);
}

/* All who are there by now. */
static void list(struct controller *c)
{
	struct newcomers *n = c->newcomers;
	uint64_t start_ms = clock_ms();
	int err = 0;

	n->listed = 0;
	for (uint16_t z = 0; z < c->settings->zones && !err; z++) {
		struct listing l = { c, z };

		if (!roaming_is_on(c, z) || !c->zone[z].ifindex)
			continue;
		if (c->zone[z].is_bridge)
			err = arrivals_list_bridge(c->rtnl, c->zone[z].ifindex,
						   on_listed, &l);
		else
			err = devices_list_neighbours(c, z, on_neighbour, &l);
	}
	n->list_ms = clock_ms() - start_ms;
	if (err == -EINTR)
		list_soon(c);
	else if (err)
		log_warn("city: listing devices: %s", strerror(-err));
	if (n->listed <= n->reached)
		n->reached = 0;
}

static void on_list(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	list(arg);
}

static void on_arrivals(evutil_socket_t fd, short what, void *arg)
{
	struct controller *c = arg;

	(void)what;
	if (arrivals_read(fd, on_arrival, c))
		list_soon(c);
	wipe_stack(); /* messages name devices */
}

/* Those who came long ago, and again when the next ones did. */
static void on_forget(evutil_socket_t fd, short what, void *arg)
{
	struct newcomers *n = arg;
	uint64_t now_ms = clock_ms(), oldest_ms = UINT64_MAX;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < WAITING; i++) {
		struct waiting *w = &n->waiting[i];

		if (!w->since_ms || now_ms - w->since_ms >= WAIT_MS)
			explicit_bzero(w, sizeof(*w));
		else if (w->since_ms < oldest_ms)
			oldest_ms = w->since_ms;
	}
	if (oldest_ms != UINT64_MAX)
		schedule_arm(&n->forget_timer,
			     clock_until_ms(oldest_ms + WAIT_MS, now_ms));
}

/* Forwarding tables tell of bridges, neighbours of all other devices. */
static void set_filter(struct controller *c)
{
	uint32_t ifindex[SETTINGS_ZONES];
	size_t count = 0;
	int err;

	for (size_t z = 0; z < c->settings->zones; z++)
		if (c->zone[z].ifindex && !c->zone[z].is_bridge)
			ifindex[count++] = c->zone[z].ifindex;
	err = arrivals_filter(event_get_fd(&c->newcomers->event), ifindex,
			      count);
	if (err)
		log_error("city: devices that arrive are not told of: %s",
			  strerror(-err));
}

static void start(struct controller *c)
{
	struct newcomers *n;
	int fd = arrivals_open();

	if (fd < 0) {
		log_error("city: devices that arrive are not told of: %s",
			  strerror(-fd));
		return;
	}
	n = calloc(1, sizeof(*n));
	if (!n)
		fatal("no memory");
	event_assign(&n->event, c->base, fd, EV_READ | EV_PERSIST, on_arrivals,
		     c);
	evtimer_assign(&n->list_timer, c->base, on_list, c);
	evtimer_assign(&n->forget_timer, c->base, on_forget, n);
	event_add(&n->event, NULL);
	c->newcomers = n;
}

void newcomers_follow(struct controller *c)
{
	if (!c->roaming)
		newcomers_free(c);
	else if (!c->newcomers)
		start(c);
	if (!c->newcomers)
		return;
	set_filter(c);
	memset(c->newcomers->waiting, 0, sizeof(c->newcomers->waiting));
	list_soon(c);
}

void newcomers_free(struct controller *c)
{
	struct newcomers *n = c->newcomers;

	if (!n)
		return;
	event_del(&n->event);
	close(event_get_fd(&n->event));
	event_del(&n->list_timer);
	event_del(&n->forget_timer);
	explicit_bzero(n, sizeof(*n));
	free(n);
	c->newcomers = NULL;
}
