/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finding a device's record in the ledger, by its keyed hash or by the handle
 * of its session. Owns the indexes, which live in this process alone and are
 * made from the ledger.
 */
#ifndef STADTTOR_NETCTL_USAGE_DEVICE_INDEX_H
#define STADTTOR_NETCTL_USAGE_DEVICE_INDEX_H

#include "common/addr.h"
#include "netctl/usage/ledger.h"

struct visits;

/* Borrows the ledger. NULL: no memory. */
struct visits *visits_new(struct ledger *l);
void visits_free(struct visits *vs);

/* Makes the indexes anew, after the ledger took another half. */
void visits_rebuild(struct visits *vs);

/* The device under today's key; never 0. */
uint64_t visits_id(const struct visits *vs, const struct mac *mac);

/* NULL: not seen today, or no such session. */
struct ledger_visit *visits_find(const struct visits *vs, uint64_t id,
				 unsigned int zone);
struct ledger_visit *visits_find_handle(const struct visits *vs,
					uint64_t handle);

/* true: some record of the device, whichever the zone, has one of the bits. */
bool visits_any(const struct visits *vs, uint64_t id, uint64_t bits);

/*
 * A new record, in the transaction that the ledger stages; id 0 is not found
 * by visits_find(). NULL: the day's records are used up, or no memory.
 */
struct ledger_visit *visits_add(struct visits *vs, uint64_t id,
				unsigned int zone);

/* Stage a change and keep the index right. handle 0: no session any more. */
void visits_set_id(struct visits *vs, struct ledger_visit *v, uint64_t id);
void visits_set_handle(struct visits *vs, struct ledger_visit *v,
		       uint64_t handle);

static inline unsigned int visit_zone(const struct ledger_visit *v)
{
	return (unsigned int)(v->bits >> VISIT_ZONE_SHIFT & 0xff);
}

/* Today's number of records, those being added included. */
size_t visits_count(const struct visits *vs);

#endif
