/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HTB on the zones' devices (download) and on the uplinks (upload). Owns the
 * root qdiscs and a pool of classes a zone: adding or deleting a class walks
 * all of them, changing a rate does not, so classes are made ahead and reused.
 *
 * A slot is a class minor number; the same one serves a device on its zone's
 * device and on every uplink.
 */
#ifndef STADTTOR_NETCTL_SESSION_SHAPER_H
#define STADTTOR_NETCTL_SESSION_SHAPER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/config/settings.h"
#include "netctl/netlink/rtnl.h"

struct shaper;

/* As good as no cap. */
#define SHAPER_RATE_ANY_BPS 100000000000ULL

/* What a device of the network looks like to the shaper. */
struct shaper_link {
	const char *device;
	uint32_t ifindex;	/* 0: not there */
	uint64_t bandwidth_bps; /* shared evenly; 0: not known */
};

struct shaper *shaper_new(struct rtnl *rtnl); /* NULL: no memory */
void shaper_free(struct shaper *sh);

/*
 * Takes the devices as they are now. Roots that are there and ours are kept
 * with their classes; a device that is new or came back gets its root from
 * shaper_prepare(). Slots stay valid, but need shaper_put_rates() with restore
 * after a change of devices.
 */
void shaper_configure(struct shaper *sh, const struct shaper_link *zone,
		      size_t zones, const struct shaper_link *uplink,
		      size_t uplinks);

/*
 * Makes the zone ready for classes. false: its device or an uplink has
 * a foreign root qdisc, or the kernel has no HTB; said once in the log.
 */
bool shaper_prepare(struct shaper *sh, size_t zone);

/*
 * Zone i of the config is now zone map[i]; below 0: it is gone, with its root.
 * To be followed by shaper_configure().
 */
void shaper_rezone(struct shaper *sh, const int map[]);

/*
 * false: a root that was ours is no longer there; it is made again by
 * shaper_prepare(), and slots need shaper_put_rates() with restore.
 */
bool shaper_verify_roots(struct shaper *sh);

/* true: packets towards that uplink are sorted into classes. */
bool shaper_uplink_is_shaped(const struct shaper *sh, size_t uplink);

/*
 * A slot of the zone with its class, from the pool where it has one.
 * SLOT_NONE: all 65,000 are taken.
 */
uint16_t shaper_take(struct shaper *sh, size_t zone);

/* Marks a slot found in the kernel as taken. */
void shaper_adopt(struct shaper *sh, size_t zone, uint16_t slot);
void shaper_give(struct shaper *sh, size_t zone, uint16_t slot);

struct shaper_rates { /* bits per second; 0: no cap beyond the link's */
	uint64_t down_bps, up_bps;
};

/*
 * Puts the slot's caps into the open rtnetlink batch; the caller commits it
 * before the mark that leads to the class. restore: the class and its queue
 * may be missing, as after a restart or on a device that came back.
 */
void shaper_put_rates(struct shaper *sh, size_t zone, uint16_t slot,
		      const struct shaper_rates *rates, bool restore);

/*
 * Grows the pools by one small step. true: call again soon, they are not yet
 * as large as they should be.
 */
bool shaper_grow_pool(struct shaper *sh);

/*
 * Removes our root qdiscs from all devices, known by their handle whoever made
 * them. 0 or -errno.
 */
int shaper_remove(struct rtnl *rtnl) MUST_CHECK;

#endif
