/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When the counters are to be read again. */
#ifndef STADTTOR_NETCTL_CONTROL_SCHEDULE_H
#define STADTTOR_NETCTL_CONTROL_SCHEDULE_H

#include "netctl/control/state.h"

/*
 * A session ends this much early, by the poll that reads its last counters:
 * they vanish with an element that times out.
 */
#define SCHEDULE_EARLY_MS 100

/* The session's end or limits may need an earlier poll. */
void schedule_poll(struct controller *c, const struct session *s,
		   uint64_t now_ms);

void schedule_arm(struct event *timer, uint64_t ms);

#endif
