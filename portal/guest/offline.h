/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names for the guests of a zone that has no way out, for phones look for a
 * portal by name and the box's resolver has nobody to ask. Whatever resolver
 * they ask, netctl leads it to UDP port hijack_port of the zone's device, where
 * a socket answers with the box's address (offline_answer.h). It is open only
 * while netctl says that the zone is offline: what the kernel still leads there
 * afterwards finds nobody, and phones ask anew. Nothing is kept or logged of
 * who asks, or for what.
 */
#ifndef STADTTOR_PORTAL_GUEST_OFFLINE_H
#define STADTTOR_PORTAL_GUEST_OFFLINE_H

#include "common/config/settings.h"
#include "common/ipc.h"

struct event_base;
struct offline;

/* NULL: no memory. */
struct offline *offline_new(struct event_base *base);

/*
 * Takes over devices and port; borrows the settings until the next call. Comes
 * before offline_tell(). What was told stays, of zones by their name.
 */
void offline_apply(struct offline *o, const struct settings *s);

/*
 * What netctl says of a zone; the last IPC_ZONES of them are kept, whether the
 * settings know them yet or not. A socket that could not be opened is tried
 * again.
 */
void offline_tell(struct offline *o, const struct ipc_zone *z);
void offline_free(struct offline *o);

#endif
