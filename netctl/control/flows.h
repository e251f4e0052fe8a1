/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ends the connections of devices whose sessions have ended: rules end what
 * they see, but not what a flow table carries. Those to the walled garden stay,
 * unless a flow table has them.
 */
#ifndef STADTTOR_NETCTL_CONTROL_FLOWS_H
#define STADTTOR_NETCTL_CONTROL_FLOWS_H

#include "netctl/control/state.h"

/* Whose connections end beside those of the pending sessions that ended. */
enum flows_orphans {
	FLOWS_ORPHANS_NONE,
	FLOWS_ORPHANS_IPV6, /* of devices without a session, over IPv6 */
	FLOWS_ORPHANS_ALL,
};

void flows_end(struct controller *c, enum flows_orphans orphans);

#endif
