/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/health.h"

#include <string.h>
#include <time.h>

#include "common/rss.h"

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

void health_tell(struct health *h, uint64_t refused)
{
	memcpy(h->told_latency, h->latency, sizeof(h->told_latency));
	h->told_refused = refused;
	h->told_memory_bytes = rss_read();
}

bool health_is_due(const struct health *h, uint64_t now_ms)
{
	return now_ms - h->look_ms >= LOOK_MS;
}

void health_add(struct health_minute *m, uint64_t up_bytes, uint64_t down_bytes)
{
	m->sum.up += up_bytes;
	m->sum.down += down_bytes;
	disclosure_raise(&m->most, up_bytes, down_bytes);
	m->movers += up_bytes || down_bytes;
}

/* Two digits: no more is needed, and less can be read out of it. */
static uint64_t coarse(uint64_t value)
{
	uint64_t scale = 1;

	while (value / scale >= 100)
		scale *= 10;
	return value / scale * scale;
}

void health_rate(struct health *h, uint64_t now_ms,
		 const struct health_minute *m, unsigned int k)
{
	uint64_t span_ms = now_ms - h->look_ms;
	bool is_shared =
		m->movers >= k && disclosure_is_mixed(&m->most, &m->sum);

	h->up_bps = h->down_bps = 0;
	h->look_ms = now_ms;
	/* after a pause the bytes belong to nobody knows when */
	if (!is_shared || span_ms >= 2 * LOOK_MS)
		return;
	h->up_bps = coarse(m->sum.up * 8000 / span_ms);
	h->down_bps = coarse(m->sum.down * 8000 / span_ms);
}
