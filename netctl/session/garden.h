/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The addresses that the walled garden's names have led to: which zones they
 * are open in, and until when. Knows nothing of the kernel, whose sets hold the
 * same; from here they are filled again after another program has emptied
 * them, since the box's resolver reports an answer once. Names are not kept,
 * only a hash of the one in the config that an address is open for. In memory
 * alone: a restart of netctl leaves the kernel's elements, and knows of none.
 *
 * Bounded by GARDEN_MAX for each zone. Expired entries make room for new ones;
 * open ones do not.
 */
#ifndef STADTTOR_NETCTL_SESSION_GARDEN_H
#define STADTTOR_NETCTL_SESSION_GARDEN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/config/garden_names.h"
#include "common/config/settings.h"
#include "common/ipc.h"

#define GARDEN_MAX 1024 /* addresses of a zone, IPv4 and IPv6 together */

/*
 * How long an address stays open. An element that ends cuts connections, and
 * phones ask again late: so an hour at least, which is also the most that
 * dnsmasq's min-cache-ttl stretches an answer to. RFC 8767 suggests to believe
 * no TTL above a week. And a minute longer than that: an answer whose time is
 * covered by what the kernel holds needs no transaction, so whoever has one
 * name asked for all the time costs one a minute for each of its addresses.
 */
#define GARDEN_MIN_S   3600
#define GARDEN_TOP_S   (7 * 86400)
#define GARDEN_SLACK_S 60

struct garden_entry {
	struct addr address;
	uint64_t ends_ms; /* CLOCK_BOOTTIME; the slack is in it */
	uint64_t name;	  /* hash of the name in the config */
	uint64_t told;	  /* the garden's own: before which doubt */
};

/* What an answer asks for; bit i of a mask is zone i. */
struct garden_plan {
	uint32_t zones; /* whose garden has the name, and room for it */
	uint32_t lacks; /* of them: where the kernel has to be told... */
	struct garden_entry entry[SETTINGS_ZONES]; /* ...this */
};

struct garden;

struct garden *garden_new(void); /* NULL: no memory */
void garden_free(struct garden *g);

/*
 * An address of the internet, be it behind a NAT64. Others, names of the
 * internet have no business to lead to: an address in garden_address opens
 * them. What is the box's own or a guest's needs no look, since the rules of
 * the garden let through what leaves by an uplink, and nothing else.
 */
bool garden_is_public(const struct addr *a);

/*
 * What has to be done for the address to be open at least as long as the answer
 * wants: nothing where it is already, without a doubt since. Never earlier than
 * before. -EINVAL, -EACCES, -ENOSPC, -ENOMEM as of struct ipc_garden; where
 * one garden is full, the plan has the others.
 */
int garden_plan(struct garden *g, const struct settings *s,
		const struct ipc_garden *m, uint64_t now_ms,
		struct garden_plan *plan) MUST_CHECK;

/* Takes in what has been done of the plan made last; there is room for it. */
void garden_keep(struct garden *g, size_t zone, const struct garden_entry *e);

/* The kernel may have lost any of it: each entry is to be told anew. */
void garden_doubt(struct garden *g);

/* The entry of that place, from 0; NULL: there are no more. Lent. */
const struct garden_entry *garden_at(const struct garden *g, size_t zone,
				     size_t place);

/* Forgets what is over. */
void garden_expire(struct garden *g, size_t zone, uint64_t now_ms);

/* Zone i becomes map[i]; what was in a zone whose map is negative, goes. */
void garden_rezone(struct garden *g, const int map[]);

/* Forgets entries of names that the zone's garden no longer has. */
void garden_prune(struct garden *g, const struct settings *s, size_t zone);

#endif
