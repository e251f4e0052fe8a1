/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules in the kernel, in step with config, devices and sessions. */
#ifndef STADTTOR_NETCTL_CONTROL_RULES_SYNC_H
#define STADTTOR_NETCTL_CONTROL_RULES_SYNC_H

#include "netctl/control/state.h"

/*
 * Replaces the rules and keeps the maps. Maps with another layout, left by
 * another version, are replaced with the rules; the sessions are put into the
 * new ones by the next push. 0 or -errno, said in the log.
 */
int rules_sync_install(struct controller *c) MUST_CHECK;

/* Keeps all guests out by tables of etc/guard's kind, until that succeeds. */
void rules_sync_shut(struct controller *c);

/* true: the rules in force are the ones that were put in place. */
bool rules_sync_are_ours(struct controller *c);

/* Sessions whose caps went with their sets, or need them now. */
void rules_sync_follow_policing(struct controller *c);

/* The kernel is asked for a flow table once more by the next install. */
void rules_sync_retry_flow_table(struct controller *c);

/* The rules depend on whether others offload flows. */
void rules_sync_follow_flow_tables(struct controller *c);

#endif
