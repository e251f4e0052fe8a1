/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/health.h"

#include <time.h>

#define LOOK_MS 60000

uint64_t health_clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void health_note(struct health *h, enum ipc_latency what, uint64_t start_us)
{
	static const uint32_t bound_us[] = IPC_BUCKET_BOUNDS;
	struct ipc_histogram *histogram = &h->latency[what];
	uint64_t span_us = health_clock_us() - start_us;
	size_t i = 0;

	while (i < IPC_BUCKETS - 1 && span_us > bound_us[i])
		i++;
	histogram->bucket[i]++;
	histogram->sum_us += span_us;
}

bool health_is_due(const struct health *h, uint64_t now_ms)
{
	return now_ms - h->look_ms >= LOOK_MS;
}

void health_rate(struct health *h, uint64_t now_ms, uint64_t up_bytes,
		 uint64_t down_bytes)
{
	uint64_t span_ms = now_ms - h->look_ms;

	h->up_bps = h->down_bps = 0;
	h->look_ms = now_ms;
	/* after a pause the bytes belong to nobody knows when */
	if (span_ms >= 2 * LOOK_MS)
		return;
	h->up_bps = up_bytes * 8000 / span_ms;
	h->down_bps = down_bytes * 8000 / span_ms;
}
