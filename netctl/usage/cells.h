/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The cells of the ledger: one a metric and zone, open as long as its period.
 * The noise is drawn when a cell opens and the counter starts at it, so nothing
 * draws twice and nothing at the close depends on it; which cells there are
 * depends on the config alone.
 */
#ifndef STADTTOR_NETCTL_USAGE_CELLS_H
#define STADTTOR_NETCTL_USAGE_CELLS_H

#include "netctl/usage/ledger.h"

/* What the config wants, and where noise comes from. */
struct cells_plan {
	uint32_t series; /* bit i: enum usage_series i is counted */
	uint32_t slots;	 /* bit i: place i of the ledger is a zone's */
	enum usage_profile profile;
	unsigned int epsilon;
	int64_t (*draw)(struct usage_scale t);
};

/*
 * Opens what is wanted and not open, of periods that are, and drops what is
 * not to be counted any more. Zones that have left stay until the close.
 */
void cells_fit(struct ledger *l, const struct cells_plan *plan,
	       uint64_t boot_ms);

/* Stages; nothing where the cell is not open. slot: 0 for those of the box. */
void cells_add(struct ledger *l, enum usage_metric metric, unsigned int slot,
	       uint64_t amount);
bool cells_is_open(const struct ledger *l, enum usage_metric metric,
		   unsigned int slot);

/* Releases each open cell of the period. May be cut off anywhere. */
void cells_close(struct ledger *l, enum usage_period period, uint64_t boot_ms);

/*
 * The place of that zone, taken where it has none; -1: all are in use. Places
 * of zones that left are free once the day has no records.
 */
int cells_take_slot(struct ledger *l, const char name[IPC_ZONE_NAME_MAX]);
void cells_free_slots(struct ledger *l, uint32_t but);

#endif
