/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Released figures, in the ledger until the portal has committed them,
 * numbered from 1 in the order in which their cells closed. Where nobody
 * fetches them the oldest go.
 */
#ifndef STADTTOR_NETCTL_USAGE_OUTBOX_H
#define STADTTOR_NETCTL_USAGE_OUTBOX_H

#include "netctl/usage/ledger.h"

/* Stages one more. */
void outbox_put(struct ledger *l, const struct ledger_figure *f);

/*
 * Figures behind that number, at most max: how many; their stream, seq and
 * more are filled in.
 */
size_t outbox_read(const struct ledger *l, uint64_t after,
		   struct ipc_usage_cell *out, size_t max);

/* Lets go of all up to that number. */
void outbox_forget(struct ledger *l, uint64_t committed);

/* Figures that wait, and when the oldest was released; 0: none waits. */
uint64_t outbox_waiting(const struct ledger *l);
uint64_t outbox_oldest_ms(const struct ledger *l);

#endif
