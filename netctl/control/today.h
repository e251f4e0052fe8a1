/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a zone gives a device a day, of time and data, however often it logs out
 * and taps again. It is of those whom a tap lets in, here or elsewhere in the
 * city: codes and accounts have bounds of their own, and the operator and the
 * config let in whom they like.
 *
 * A grant ends by the kernel's own clock when the day's time is up. Each box
 * counts for itself, in the ledger: no longer than the day, and as long as its
 * figures.
 */
#ifndef STADTTOR_NETCTL_CONTROL_TODAY_H
#define STADTTOR_NETCTL_CONTROL_TODAY_H

#include <stdint.h>

#include "common/addr.h"
#include "common/ipc.h"
#include "common/log.h"

struct controller;
struct session;

/* -EDQUOT: it has had its day. Else 0, and the limits end by it. s: NULL, or
 * the device's session. */
int today_admit(struct controller *c, uint16_t zone, const struct mac *mac,
		struct session *s, struct ipc_limits *limits) MUST_CHECK;

/* Its time and data until now. Later today_is_over says whether that was all.
 */
void today_count(struct controller *c, struct session *s, uint64_t now_ms);

/* Into m->is_closed. s: NULL, or the device's session. */
void today_describe(struct controller *c, uint16_t zone, const struct mac *mac,
		    const struct session *s, struct ipc_session *m);

#endif
