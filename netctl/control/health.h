/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the controller itself is doing: errors by kind, latencies, throughput.
 * What of it follows people's steps is told the operator alone.
 */
#ifndef STADTTOR_NETCTL_CONTROL_HEALTH_H
#define STADTTOR_NETCTL_CONTROL_HEALTH_H

#include "common/ipc.h"

struct health {
	uint64_t generation;
	uint64_t errors[IPC_NETLINK_MAX];
	struct ipc_histogram latency[IPC_LATENCY_MAX];
	uint64_t look_ms; /* when the current minute began */
	uint64_t up_bps, down_bps;
};

/* Microseconds of CLOCK_MONOTONIC, to measure a span with. */
uint64_t health_clock_us(void);

/* The span since start_us, which health_clock_us() gave. */
void health_note(struct health *h, enum ipc_latency what, uint64_t start_us);

/* true: a minute is over, and health_rate() is due. */
bool health_is_due(const struct health *h, uint64_t now_ms);

/* Takes what all devices moved in the minute as the rate of the box. */
void health_rate(struct health *h, uint64_t now_ms, uint64_t up_bytes,
		 uint64_t down_bytes);

#endif
