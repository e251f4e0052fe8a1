/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Opening hours: no session goes on beyond the closing of its zone. What is
 * granted ends there by the kernel's own clock; what a step of the wall clock
 * or other hours bring forward is cut at the next look. While the wall clock is
 * not known, a zone with hours is closed: who is let in by a clock of 1970
 * would be in at any hour, and a box whose uplink works knows the time within
 * seconds.
 */
#ifndef STADTTOR_NETCTL_CONTROL_HOURS_H
#define STADTTOR_NETCTL_CONTROL_HOURS_H

#include <stddef.h>
#include <stdint.h>

#include "common/log.h"

struct controller;

/* At the start, and when the config is another; by itself when it is time. */
void hours_look(struct controller *c);

/* -ESHUTDOWN: it is closed. Else 0, and the duration ends by the closing. */
int hours_admit(const struct controller *c, uint16_t zone,
		uint64_t *duration_s) MUST_CHECK;

/* Seconds until the zone opens or closes; IPC_UNLIMITED: it will not. */
uint64_t hours_change_in_s(const struct controller *c, size_t zone);

#endif
