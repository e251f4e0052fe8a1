/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads the maps' elements: their counters into the sessions, and what no
 * session owns out of the kernel.
 */
#ifndef STADTTOR_NETCTL_CONTROL_COUNTERS_H
#define STADTTOR_NETCTL_CONTROL_COUNTERS_H

#include "netctl/control/state.h"

/* Makes sessions of the elements in the kernel. 0 or -errno, said. */
int counters_adopt(struct controller *c) MUST_CHECK;

/* Both maps of every zone. -ENOENT: a map is not there. */
int counters_read_all(struct controller *c, bool adopting) MUST_CHECK;

/* Those of one session, or of the pending ones: who goes, or changes. */
void counters_read(struct controller *c, struct session *s);
void counters_read_pending(struct controller *c);

#endif
