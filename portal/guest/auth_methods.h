/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ways in as a table: each zone has one or several. */
#ifndef STADTTOR_PORTAL_GUEST_AUTH_METHODS_H
#define STADTTOR_PORTAL_GUEST_AUTH_METHODS_H

#include "portal/guest/auth.h"

const struct auth_method *auth_method(enum zone_auth auth);

/*
 * The way in whose form it is; where there is but one, the form need not say.
 * NULL: it is none of the zone's.
 */
const struct auth_method *auth_find(const struct zone_settings *z,
				    const struct form *f);

/* Whether the zone has that way in, or still has it after a reload. */
bool auth_is_offered(const struct zone_settings *z,
		     const struct auth_method *m);

#endif
