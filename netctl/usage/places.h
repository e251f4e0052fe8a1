/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Places for the day's records, so that whoever invents devices stops counting
 * for no longer than a minute, and for no other zone. A new record takes one of
 * its zone's places of this minute, and one of the day: of its zone's own while
 * there are some, else of those that all zones share. Who looks at the page has
 * places apart from who goes online, which takes more to forge.
 *
 * How many there are is drawn, with the day and with the minute, by timers
 * alone: as one device takes two places, whether another one found any is as
 * uncertain as any figure (USAGE_PLACES). Places of the day come back with its
 * end alone, and nothing tells that they are gone.
 */
#ifndef STADTTOR_NETCTL_USAGE_PLACES_H
#define STADTTOR_NETCTL_USAGE_PLACES_H

#include "netctl/usage/cells.h"

/* Both commit. A kill in between leaves them to be drawn anew. */
void places_begin_day(struct ledger *l, const struct cells_plan *plan);

/* Where it is another minute of the boot-time clock than at the last call. */
void places_begin_minute(struct ledger *l, const struct cells_plan *plan,
			 uint64_t boot_ms);

/* Stages. false: there is none, or no memory for a record. */
bool places_take(struct ledger *l, enum ledger_kind kind, unsigned int zone);

#endif
