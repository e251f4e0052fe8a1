/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What netctl says of itself and its zones, in one answer. */
#ifndef STADTTOR_CLI_NETCTL_STATUS_H
#define STADTTOR_CLI_NETCTL_STATUS_H

#include <stddef.h>

#include "cli/netctl_call.h"
#include "common/config/settings.h"

struct netctl_status {
	struct ipc_totals totals;
	struct ipc_zone zone[SETTINGS_ZONES]; /* names end with a NUL */
	size_t zones;
	struct ipc_city city;
};

/* 0 or -errno, as netctl_call_all() has them. */
int netctl_status_fetch(struct netctl_call *t,
			struct netctl_status *s) MUST_CHECK;

/* NULL: netctl has no such zone. */
const struct ipc_zone *netctl_status_find(const struct netctl_status *s,
					  const char *zone);

#endif
