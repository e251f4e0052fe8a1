/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Devices that appear in a zone, and whom their city has let in: they are
 * online with their first frame, before they ask for a page. Looks up so many
 * a second and no more; whoever comes beyond that, or in a full zone, sees the
 * portal, which lets them in as well.
 */
#ifndef STADTTOR_NETCTL_CONTROL_NEWCOMERS_H
#define STADTTOR_NETCTL_CONTROL_NEWCOMERS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"

struct controller;

/* After roaming_configure(), and when devices of zones are others. */
void newcomers_follow(struct controller *c);
void newcomers_free(struct controller *c);

/* The city knows more devices: some may have come before their record. */
void newcomers_look_again(struct controller *c);

/*
 * A device without a session asks the portal for something. true: it is being
 * let in, by the next push.
 */
bool newcomers_admit(struct controller *c, uint16_t zone,
		     const struct mac *mac);

#endif
