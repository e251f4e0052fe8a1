/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Brings the kernel up to date with the pending sessions. */
#ifndef STADTTOR_NETCTL_CONTROL_PUSH_H
#define STADTTOR_NETCTL_CONTROL_PUSH_H

struct controller;

/* In one transaction of each kind; then calls the watcher. */
void push_sessions(struct controller *c);

/*
 * Once at the start, when all sessions are known. Rules end what they see; what
 * a flow table carries for a device whose session ended while nobody ran, they
 * do not.
 */
void push_end_leftovers(struct controller *c);

#endif
