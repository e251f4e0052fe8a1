/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/flows.h"

#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/clock.h"
#include "netctl/control/garden_sync.h"

struct ended {
	struct session_table *sessions;
	enum flows_orphans orphans; /* who is looked for as well */
	uint16_t zone;
	uint32_t ifindex;
	struct conntrack_source *source;
	size_t count, size;
};

/*
 * What is open before the tap stays so after it: the last page of a provider's
 * log-out comes by a connection of these. The kernel is asked so often at most.
 */
#define ASKED_MAX 256

struct asker {
	const struct controller *c;
	unsigned int asked;
};

static bool leads_to_garden(const struct conntrack_flow *f, void *arg)
{
	struct asker *a = arg;

	for (size_t z = 0; z < a->c->settings->zones; z++)
		if (a->c->zone[z].ifindex &&
		    a->c->zone[z].ifindex == f->source->addr.ifindex)
			return a->asked++ < ASKED_MAX &&
			       garden_sync_has(a->c, z, &f->to, f->port,
					       f->protocol);
	return false;
}

static bool is_wanted(const struct ended *e, const struct addr *orphan)
{
	return e->orphans == FLOWS_ORPHANS_ALL ||
	       (e->orphans == FLOWS_ORPHANS_IPV6 && orphan->family == AF_INET6);
}

static void on_neighbour(const struct mac *mac, const struct addr *a, void *arg)
{
	struct ended *e = arg;
	const struct session *s = session_find(e->sessions, e->zone, mac);
	struct conntrack_source *grown, *source;

	if (s ? s->state != SESSION_ENDED : !is_wanted(e, a))
		return;
	grown = array_grow(e->source, &e->size, e->count + 1, sizeof(*grown));
	if (!grown)
		return;
	e->source = grown;
	source = &grown[e->count++];
	*source = (struct conntrack_source){ .addr = *a, .mac = *mac };
	source->addr.ifindex = e->ifindex;
}

static bool zone_has_ended(const struct controller *c, uint16_t zone)
{
	const struct session *s;

	TAILQ_FOREACH (s, &c->pending, pending)
		if (s->zone == zone && s->state == SESSION_ENDED)
			return true;
	return false;
}

void flows_end(struct controller *c, enum flows_orphans orphans)
{
	struct ended e = { .sessions = c->sessions, .orphans = orphans };
	struct asker asker = { .c = c };
	uint64_t now_ms = clock_ms();
	int err = 0;

	if (!orphans && conntrack_wants_all(c->conntrack, now_ms))
		e.orphans = FLOWS_ORPHANS_IPV6;

	for (uint16_t z = 0; z < c->settings->zones; z++) {
		if (!c->zone[z].ifindex || !(e.orphans || zone_has_ended(c, z)))
			continue;
		e.zone = z;
		e.ifindex = c->zone[z].ifindex;
		err = rtnl_list_neighbours(c->rtnl, c->zone[z].ifindex,
					   on_neighbour, &e);
		if (err) {
			c->health.errors[IPC_NETLINK_NEIGHBOURS]++;
			log_warn("neighbours: %s", strerror(-err));
		}
	}
	conntrack_ask(c->conntrack, leads_to_garden, &asker);
	err = conntrack_end(c->conntrack, e.source, e.count, now_ms);
	conntrack_ask(c->conntrack, NULL, NULL);
	if (err) {
		c->health.errors[IPC_NETLINK_CONNTRACK]++;
		log_warn("conntrack: %s", strerror(-err));
	}
	if (e.source)
		explicit_bzero(e.source, e.size * sizeof(*e.source));
	free(e.source);
}
