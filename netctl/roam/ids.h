/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Devices that are known of one day, by their ids: a hash table of 8 bytes an
 * entry that grows up to a bound.
 */
#ifndef STADTTOR_NETCTL_ROAM_IDS_H
#define STADTTOR_NETCTL_ROAM_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/log.h"
#include "netctl/roam/record.h"

struct ids_entry {
	uint8_t id[RECORD_ID_SIZE];
	uint8_t age; /* days since the accept, and a bit of the table's own */
	uint8_t terms;
	uint8_t turn;
};

struct ids;

/* With room for at least that many at most. NULL: no memory. */
struct ids *ids_new(size_t max);
void ids_free(struct ids *t); /* what it held is overwritten */

/* false: not known. */
bool ids_find(const struct ids *t, const uint8_t id[RECORD_ID_SIZE],
	      struct ids_entry *found);

/* Adds it, or takes the place of that with its id. 0, -ENOSPC or -ENOMEM. */
int ids_put(struct ids *t, const struct ids_entry *e) MUST_CHECK;

size_t ids_count(const struct ids *t);
size_t ids_memory(const struct ids *t); /* bytes */

#endif
