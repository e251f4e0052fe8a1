/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is open by name, in the kernel's sets and in struct garden alike. */
#ifndef STADTTOR_NETCTL_CONTROL_GARDEN_SYNC_H
#define STADTTOR_NETCTL_CONTROL_GARDEN_SYNC_H

#include <stdint.h>

#include "common/ipc.h"
#include "common/log.h"

struct controller;

/*
 * Opens an address that DNS has answered with, in the kernel when it returns,
 * as struct ipc_garden tells; count gets the number of zones where it is open.
 * No transaction where it is open long enough, as garden.h tells.
 */
int garden_sync_open(struct controller *c, const struct ipc_garden *m,
		     uint32_t *count) MUST_CHECK;

/*
 * Puts back what is open by name, as much as there is room for, or closes what
 * the config in force has no name of.
 */
void garden_sync_restore(struct controller *c);
void garden_sync_prune(struct controller *c);

#endif
