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

static inline struct ipc_usage_row *add_row(enum usage_step step,
					    const char *zone, int64_t start_s)
{
	struct ipc_usage_row *r = &batch.row[batch.rows++];

	r->step = step;
	r->part.start_s = start_s;
	snprintf(r->zone, sizeof(r->zone), "%s", zone);
	return r;
}

static inline void add_label(enum usage_kind kind, const char *label,
			     uint64_t value, int64_t start_s)
{
	struct ipc_usage_label *l = &batch.label[batch.labels++];

	l->kind = kind;
	l->value = value;
	l->part.start_s = start_s;
	snprintf(l->label, sizeof(l->label), "%s", label);
}

/* One hour of zone "guest" with so many visitors. */
static inline int apply_hour(struct store *st, uint64_t seq, int64_t start_s,
			     uint64_t visitors)
{
	begin(STREAM, seq);
	add_row(USAGE_HOUR, "guest", start_s)->value[USAGE_VISITORS] = visitors;
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

static inline const struct found *find(struct store *st, enum usage_step step,
				       const char *zone, store_day from,
				       store_day to)
{
	static struct found found;
	struct store_query q = { step, from, to, zone, 0 };

	found.rows = 0;
	assert_int_equal(store_read(st, &q, on_row, &found), 0);
	return &found;
}

/* Of all periods together. */
static inline uint64_t total(struct store *st, enum usage_step step,
			     const char *zone, enum usage_metric metric)
{
	const struct found *f = find(st, step, zone, 0, 0);
	uint64_t sum = 0;

	for (size_t i = 0; i < f->rows; i++)
		sum += f->row[i].value[metric];
	return sum;
}

static inline void assert_position(const struct store *st, uint64_t applied,
				   uint64_t committed)
{
	struct store_position p = store_position(st);

	assert_true(p.stream == STREAM);
	assert_int_equal(p.applied, applied);
	assert_int_equal(p.committed, committed);
}

static inline void on_label(const char *label, uint64_t value, void *arg)
{
	char *text = arg;
	size_t len = strlen(text);

	snprintf(text + len, 200 - len, "%s=%llu ", label,
		 (unsigned long long)value);
}

static inline void assert_labels(struct store *st, enum usage_kind kind,
				 store_day from, store_day to,
				 const char *wanted)
{
	struct store_label_query q = { kind, from, to };
	char text[200] = "";

	assert_int_equal(store_read_labels(st, &q, on_label, text), 0);
	assert_string_equal(text, wanted);
}

static inline void on_total(const char *zone,
			    const uint64_t value[USAGE_METRICS], void *arg)
{
	on_label(*zone ? zone : "box", value[USAGE_VISITORS], arg);
	on_label("peak", value[USAGE_PEAK], arg);
}

static inline void assert_totals(struct store *st, const char *wanted)
{
	for (int i = 0; i < 2; i++) {
		char text[200] = "";

		assert_int_equal(store_read_totals(st, on_total, text), 0);
		assert_string_equal(text, wanted);
	}
}

#endif
