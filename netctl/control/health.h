/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the controller itself is doing: errors by kind, latencies, throughput.
 * Of machines, never of people, so it may be told at once.
 */
#ifndef STADTTOR_NETCTL_CONTROL_HEALTH_H
#define STADTTOR_NETCTL_CONTROL_HEALTH_H

#include "common/ipc.h"
#include "netctl/usage/disclosure.h"

struct health {
	uint64_t generation;
	uint64_t errors[IPC_NETLINK_MAX];
	struct ipc_histogram latency[IPC_LATENCY_MAX];
	/*
	 * What the portal is told of what follows people's steps: as it was
	 * when figures that k devices share were last released. The first
	 * session of a process alone takes a page or two.
	 */
	struct ipc_histogram told_latency[IPC_LATENCY_MAX];
	uint64_t told_refused;
	uint64_t told_memory_bytes;
	uint64_t look_ms; /* when the current minute began */
	uint64_t up_bps, down_bps;
};

/* What the devices moved in a minute. */
struct health_minute {
	struct disclosure_bytes sum;
	struct disclosure_bytes most; /* of one device */
	uint32_t movers;
};

/* Microseconds of CLOCK_MONOTONIC, to measure a span with. */
uint64_t health_clock_us(void);

/* The span since start_us, which health_clock_us() gave. */
void health_note(struct health *h, enum ipc_latency what, uint64_t start_us);

/*
 * Figures were released, or nobody is there yet: the portal may know how much
 * was done by now.
 */
void health_tell(struct health *h, uint64_t refused);

/* true: a minute is over, and health_rate() is due. */
bool health_is_due(const struct health *h, uint64_t now_ms);

/* One device's part of the minute. */
void health_add(struct health_minute *m, uint64_t up_bytes,
		uint64_t down_bytes);

/* Takes the minute as the rate of the box, if k devices share it and none
 * makes up more than half of it. */
void health_rate(struct health *h, uint64_t now_ms,
		 const struct health_minute *m, unsigned int k);

#endif
