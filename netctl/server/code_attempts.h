/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many codes each device has tried of late, so that guessing slows down the
 * one that guesses and nobody else, however many addresses it takes. The portal
 * asks before it looks a code up; it does not know devices, so the memory is
 * here: CODE_ATTEMPTS_FREE tries in a row, and then one in
 * CODE_ATTEMPTS_EACH_MS. The right ones count as well.
 *
 * A device is a keyed hash under a key of this process alone. When its tries
 * are free again, after ten minutes at most, it is overwritten with the next
 * call. Memory is CODE_ATTEMPTS_SLOTS slots; what they cannot hold is the
 * device that has the most tries left.
 */
#ifndef STADTTOR_NETCTL_SERVER_CODE_ATTEMPTS_H
#define STADTTOR_NETCTL_SERVER_CODE_ATTEMPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"

#define CODE_ATTEMPTS_FREE    10
#define CODE_ATTEMPTS_EACH_MS (60 * 1000)
#define CODE_ATTEMPTS_WAYS    8 /* slots that a device may be in */
#define CODE_ATTEMPTS_SLOTS   (128 * CODE_ATTEMPTS_WAYS)

struct code_attempts;

/* NULL: no memory or no randomness. */
struct code_attempts *code_attempts_new(void);
void code_attempts_free(struct code_attempts *a);

/* false: the device has to wait. Milliseconds of a clock that never jumps. */
bool code_attempts_take(struct code_attempts *a, const struct mac *mac,
			uint64_t now_ms);

#endif
