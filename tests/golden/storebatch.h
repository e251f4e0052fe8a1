/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The batches that a test feeds a store: the n-th is always the same. A day is
 * 24 batches of hours and one of the day itself.
 */
#ifndef STADTTOR_TESTS_STOREBATCH_H
#define STADTTOR_TESTS_STOREBATCH_H

#include <stdio.h>
#include <string.h>

#include "portal/store/store.h"

#define BATCH_STREAM  0x8000000000000007ULL
#define BATCHES_A_DAY 25
#define BATCH_LABELS  12

static int64_t batch_base_s = 1767225600; /* 2026-01-01T00:00Z */

static inline uint64_t batch_noise(uint64_t a, uint64_t b, uint64_t below)
{
	uint64_t x = (a * 0x9e3779b97f4a7c15ULL) ^ (b * 0xc2b2ae3d27d4eb4fULL);

	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9ULL;
	return (x ^ x >> 32) % below;
}

static inline void batch_fill_row(struct usage_batch *b, const char *zone,
				  enum usage_step step, int64_t start_s)
{
	struct ipc_usage_row *r = &b->row[b->rows];

	*r = (struct ipc_usage_row){
		.part = { .start_s = start_s },
		.step = step,
	};
	snprintf(r->zone, sizeof(r->zone), "%s", zone);
	for (unsigned int m = 0; m < USAGE_METRICS; m++)
		r->value[m] = batch_noise(b->seq, b->rows * 64 + m,
					  m == USAGE_BYTES_DOWN ? 20000000000
					  : m == USAGE_BYTES_UP ? 2000000000
								: 120);
	if (step == USAGE_DAY && *zone)
		memset(r->value, 0, USAGE_DAY_VISITORS * sizeof(r->value[0]));
	b->rows++;
}

static inline void batch_fill_labels(struct usage_batch *b, int64_t start_s)
{
	for (unsigned int i = 0; i < BATCH_LABELS; i++) {
		struct ipc_usage_label *l = &b->label[b->labels++];

		*l = (struct ipc_usage_label){
			.part = { .start_s = start_s },
			.kind = i < USAGE_PLATFORMS ? USAGE_PLATFORM
						    : USAGE_LANGUAGE,
			.value = batch_noise(b->seq, 5000 + i, 3000),
		};
		if (i < USAGE_PLATFORMS)
			snprintf(l->label, sizeof(l->label), "%s",
				 usage_platform_to_string(
					 (enum usage_platform)i));
		else
			snprintf(l->label, sizeof(l->label), "l%u", i);
	}
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
	b->rows = 0;
	b->labels = 0;
	for (unsigned int z = 0; z < zones; z++) {
		snprintf(zone, sizeof(zone), "zone_%u", z % 100);
		if (hour < 24)
			batch_fill_row(b, zone, USAGE_HOUR,
				       day_s + hour * 3600);
		else
			batch_fill_row(b, zone, USAGE_DAY, day_s);
	}
	if (hour < 24)
		return;
	batch_fill_row(b, "", USAGE_DAY, day_s);
	batch_fill_labels(b, day_s);
}

#endif
