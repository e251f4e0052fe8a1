/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many connections a source has open, without keeping its address: two
 * rows of counters, each chosen by a hash under a key that dies with the
 * process (a count-min sketch). Sources that share counters with others may
 * at worst be refused a connection while those hold their full share in both
 * rows.
 */
#ifndef STADTTOR_PORTAL_HTTP_SOURCE_LIMIT_H
#define STADTTOR_PORTAL_HTTP_SOURCE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"

struct source_limit;

/* Whose connections are counted together. */
enum source_kind {
	SOURCE_ADDRESS,
	SOURCE_SITE, /* an IPv4 address, or the /64 of an IPv6 one */
};

/* What one connection occupies; worthless without the key. */
struct source_limit_share {
	uint16_t slot[2];
	bool taken;
};

/* NULL: no memory or no randomness. */
struct source_limit *source_limit_new(enum source_kind kind, unsigned int max);
void source_limit_set_max(struct source_limit *l, unsigned int max);

/* false: the source has its full share already. */
bool source_limit_take(struct source_limit *l, const struct addr *a,
		       struct source_limit_share *share);
void source_limit_give(struct source_limit *l,
		       struct source_limit_share *share);
void source_limit_free(struct source_limit *l);

#endif
