/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many connections an address has open, without keeping the address: two
 * rows of counters, each chosen by a hash under a key that dies with the
 * process. Strangers that share a counter may at worst be refused a
 * connection while the other one holds its full share in both rows.
 */
#ifndef STADTTOR_PORTAL_HTTP_SOURCE_LIMIT_H
#define STADTTOR_PORTAL_HTTP_SOURCE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"

struct limits;

/* What one connection occupies; worthless without the key. */
struct limits_share {
	uint16_t slot[2];
	bool taken;
};

/* NULL: no memory or no randomness. */
struct limits *limits_new(unsigned int max_per_device);
void limits_set_max(struct limits *l, unsigned int max_per_device);

/* false: the address has its full share already. */
bool limits_take(struct limits *l, const struct addr *a,
		 struct limits_share *share);
void limits_give(struct limits *l, struct limits_share *share);
void limits_free(struct limits *l);

#endif
