/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The accounts of all zones: a struct radius for each section that some zone
 * names, and netctl's word on sessions brought to the one that it is for.
 */
#ifndef STADTTOR_PORTAL_GUEST_RADII_H
#define STADTTOR_PORTAL_GUEST_RADII_H

#include "common/config/settings.h"
#include "portal/netctl_client.h"
#include "portal/radius/radius.h"

struct radii;

/* NULL: no memory. */
struct radii *radii_new(struct event_base *base, struct netctl_client *netctl);
void radii_free(struct radii *r);

/*
 * Takes the settings, which are borrowed until the next; sections that are as
 * they were go on. old: what was applied before, or NULL.
 */
void radii_apply(struct radii *r, const struct settings *s,
		 const struct settings *old);

/* Of that zone; NULL: it has none, or it could not be opened. */
struct radius *radii_find(const struct radii *r, size_t zone);

/* netctl is back; what it tells of sessions. */
void radii_connected(struct radii *r);
void radii_tell(struct radii *r, const struct ipc_account *m);

#endif
