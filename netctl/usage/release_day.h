/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of a day, for release.c. */
#ifndef STADTTOR_NETCTL_USAGE_RELEASE_DAY_H
#define STADTTOR_NETCTL_USAGE_RELEASE_DAY_H

#include "netctl/usage/disclosure.h"
#include "netctl/usage/ledger.h"

/* The most that one device can have of what waits in each zone. */
void release_find_most(const struct ledger *l,
		       struct disclosure_bytes most[LEDGER_ZONES]);

/* Ends a day whose figures are in the outbox. May be done twice. */
void release_finish_day(struct ledger *l);

#endif
