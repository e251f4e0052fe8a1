/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The batches that a test feeds a store: the n-th is always the same. A day is
 * 24 batches of hours and one of the day itself; what is told of weeks comes
 * with the last hour.
 */
#ifndef STADTTOR_TESTS_STOREBATCH_H
#define STADTTOR_TESTS_STOREBATCH_H

#include <stdio.h>
#include <string.h>

#include "portal/store/store.h"

#define BATCH_STREAM  0x8000000000000007ULL
#define BATCHES_A_DAY 25

static int64_t batch_base_s = 1767225600; /* 2026-01-01T00:00Z */

static inline uint64_t batch_noise(uint64_t a, uint64_t b, uint64_t below)
{
	uint64_t x = (a * 0x9e3779b97f4a7c15ULL) ^ (b * 0xc2b2ae3d27d4eb4fULL);

	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9ULL;
	return (x ^ x >> 32) % below;
}

static inline void batch_add(struct usage_batch *b, const char *zone,
			     enum usage_metric metric, int64_t start_s)
{
	struct ipc_usage_cell *c = &b->cell[b->cells];

	*c = (struct ipc_usage_cell){
		.stream = b->stream,
		.seq = b->seq,
		.start_s = start_s,
		.value = (int64_t)batch_noise(b->seq, b->cells, 300) - 50,
		.scale_n = 5,
		.scale_d = 1,
		.metric = metric,
		.hours = 1,
	};
	snprintf(c->zone, sizeof(c->zone), "%s", zone);
	b->cells++;
}

static inline bool batch_has_zones(int metric)
{
	return usage_series_info(
		       usage_metric_info((enum usage_metric)metric)->series)
		->has_zones;
}

static inline void batch_make(struct usage_batch *b, uint64_t seq,
			      unsigned int zones)
{
	int64_t day_s =
		batch_base_s + (int64_t)((seq - 1) / BATCHES_A_DAY) * 86400;
	unsigned int hour = (seq - 1) % BATCHES_A_DAY;
	char zone[IPC_ZONE_NAME_MAX];

	b->stream = BATCH_STREAM;
	b->seq = seq;
	b->cells = 0;
	for (unsigned int z = 0; z < zones && z < 16; z++) {
		snprintf(zone, sizeof(zone), "zone_%u", z % 100);
		if (hour < 24) {
			batch_add(b, zone, USAGE_DEVICES_ONLINE,
				  day_s + hour * 3600);
			continue;
		}
		batch_add(b, zone, USAGE_VISITORS, day_s);
		batch_add(b, zone, USAGE_ONLOOKERS, day_s);
	}
	for (int m = USAGE_DWELL_5; hour == 23 && m <= USAGE_MOST; m++)
		batch_add(b, batch_has_zones(m) ? "zone_0" : "",
			  (enum usage_metric)m, day_s);
}

#endif
