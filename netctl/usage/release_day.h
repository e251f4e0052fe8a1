/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of a day, by the rules that release.h tells. */
#ifndef STADTTOR_NETCTL_USAGE_RELEASE_DAY_H
#define STADTTOR_NETCTL_USAGE_RELEASE_DAY_H

#include "netctl/usage/device_index.h"
#include "netctl/usage/ledger.h"

/* Ends the day, after release_hour(). The indexes are made anew. */
void release_day(struct ledger *l, struct device_index *vs, unsigned int k,
		 int64_t next_day_s);

/* Ends a day whose figures are in the outbox. May be done twice. */
void release_finish_day(struct ledger *l);

#endif
