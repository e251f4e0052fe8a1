/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a zone gives a device a day, and how much of it is gone: records in the
 * ledger, by a hash under the key of the day, and no longer there than that.
 *
 * They are bounded. When there is no place, the device that has had the least
 * of its day makes room: made-up addresses, which have had nothing, go first,
 * and nobody gets a day back by them. Who has had all of it stays. Where all
 * have, nobody new is let in until the day ends.
 */
#ifndef STADTTOR_NETCTL_USAGE_DAILY_H
#define STADTTOR_NETCTL_USAGE_DAILY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"
#include "netctl/usage/ledger.h"

/* Of a limit, and of what is left, UINT64_MAX is any. */
struct daily_amount {
	uint64_t ms, bytes;
};

struct daily_device {
	const char *zone; /* its name */
	struct mac mac;
	struct daily_amount limit;
};

/*
 * All of the limit where no day is open, as before the time is known; nothing
 * where there is no place for it.
 */
struct daily_amount daily_left(struct ledger *l, const struct daily_device *d);

bool daily_is_known(const struct ledger *l, const struct daily_device *d);

/*
 * Adds to what the device has had. at: where its record was last time, or any
 * number; it gets where it is. false: there is no place, or no day is open.
 */
bool daily_take(struct ledger *l, const struct daily_device *d,
		const struct daily_amount *more, uint32_t *at,
		struct daily_amount *left);

#endif
