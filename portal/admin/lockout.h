/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a source may try its next password or token. Nothing else happens while
 * a password is checked, so the checks take turns; and whoever fails again and
 * again waits.
 *
 * A source is an IPv4 address or the /64 of an IPv6 one. It is kept as a hash
 * under a key that dies with the process. Times are milliseconds of whatever
 * clock the caller uses throughout.
 *
 * Guaranteed:
 * - Only the source's own failures make it wait for up to 15 minutes: after
 *   five, each further one doubles the wait, which starts at a second.
 * - Only sources with equally many failures, three and more being equal,
 *   compete for a turn. So n sources that guess can take n turns from one
 *   without failures, a second each, and none while theirs are remembered.
 * - Sources that have logged in within 30 days compete only with each other.
 * - At most two passwords a second are checked of all other sources together;
 *   where a check is slow they take at most a fifth of the time. Those that
 *   have logged in add at most one a second, or a tenth of the time.
 *
 * Not guaranteed:
 * - That a new source gets a turn while more than LOCKOUT_SLOTS others guess:
 *   the table then forgets the failures that are oldest.
 * - Anything for those who share their source with somebody who guesses.
 */
#ifndef STADTTOR_PORTAL_ADMIN_LOCKOUT_H
#define STADTTOR_PORTAL_ADMIN_LOCKOUT_H

#include <stdint.h>

#include "common/addr.h"

#define LOCKOUT_SLOTS	    1024
#define LOCKOUT_KNOWN	    16
#define LOCKOUT_KNOWN_MS    (30ULL * 24 * 60 * 60 * 1000)
#define LOCKOUT_FREE	    5 /* failures that cost no wait */
#define LOCKOUT_WAIT_MAX_MS (15 * 60 * 1000)
#define LOCKOUT_FORGET_MS   (60 * 60 * 1000) /* after the last failure */
#define LOCKOUT_TURN_MS	    1000 /* doubled by one failure, and by another */

struct lockout;

/* NULL: no memory or no randomness. */
struct lockout *lockout_new(void);

/* Milliseconds until the source may try again; 0: now. */
uint64_t lockout_wait_ms(const struct lockout *l, const struct addr *source,
			 uint64_t now_ms);

/*
 * The same for a password. 0: it is the source's turn, and the caller checks
 * the password before anything else and then calls lockout_end_turn().
 */
uint64_t lockout_take_turn(struct lockout *l, const struct addr *source,
			   uint64_t now_ms);
void lockout_end_turn(struct lockout *l, uint64_t now_ms);

/* What came of a password or token. */
void lockout_fail(struct lockout *l, const struct addr *source,
		  uint64_t now_ms);
void lockout_succeed(struct lockout *l, const struct addr *source,
		     uint64_t now_ms);
void lockout_free(struct lockout *l);

#endif
