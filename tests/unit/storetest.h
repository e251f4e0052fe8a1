/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of the store share: a folder of its own, batches, figures. */
#ifndef STADTTOR_TESTS_STORETEST_H
#define STADTTOR_TESTS_STORETEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portal/store/store.h"

#define STREAM 0xfedcba9876543210ULL
#define DAY    86400
#define KEEP   (400ULL * DAY)
#define NOON   1767268800 /* 2026-01-01T12:00Z */

#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

static char folder[64], path[128];
static struct usage_batch batch;

static inline int set_up(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	snprintf(folder, sizeof(folder), "/tmp/store.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/usage.sqlite", folder);
	return 0;
}

static inline int tear_down(void **state)
{
	char command[128];
	int status;

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	status = system(command);
	return status;
}

static inline struct store *opened(void)
{
	struct store *st = store_open(path, KEEP);

	assert_non_null(st);
	return st;
}

static inline void begin(uint64_t stream, uint64_t seq)
{
	memset(&batch, 0, sizeof(batch));
	batch.stream = stream;
	batch.seq = seq;
}

static inline struct ipc_usage_cell *add_cell(enum usage_metric metric,
					      const char *zone, int64_t start_s,
					      int64_t value)
{
	struct ipc_usage_cell *c = &batch.cell[batch.cells++];

	*c = (struct ipc_usage_cell){
		.stream = batch.stream,
		.seq = batch.seq,
		.start_s = start_s,
		.value = value,
		.scale_n = 5,
		.scale_d = 1,
		.metric = metric,
		.hours = 1,
	};
	snprintf(c->zone, sizeof(c->zone), "%s", zone);
	return c;
}

/* One hour of zone "guest" with so many devices. */
static inline int apply_hour(struct store *st, uint64_t seq, int64_t start_s,
			     int64_t devices)
{
	begin(STREAM, seq);
	add_cell(USAGE_DEVICES_ONLINE, "guest", start_s, devices);
	return store_apply(st, &batch);
}

struct found {
	size_t rows;
	struct store_figures row[100];
};

static inline void on_row(const struct store_figures *f, void *arg)
{
	struct found *found = arg;

	assert_true(found->rows < 100);
	found->row[found->rows++] = *f;
}

static inline const struct found *find(struct store *st, enum store_step step,
				       const char *zone, store_day from,
				       store_day to)
{
	static struct found found;
	struct store_query q = { step, from, to, zone };

	found.rows = 0;
	assert_int_equal(store_read(st, &q, on_row, &found), 0);
	return &found;
}

/* Of all periods together. */
static inline int64_t total(struct store *st, enum store_step step,
			    const char *zone, enum usage_metric metric)
{
	const struct found *f = find(st, step, zone, 0, 0);
	int64_t sum = 0;

	for (size_t i = 0; i < f->rows; i++)
		sum += f->row[i].sum[metric].value;
	return sum;
}

static inline int64_t hours_total(struct store *st)
{
	return total(st, STORE_HOUR, NULL, USAGE_DEVICES_ONLINE);
}

static inline void assert_position(const struct store *st, uint64_t applied,
				   uint64_t committed)
{
	struct store_position p = store_position(st);

	assert_true(p.stream == STREAM);
	assert_int_equal(p.applied, applied);
	assert_int_equal(p.committed, committed);
}

#endif
