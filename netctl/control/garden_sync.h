/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeps the kernel's sets of the walled garden in step with struct garden. */
#ifndef STADTTOR_NETCTL_CONTROL_GARDEN_SYNC_H
#define STADTTOR_NETCTL_CONTROL_GARDEN_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config/settings.h"
#include "common/ipc.h"
#include "common/log.h"

struct controller;

/*
 * Opens an address that DNS has answered with, in the kernel when it returns,
 * with the errors of struct ipc_garden; count gets the number of zones where it
 * is open. No transaction where it is open long enough already (garden.h).
 */
int garden_sync_open(struct controller *c, const struct ipc_garden *m,
		     uint32_t *count) MUST_CHECK;

/*
 * Whether the walled garden of the zone lets that through, whoever is in: by
 * its ports and networks of the config, and addresses that the kernel has.
 */
bool garden_sync_has(const struct controller *c, size_t zone,
		     const struct addr *to, uint16_t port, uint8_t protocol);

/* Puts the addresses of names back, as many as there is room for. */
void garden_sync_restore(struct controller *c);

/*
 * Closes all of zones that have lost names (has_lost_names in state.h) but what
 * is known to be of a name that is left.
 */
void garden_sync_prune(struct controller *c);

/* Whether a name that the old zone opens is shut in the next one. */
bool garden_sync_loses(const struct settings *old, size_t zone,
		       const struct settings *next, size_t to);

#endif
