/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the closing of an hour and that of a day look up in the ledger. */
#ifndef STADTTOR_NETCTL_USAGE_RELEASE_SHARE_H
#define STADTTOR_NETCTL_USAGE_RELEASE_SHARE_H

#include "netctl/usage/disclosure.h"
#include "netctl/usage/ledger.h"

/* How many records of devices are in force. */
size_t release_share_visits(const struct ledger_image *image);

/* The most that one device can have of what waits in each zone. */
void release_share_find_most(const struct ledger *l,
			     struct disclosure_bytes most[LEDGER_ZONES]);

#endif
