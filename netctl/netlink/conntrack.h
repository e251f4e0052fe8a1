/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ends the connections of devices that are no longer let in, so that a flow
 * held by a flow table dies with them (ctnetlink). Owns the sources that wait.
 *
 * The kernel finds those of an IPv4 address by itself. Of IPv6 it has to list
 * all that there are, so the first end does that at once, and those that follow
 * within CONNTRACK_PAUSE_MS wait and share the next list. No more than
 * CONNTRACK_WAITING wait; if there were more, conntrack_wants_all() says so.
 */
#ifndef STADTTOR_NETCTL_NETLINK_CONNTRACK_H
#define STADTTOR_NETCTL_NETLINK_CONNTRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/log.h"

#define CONNTRACK_PAUSE_MS 1000
#define CONNTRACK_WAITING  1024

/* What a device sends from; ifindex is that of its zone's device. */
struct conntrack_source {
	struct addr addr;
	struct mac mac;
};

/* One that a source has begun: where its answers come from. */
struct conntrack_flow {
	const struct conntrack_source *source;
	struct addr to;
	uint16_t port;	  /* in host order; 0: it has none */
	uint8_t protocol; /* IPPROTO_* */
};

struct conntrack;

struct conntrack *conntrack_new(void); /* NULL: no socket */

/* Ends the connections of all that wait. */
void conntrack_free(struct conntrack *ct);

/*
 * Asked of each that conntrack_end() is about to delete, but for those that a
 * flow table carries, which no rule would see. true: it stays.
 */
void conntrack_ask(struct conntrack *ct,
		   bool (*stays)(const struct conntrack_flow *f, void *arg),
		   void *arg);

/*
 * Deletes every connection begun by one of the sources, which it sorts, and,
 * if their time has come, by those that wait; not those to the portal. now_ms
 * is of any clock that never goes back. 0 or -errno: some may have been left.
 */
int conntrack_end(struct conntrack *ct, struct conntrack_source *sources,
		  size_t n, uint64_t now_ms) MUST_CHECK;

/* When to call conntrack_end(), with no sources or some. 0: none waits. */
uint64_t conntrack_due_ms(const struct conntrack *ct);

/*
 * true: it is due, and sources had no place to wait. conntrack_end() is to get
 * all of IPv6 that have no session.
 */
bool conntrack_wants_all(const struct conntrack *ct, uint64_t now_ms);

/* The device is let in again: its sources need not wait any more. */
void conntrack_spare(struct conntrack *ct, uint32_t ifindex,
		     const struct mac *mac);

/* How full the table of connections is, which all share. 0 or -errno. */
struct conntrack_fill {
	uint32_t entries;
	uint32_t max;
};
int conntrack_read_fill(struct conntrack *ct,
			struct conntrack_fill *fill) MUST_CHECK;

#endif
