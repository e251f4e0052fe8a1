/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rules by which figures leave the ledger. At the end of an hour a metric
 * of a zone is released if at least k devices contributed to what has been
 * added up, and bytes only if no device makes up more than half of them; else
 * it is carried on. At midnight what is left of all zones goes into the total
 * of the box, by the same rules; every device is forgotten, and what still
 * waits is carried on as if nobody had contributed to it yet.
 *
 * A closing may be cut off anywhere: release_resume() ends it.
 */
#ifndef STADTTOR_NETCTL_USAGE_RELEASE_H
#define STADTTOR_NETCTL_USAGE_RELEASE_H

#include "netctl/usage/device_index.h"
#include "netctl/usage/ledger.h"

void release_hour(struct ledger *l, unsigned int k, int64_t next_hour_s);

void release_resume(struct ledger *l, struct device_index *vs);

#endif
