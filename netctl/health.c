/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/health.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS	     60000
#define PEOPLE_STEPS 5

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

void health_moved(struct health *h, uint64_t up_bytes, uint64_t down_bytes)
{
	h->up_bytes += up_bytes;
	h->down_bytes += down_bytes;
}

/* Two digits: no more is needed, and less can be read out of it. */
static uint64_t coarse(uint64_t value)
{
	uint64_t scale = 1;

	while (value / scale >= 100)
		scale *= 10;
	return value / scale * scale;
}

void health_rate(struct health *h, uint64_t now_ms, uint32_t online,
		 unsigned int k)
{
	uint64_t span_ms = now_ms - h->look_ms;

	if (span_ms < LOOK_MS)
		return;
	/* after a pause the bytes belong to nobody knows when */
	if (online >= k && span_ms < 2 * LOOK_MS) {
		h->up_bps = coarse(h->up_bytes * 8000 / span_ms);
		h->down_bps = coarse(h->down_bytes * 8000 / span_ms);
	} else {
		h->up_bps = h->down_bps = 0;
	}
	h->up_bytes = h->down_bytes = 0;
	h->look_ms = now_ms;
}

uint64_t health_memory(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%*u %lu", &pages) != 1)
		pages = 0;
	fclose(f);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint32_t health_people(uint32_t online)
{
	return online - online % PEOPLE_STEPS;
}
