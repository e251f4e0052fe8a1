/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ends that follow from the counters: idle, over the quota, expired. */
#ifndef STADTTOR_NETCTL_CONTROL_POLL_H
#define STADTTOR_NETCTL_CONTROL_POLL_H

struct controller;

/*
 * Reads all counters, ends what is idle, used up or over, and puts back
 * elements that somebody removed.
 */
void poll_sessions(struct controller *c);

/* Closes the hour of the usage figures, if it is over. */
void poll_close_hour(struct controller *c);

#endif
