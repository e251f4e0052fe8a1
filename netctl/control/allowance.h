/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A guest's time and data at this box, which a record of the city begins once a
 * day: whoever has used them up has to tap.
 */
#ifndef STADTTOR_NETCTL_CONTROL_ALLOWANCE_H
#define STADTTOR_NETCTL_CONTROL_ALLOWANCE_H

#include <stdbool.h>

#include "common/addr.h"
#include "common/ipc.h"

struct controller;
struct session;

/*
 * Ends the session: its time or data is used up. Where it roams no record lets
 * the device in here again today, unless its person taps.
 */
void allowance_end(struct controller *c, struct session *s,
		   enum session_reason reason);
void allowance_tapped(struct controller *c, const struct session *s);

/* true: no record lets it in; where roaming_is_on(). */
bool allowance_is_spent(struct controller *c, const struct mac *mac);

void allowance_free(struct controller *c);

#endif
