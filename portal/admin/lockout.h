/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How often a source has failed to log in, without keeping the source: slots
 * are found by a hash under a key that dies with the process. After five
 * failures each further one doubles the wait, from a second to 15 minutes.
 * What the table cannot hold is the source that failed longest ago.
 *
 * A source is an IPv4 address or the /64 of an IPv6 one. Times are
 * milliseconds of whatever clock the caller uses throughout.
 */
#ifndef STADTTOR_PORTAL_ADMIN_LOCKOUT_H
#define STADTTOR_PORTAL_ADMIN_LOCKOUT_H

#include <stdint.h>

#include "common/addr.h"

#define LOCKOUT_SLOTS	    256
#define LOCKOUT_FREE	    5 /* failures that cost nothing */
#define LOCKOUT_WAIT_MAX_MS (15 * 60 * 1000)
#define LOCKOUT_FORGET_MS   (60 * 60 * 1000) /* after the last failure */
#define LOCKOUT_TURN_MS	    1000

struct lockout;

/* NULL: no memory or no randomness. */
struct lockout *lockout_new(void);

/* Milliseconds until the source may try again; 0: now. */
uint64_t lockout_wait_ms(const struct lockout *l, const struct addr *source,
			 uint64_t now_ms);
void lockout_fail(struct lockout *l, const struct addr *source,
		  uint64_t now_ms);
void lockout_clear(struct lockout *l, const struct addr *source);

/*
 * One password a second is checked, whoever asks, and on a slow machine fewer:
 * nothing else happens meanwhile, so they get a tenth of the time at most.
 * 0: it is the caller's turn; else milliseconds until the next one.
 */
uint64_t lockout_take_turn(struct lockout *l, uint64_t now_ms);
void lockout_end_turn(struct lockout *l, uint64_t now_ms);
void lockout_free(struct lockout *l);

#endif
