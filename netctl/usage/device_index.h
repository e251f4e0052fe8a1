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

struct device_index;

/* Borrows the ledger. NULL: no memory. */
struct device_index *device_index_new(struct ledger *l);
void device_index_free(struct device_index *vs);

/* Makes the indexes anew, after the ledger took another half. */
void device_index_rebuild(struct device_index *vs);

/* The device under today's key; never 0. */
uint64_t device_index_id(const struct device_index *vs, const struct mac *mac);

/* NULL: not seen today, or no such session. */
struct ledger_visit *device_index_find(const struct device_index *vs,
				       uint64_t id, unsigned int zone);
struct ledger_visit *device_index_find_handle(const struct device_index *vs,
					      uint64_t handle);

/* true: some record of the device, whichever the zone, has one of the bits. */
bool device_index_any(const struct device_index *vs, uint64_t id,
		      uint64_t bits);

/*
 * A new record, in the transaction that the ledger stages; id 0 is not found
 * by device_index_find(). NULL: the day's records are used up, or no memory.
 */
struct ledger_visit *device_index_add(struct device_index *vs, uint64_t id,
				      unsigned int zone);

/* Stage a change and keep the index right. handle 0: no session any more. */
void device_index_set_id(struct device_index *vs, struct ledger_visit *v,
			 uint64_t id);
void device_index_set_handle(struct device_index *vs, struct ledger_visit *v,
			     uint64_t handle);

static inline unsigned int visit_zone(const struct ledger_visit *v)
{
	return (unsigned int)(v->bits >> VISIT_ZONE_SHIFT & 0xff);
}

/* Today's number of records, those being added included. */
size_t device_index_count(const struct device_index *vs);

#endif
