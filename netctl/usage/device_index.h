/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One record a device and day, in the ledger: finds it by the keyed hash of
 * the device, or makes it. Owns the index, which lives in this process alone
 * and is made from the ledger.
 */
#ifndef STADTTOR_NETCTL_USAGE_DEVICE_INDEX_H
#define STADTTOR_NETCTL_USAGE_DEVICE_INDEX_H

#include "common/addr.h"
#include "netctl/usage/ledger.h"

struct device_index;

/* Borrows the ledger. NULL: no memory. */
struct device_index *device_index_new(struct ledger *l);
void device_index_free(struct device_index *x);

/* The day's records were destroyed. */
void device_index_clear(struct device_index *x);

/* NULL: not seen today. */
const struct ledger_device *device_index_find(const struct device_index *x,
					      const struct mac *mac);

/*
 * The same, made where there is none and a place for it (places.h), in that
 * zone, staged with what follows. NULL: the day does not count it so far.
 */
const struct ledger_device *device_index_get(struct device_index *x,
					     const struct mac *mac,
					     enum ledger_kind kind,
					     unsigned int zone);

#endif
