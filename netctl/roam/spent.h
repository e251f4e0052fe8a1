/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Devices that have used up their time or data at this box on a day. It knows
 * them by a key of its own, which is gone with the day.
 */
#ifndef STADTTOR_NETCTL_ROAM_SPENT_H
#define STADTTOR_NETCTL_ROAM_SPENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/log.h"
#include "netctl/roam/roam.h"

struct spent;

/* With room for at least that many at most. NULL: no memory. */
struct spent *spent_new(size_t max);
void spent_free(struct spent *s);

/* Forgets all, if it is another day. */
void spent_set_day(struct spent *s, uint32_t day);

/* true: the first of a day that does not fit. */
bool spent_add(struct spent *s, const struct roam_device *d) MUST_CHECK;
void spent_remove(struct spent *s, const struct roam_device *d);

/* Where one did not fit: true of all that were not removed. */
bool spent_has(const struct spent *s, const struct roam_device *d);

#endif
