/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the controller itself is doing: errors by kind, latencies, throughput.
 * Of machines, never of people, so it may be told at once.
 */
#ifndef STADTTOR_HEALTH_H
#define STADTTOR_HEALTH_H

#include "common/ipc.h"

struct health {
	uint64_t generation;
	uint64_t errors[IPC_NETLINK_MAX];
	struct ipc_histogram latency[IPC_LATENCY_MAX];
	/* what all devices together moved in the current look and the last */
	uint64_t up_bytes, down_bytes;
	uint64_t look_ms; /* when the current one began */
	uint64_t up_bps, down_bps;
};

/* Microseconds of CLOCK_MONOTONIC, to measure a span with. */
uint64_t health_clock_us(void);

/* The span since start_us, which health_clock_us() gave. */
void health_note(struct health *h, enum ipc_latency what, uint64_t start_us);

/*
 * Bytes that were moved; every minute they become a rate. online: devices
 * that share it; fewer than k make no rate.
 */
void health_moved(struct health *h, uint64_t up_bytes, uint64_t down_bytes);
void health_rate(struct health *h, uint64_t now_ms, uint32_t online,
		 unsigned int k);

/* Resident memory of this process in bytes; 0: not to be known. */
uint64_t health_memory(void);

/* The steps in which a number of people may be told at once. */
uint32_t health_people(uint32_t online);

#endif
