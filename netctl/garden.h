/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The addresses that the walled garden's names have led to: which zones they
 * are open in, and until when. Knows nothing of the kernel, whose sets hold the
 * same; from here they are filled again after a stranger has emptied them,
 * since the box's resolver tells of an answer once. Names are not kept, only a
 * hash of the one in the config that an address is open for. In memory alone: a
 * restart of netctl leaves the kernel's elements, and knows of none.
 *
 * Bounded by GARDEN_MAX for each zone, whoever tells: what is over, goes first;
 * of what is open nothing makes room for something new.
 */
#ifndef STADTTOR_GARDEN_H
#define STADTTOR_GARDEN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/garden_names.h"
#include "common/ipc.h"
#include "common/settings.h"

#define GARDEN_MAX 1024 /* addresses of a zone, IPv4 and IPv6 together */

/*
 * How long an address stays open. An element that ends cuts connections, and
 * phones ask again late: so an hour at least, which is also the most that
 * dnsmasq's min-cache-ttl stretches an answer to. RFC 8767 suggests to believe
 * no TTL above a week.
 */
#define GARDEN_MIN_S 3600
#define GARDEN_TOP_S (7 * 86400)

struct garden_entry {
	struct addr address;
	uint64_t ends_ms; /* CLOCK_BOOTTIME */
	uint64_t name;	  /* hash of the name in the config */
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
 * Takes the address in for each zone whose garden has the name; a later end
 * takes the place of an earlier one. zones gets a bit for each of them, none
 * for a name of no garden. -EINVAL, -EACCES, -ENOSPC, -ENOMEM as struct
 * ipc_garden tells; where one garden is full, zones has the others.
 */
int garden_take(struct garden *g, const struct settings *s,
		const struct ipc_garden *m, uint64_t now_ms,
		uint32_t *zones) MUST_CHECK;

/* The entry of that place, from 0; NULL: there are no more. Lent. */
const struct garden_entry *garden_at(const struct garden *g, size_t zone,
				     size_t place);

/* That of an address; NULL: it is not open in the zone by name. */
const struct garden_entry *garden_find(const struct garden *g, size_t zone,
				       const struct addr *a);

/* Forgets what is over. */
void garden_expire(struct garden *g, size_t zone, uint64_t now_ms);

/* Zone i becomes map[i]; what was in a zone whose map is negative, goes. */
void garden_rezone(struct garden *g, const int map[]);

/*
 * Forgets the entries of names that the zone's garden no longer has, and tells
 * of each.
 */
typedef void garden_fn(const struct garden_entry *e, void *arg);
void garden_prune(struct garden *g, const struct settings *s, size_t zone,
		  garden_fn *on_gone, void *arg);

#endif
