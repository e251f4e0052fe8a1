/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What waits for the end of this turn of the loop, or for a moment: sessions
 * to be pushed, rules to be compared with what we put in place.
 */
#ifndef STADTTOR_NETCTL_CONTROL_PENDING_H
#define STADTTOR_NETCTL_CONTROL_PENDING_H

#include "common/ipc.h"
#include "netctl/control/state.h"

/* Wants the session's elements and class made, changed or removed. */
void pending_touch(struct controller *c, struct session *s);

/* Ends a session, if it has not ended; the next push takes it out of the
 * kernel and frees it. */
void pending_end(struct controller *c, struct session *s,
		 enum session_reason reason);

/* Looks soon whether the rules are still ours, and puts them back. */
void pending_check_rules(struct controller *c);

/* The same later and later, as they cannot be put back by now. */
void pending_retry_rules(struct controller *c);

/*
 * Looks whether other programs have changed tables so far. If so, the rules are
 * compared soon, and the garden's elements are taken as lost.
 */
void pending_see_changes(struct controller *c);

#endif
