/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Released batches, in the ledger until the portal has committed them. Each
 * has a number and is made of parts, ready to be sent.
 *
 * Figures counted before the time of day was known carry the seconds since
 * the boot as -1 - s; they are placed once the time is known, and after two
 * days go out without a time.
 */
#ifndef STADTTOR_NETCTL_USAGE_OUTBOX_H
#define STADTTOR_NETCTL_USAGE_OUTBOX_H

#include "netctl/usage/ledger.h"

#define OUTBOX_PLACE_S (48 * 3600)

/* How many more parts there is room for. */
size_t outbox_room(const struct ledger *l);

/* The n-th part of the next batch, cleared; nobody sees it before the stage. */
struct ipc_usage_row *outbox_draft_row(struct ledger *l, size_t n);
struct ipc_usage_label *outbox_draft_label(struct ledger *l, size_t n);

/* Stages the batch of the first n drafts; n 0: none. */
void outbox_stage(struct ledger *l, size_t n, int64_t start_s);

/*
 * The first batch behind that number that may be sent. false: there is none.
 * Its parts are outbox_part(l, batch.first + 0 .. batch.count - 1).
 */
struct outbox_batch {
	uint64_t first;
	size_t count;
};
bool outbox_find(const struct ledger *l, uint64_t after, uint64_t boot_s,
		 struct outbox_batch *batch);
const union ledger_part *outbox_part(const struct ledger *l, uint64_t i);

/* Lets go of all batches up to that number. */
void outbox_forget(struct ledger *l, uint64_t committed);

/* The time is known: the box booted at that time. */
void outbox_place(struct ledger *l, int64_t boot_wall_s);

/* Batches that wait, and the start of the oldest; 0: none, or unknown. */
uint64_t outbox_waiting(const struct ledger *l);
int64_t outbox_oldest_s(const struct ledger *l);

#endif
