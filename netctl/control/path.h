/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What becomes of packets that the gate lets go on: whether another table
 * drops them, and whether the table of connections has room. Seen by the first
 * packets of people's own connections, as the ruleset counts them; nothing is
 * sent.
 */
#ifndef STADTTOR_NETCTL_CONTROL_PATH_H
#define STADTTOR_NETCTL_CONTROL_PATH_H

#include <stdbool.h>

#define PATH_CHECK_MS 5000

struct controller;

/*
 * Reads the counters, every PATH_CHECK_MS; the log says what has changed. true:
 * a trouble has come or gone.
 */
bool path_check(struct controller *c);

#endif
