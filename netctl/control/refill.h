/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where caps are limits in elements ("policed"), each new limit is full: a
 * second of its rate. So none is made anew within REFILL_MS of the last: the
 * kernel keeps the old one until then, and a device that has just left comes
 * back no sooner. Without it whoever has a rate changed over and over, or logs
 * in again and again, gets many times the rate.
 */
#ifndef STADTTOR_NETCTL_CONTROL_REFILL_H
#define STADTTOR_NETCTL_CONTROL_REFILL_H

#include "netctl/control/state.h"

#define REFILL_MS 10000

/* Whether a push leaves the session's limits in the kernel as they are. */
bool refill_keeps_caps(const struct controller *c, const struct session *s,
		       uint64_t now_ms);

/* Its elements are in the kernel, with new limits or kept ones. */
void refill_note(struct controller *c, struct session *s, bool kept,
		 uint64_t now_ms);

/* It has ended; forgotten is who, but not that it was. */
void refill_remember(struct controller *c, const struct session *s,
		     uint64_t now_ms);

/* Whether the device, which has no session, was full a moment ago. */
bool refill_is_too_soon(const struct controller *c, uint16_t zone,
			const struct mac *mac, uint64_t now_ms);

#endif
