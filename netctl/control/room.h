/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who makes room: where a code or a zone has as many devices as it may, the
 * one that has been silent for longest ends, if that is long enough.
 */
#ifndef STADTTOR_NETCTL_CONTROL_ROOM_H
#define STADTTOR_NETCTL_CONTROL_ROOM_H

#include <stdint.h>

#include "common/addr.h"
#include "common/ipc.h"
#include "common/log.h"

struct controller;

/* -EUSERS: the code of the grant has no place for that device, and nobody
 * yields; m->replace: who was silent for longest yields at once. */
int room_for_tag(struct controller *c, const struct ipc_grant *m,
		 const struct mac *mac) MUST_CHECK;

/* -ENOSPC: the zone is full of devices that are there. */
int room_in_zone(struct controller *c, uint16_t zone) MUST_CHECK;

#endif
