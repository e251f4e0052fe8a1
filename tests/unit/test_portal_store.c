/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "portal/day.h"
#include "portal/store.h"
#include "portal/store_schema.h"

#define STREAM 0xfedcba9876543210ULL
#define DAY    86400
#define KEEP   (400ULL * DAY)
#define NOON   1767268800 /* 2026-01-01T12:00Z */

static char folder[64], path[128];
static bool is_isolated; /* mounts of ours are nobody else's */
static struct usage_batch batch;

/* --- what the tests share ---------------------------------------------- */

static int set_up(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	snprintf(folder, sizeof(folder), "/tmp/store.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/usage.sqlite", folder);
	return 0;
}

static int tear_down(void **state)
{
	char command[128];
	int status;

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	status = system(command);
	return status;
}

static struct store *opened(void)
{
	struct store *st = store_open(path, KEEP);

	assert_non_null(st);
	return st;
}

static void begin(uint64_t stream, uint64_t seq)
{
	memset(&batch, 0, sizeof(batch));
	batch.stream = stream;
	batch.seq = seq;
}

static struct ipc_usage_row *add_row(enum usage_step step, const char *zone,
				     int64_t start_s)
{
	struct ipc_usage_row *r = &batch.row[batch.rows++];

	r->step = step;
	r->part.start_s = start_s;
	snprintf(r->zone, sizeof(r->zone), "%s", zone);
	return r;
}

static void add_label(enum usage_kind kind, const char *label, uint64_t value,
		      int64_t start_s)
{
	struct ipc_usage_label *l = &batch.label[batch.labels++];

	l->kind = kind;
	l->value = value;
	l->part.start_s = start_s;
	snprintf(l->label, sizeof(l->label), "%s", label);
}

/* One hour of zone "guest" with so many visitors. */
static int apply_hour(struct store *st, uint64_t seq, int64_t start_s,
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

static void on_row(const struct store_figures *f, void *arg)
{
	struct found *found = arg;

	assert_true(found->rows < 100);
	found->row[found->rows++] = *f;
}

static const struct found *find(struct store *st, enum usage_step step,
				const char *zone, store_day from, store_day to)
{
	static struct found found;
	struct store_query q = { step, from, to, zone, 0 };

	found.rows = 0;
	assert_int_equal(store_read(st, &q, on_row, &found), 0);
	return &found;
}

/* Of all periods together. */
static uint64_t total(struct store *st, enum usage_step step, const char *zone,
		      enum usage_metric metric)
{
	const struct found *f = find(st, step, zone, 0, 0);
	uint64_t sum = 0;

	for (size_t i = 0; i < f->rows; i++)
		sum += f->row[i].value[metric];
	return sum;
}

static void assert_position(const struct store *st, uint64_t applied,
			    uint64_t committed)
{
	struct store_position p = store_position(st);

	assert_true(p.stream == STREAM);
	assert_int_equal(p.applied, applied);
	assert_int_equal(p.committed, committed);
}

/* --- figures ----------------------------------------------------------- */

static void test_once(void **state)
{
	struct store *st = opened();

	(void)state;
	assert_int_equal(store_position(st).stream, 0);
	assert_int_equal(store_health(st), STORE_ON_DISK);
	assert_int_equal(apply_hour(st, 1, NOON, 10), 0);
	assert_int_equal(apply_hour(st, 1, NOON, 10), 0);
	assert_int_equal(apply_hour(st, 2, NOON + 3600, 5), 0);
	assert_int_equal(apply_hour(st, 1, NOON, 10), 0);
	assert_position(st, 2, 2);
	store_free(st);
	st = opened();
	assert_position(st, 2, 2);
	assert_int_equal(apply_hour(st, 2, NOON + 3600, 5), 0);
	assert_int_equal(total(st, USAGE_HOUR, "guest", USAGE_VISITORS), 15);
	assert_int_equal(total(st, USAGE_DAY, NULL, USAGE_VISITORS), 15);
	/* another stream counts from where it likes */
	begin(7, 1);
	add_row(USAGE_HOUR, "guest", NOON)->value[USAGE_VISITORS] = 1;
	assert_int_equal(store_apply(st, &batch), 0);
	assert_int_equal(store_position(st).stream, 7);
	assert_int_equal(store_position(st).committed, 1);
	assert_int_equal(total(st, USAGE_HOUR, NULL, USAGE_VISITORS), 16);
	store_free(st);
}

static void add_busy_hour(const char *zone, uint64_t sessions, uint64_t peak)
{
	struct ipc_usage_row *r = add_row(USAGE_HOUR, zone, NOON);

	r->value[USAGE_SESSIONS] = sessions;
	r->value[USAGE_PEAK] = peak;
	r->value[USAGE_DAY_VISITORS] = 99; /* does not belong here */
}

static void test_increments(void **state)
{
	struct store *st = opened();
	const struct found *f;

	(void)state;
	begin(STREAM, 1);
	add_busy_hour("guest", 10, 20);
	add_busy_hour("staff", 7, 5);
	assert_int_equal(store_apply(st, &batch), 0);
	begin(STREAM, 2);
	add_busy_hour("guest", 4, 10);
	add_busy_hour("staff", 1, 10);
	assert_int_equal(store_apply(st, &batch), 0);

	f = find(st, USAGE_HOUR, "guest", 0, 0);
	assert_int_equal(f->rows, 1);
	assert_int_equal(f->row[0].start_s, NOON);
	assert_int_equal(f->row[0].day, 20260101);
	assert_int_equal(f->row[0].value[USAGE_SESSIONS], 14);
	assert_int_equal(f->row[0].value[USAGE_PEAK], 20);
	f = find(st, USAGE_HOUR, NULL, 0, 0);
	assert_int_equal(f->row[0].value[USAGE_SESSIONS], 22);
	assert_int_equal(f->row[0].value[USAGE_PEAK], 25);
	f = find(st, USAGE_DAY, NULL, 20260101, 20260101);
	assert_int_equal(f->rows, 1);
	assert_int_equal(f->row[0].start_s, NOON - 12 * 3600);
	assert_int_equal(f->row[0].value[USAGE_SESSIONS], 22);
	assert_int_equal(f->row[0].value[USAGE_PEAK], 25);
	assert_int_equal(f->row[0].value[USAGE_DAY_VISITORS], 0);
	assert_int_equal(find(st, USAGE_DAY, "none", 0, 0)->rows, 0);
	store_free(st);
}

static void test_days(void **state)
{
	static const char *const zones[] = { "guest", "staff", "" };
	int64_t midnight = NOON - 12 * 3600;
	struct store *st = opened();

	(void)state;
	begin(STREAM, 1);
	for (unsigned int i = 0; i < 3; i++)
		add_row(USAGE_DAY, zones[i], midnight)
			->value[USAGE_DAY_VISITORS] = 30 + i;
	batch.row[2].value[USAGE_SESSIONS] = 4;
	assert_int_equal(store_apply(st, &batch), 0);
	assert_int_equal(total(st, USAGE_DAY, "guest", USAGE_DAY_VISITORS), 30);
	assert_int_equal(total(st, USAGE_DAY, "staff", USAGE_DAY_VISITORS), 31);
	assert_int_equal(total(st, USAGE_DAY, "", USAGE_DAY_VISITORS), 32);
	assert_int_equal(total(st, USAGE_DAY, NULL, USAGE_DAY_VISITORS), 32);
	assert_int_equal(total(st, USAGE_DAY, "", USAGE_SESSIONS), 4);
	assert_int_equal(total(st, USAGE_DAY, NULL, USAGE_SESSIONS), 4);
	assert_int_equal(find(st, USAGE_HOUR, NULL, 0, 0)->rows, 0);
	store_free(st);
}

static void test_metrics_wanted(void **state)
{
	struct store *st = opened();
	struct store_query q = { .step = USAGE_HOUR,
				 .metrics = 1U << USAGE_BYTES_UP };
	struct found f = { 0 };

	(void)state;
	begin(STREAM, 1);
	for (int i = 0; i < USAGE_METRICS; i++)
		add_row(USAGE_HOUR, "guest", NOON)->value[i] = 3;
	assert_int_equal(store_apply(st, &batch), 0);
	assert_int_equal(store_read(st, &q, on_row, &f), 0);
	for (int i = 0; i < USAGE_METRICS; i++)
		assert_int_equal(f.row[0].value[i],
				 i == USAGE_BYTES_UP ? 3 : 0);
	store_free(st);
}

/* Summer time begins on 29 March and ends on 25 October. */
static void test_long_and_short_days(void **state)
{
	static const struct {
		store_day day;
		int64_t start_s;
		size_t hours;
	} cases[] = {
		{ 20260328, 1774652400, 24 }, { 20260329, 1774738800, 23 },
		{ 20260330, 1774821600, 24 }, { 20261024, 1792792800, 24 },
		{ 20261025, 1792879200, 25 }, { 20261026, 1792969200, 24 },
	};
	const struct found *f;
	uint64_t seq = 0;
	struct store *st;

	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	st = opened();
	for (size_t i = 0; i < 6; i++)
		for (size_t h = 0; h < cases[i].hours; h++)
			assert_int_equal(
				apply_hour(st, ++seq,
					   cases[i].start_s + (int64_t)h * 3600,
					   1),
				0);
	for (size_t i = 0; i < 6; i++) {
		store_day day = cases[i].day;

		f = find(st, USAGE_DAY, NULL, day, day);
		assert_int_equal(f->rows, 1);
		assert_int_equal(f->row[0].start_s, cases[i].start_s);
		assert_int_equal(f->row[0].value[USAGE_VISITORS],
				 cases[i].hours);
		f = find(st, USAGE_HOUR, "guest", day, day);
		assert_int_equal(f->rows, cases[i].hours);
		assert_int_equal(f->row[0].start_s, cases[i].start_s);
		assert_int_equal(f->row[f->rows - 1].day, day);
	}
	f = find(st, USAGE_MONTH, NULL, 20260329, 0);
	assert_int_equal(f->rows, 2);
	assert_int_equal(f->row[0].day, 20260301);
	assert_int_equal(f->row[0].value[USAGE_VISITORS], 47);
	assert_int_equal(f->row[1].day, 20261001);
	assert_int_equal(f->row[1].start_s, 1790805600);
	assert_int_equal(f->row[1].value[USAGE_VISITORS], 73);
	store_free(st);
}

static void test_time_unknown(void **state)
{
	struct store *st = opened();
	const struct found *f;

	(void)state;
	assert_int_equal(apply_hour(st, 1, 0, 8), 0);
	assert_int_equal(apply_hour(st, 2, 0, 8), 0);
	assert_int_equal(apply_hour(st, 3, NOON, 1), 0);
	f = find(st, USAGE_HOUR, NULL, 0, 0);
	assert_int_equal(f->rows, 2);
	assert_int_equal(f->row[0].day, 0);
	assert_int_equal(f->row[0].start_s, 0);
	assert_int_equal(f->row[0].value[USAGE_VISITORS], 16);
	assert_int_equal(find(st, USAGE_MONTH, NULL, 0, 0)->rows, 2);
	f = find(st, USAGE_DAY, "guest", 0, 20251231);
	assert_int_equal(f->rows, 1);
	assert_int_equal(f->row[0].day, 0);
	assert_int_equal(find(st, USAGE_DAY, NULL, 20200101, 0)->rows, 1);
	store_free(st);
}

static void test_retention(void **state)
{
	struct store *st = store_open(path, 2 * DAY);
	uint64_t seq = 0;
	int64_t midnight = NOON - 12 * 3600;

	(void)state;
	assert_non_null(st);
	assert_int_equal(apply_hour(st, ++seq, 0, 1), 0);
	for (int64_t h = 0; h < 96; h++)
		assert_int_equal(apply_hour(st, ++seq, midnight + h * 3600, 1),
				 0);
	assert_int_equal(find(st, USAGE_HOUR, NULL, 0, 0)->rows, 97);
	begin(STREAM, ++seq);
	add_row(USAGE_DAY, "", midnight + 3 * DAY);
	assert_int_equal(store_apply(st, &batch), 0);
	/* two days are left, and what has no time */
	assert_int_equal(find(st, USAGE_HOUR, NULL, 0, 0)->rows, 49);
	assert_int_equal(find(st, USAGE_HOUR, "guest", 0, 0)->rows, 49);
	assert_int_equal(total(st, USAGE_DAY, NULL, USAGE_VISITORS), 97);
	store_set_keep(st, DAY);
	begin(STREAM, ++seq);
	add_row(USAGE_DAY, "", midnight + 3 * DAY);
	assert_int_equal(store_apply(st, &batch), 0);
	assert_int_equal(find(st, USAGE_HOUR, NULL, 0, 0)->rows, 25);
	store_free(st);
}

static void on_label(const char *label, uint64_t value, void *arg)
{
	char *text = arg;
	size_t len = strlen(text);

	snprintf(text + len, 200 - len, "%s=%llu ", label,
		 (unsigned long long)value);
}

static void assert_labels(struct store *st, enum usage_kind kind,
			  store_day from, store_day to, const char *wanted)
{
	char text[200] = "";

	assert_int_equal(store_read_labels(st, kind, from, to, on_label, text),
			 0);
	assert_string_equal(text, wanted);
}

static void test_labels(void **state)
{
	struct store *st = opened();

	(void)state;
	begin(STREAM, 1);
	add_label(USAGE_LANGUAGE, "de", 5, NOON);
	add_label(USAGE_LANGUAGE, "en", 6, NOON);
	add_label(USAGE_LANGUAGE, "ar", 5, NOON);
	add_label(USAGE_PLATFORM, "apple", 9, NOON);
	assert_int_equal(store_apply(st, &batch), 0);
	begin(STREAM, 2);
	add_label(USAGE_LANGUAGE, "de", 50, NOON + DAY);
	add_label(USAGE_LANGUAGE, "de", 1, NOON);
	assert_int_equal(store_apply(st, &batch), 0);
	assert_labels(st, USAGE_LANGUAGE, 0, 0, "de=56 en=6 ar=5 ");
	assert_labels(st, USAGE_LANGUAGE, 20260101, 20260101,
		      "de=6 en=6 ar=5 ");
	assert_labels(st, USAGE_LANGUAGE, 20260102, 0, "de=50 ");
	assert_labels(st, USAGE_PLATFORM, 0, 20260101, "apple=9 ");
	store_free(st);
}

static void on_total(const char *zone, const uint64_t value[USAGE_METRICS],
		     void *arg)
{
	on_label(*zone ? zone : "box", value[USAGE_VISITORS], arg);
	on_label("peak", value[USAGE_PEAK], arg);
}

static void assert_totals(struct store *st, const char *wanted)
{
	for (int i = 0; i < 2; i++) {
		char text[200] = "";

		assert_int_equal(store_read_totals(st, on_total, text), 0);
		assert_string_equal(text, wanted);
	}
}

static void test_totals(void **state)
{
	struct store *st = opened();

	(void)state;
	assert_totals(st, "");
	assert_int_equal(apply_hour(st, 1, NOON, 5), 0);
	assert_totals(st, "guest=5 peak=0 ");
	begin(STREAM, 2);
	add_row(USAGE_DAY, "", NOON)->value[USAGE_VISITORS] = 3;
	add_row(USAGE_HOUR, "guest", NOON + DAY)->value[USAGE_VISITORS] = 6;
	batch.row[1].value[USAGE_PEAK] = 10;
	assert_int_equal(store_apply(st, &batch), 0);
	assert_totals(st, "box=3 peak=0 guest=11 peak=10 ");
	store_free(st);
}

/* Sums stop below what a signed 64-bit number holds, and stay there. */
static void test_large_values(void **state)
{
	struct store *st = opened();

	(void)state;
	for (uint64_t seq = 1; seq <= 4; seq++) {
		begin(STREAM, seq);
		for (int zone = 0; zone < 3; zone++)
			add_row(USAGE_HOUR, zone ? "a" : "b", NOON)
				->value[USAGE_BYTES_DOWN] = UINT64_MAX;
		add_label(USAGE_LANGUAGE, "de", UINT64_MAX, NOON);
		assert_int_equal(store_apply(st, &batch), 0);
	}
	assert_true(total(st, USAGE_DAY, NULL, USAGE_BYTES_DOWN) ==
		    STORE_VALUE_MAX);
	assert_true(total(st, USAGE_MONTH, "a", USAGE_BYTES_DOWN) ==
		    STORE_VALUE_MAX);
	assert_labels(st, USAGE_LANGUAGE, 0, 0, "de=4611686018427387903 ");
	store_free(st);
}

static void test_refused(void **state)
{
	struct store *st = opened();

	(void)state;
	assert_int_equal(apply_hour(st, 0, NOON, 1), -EINVAL);
	assert_int_equal(apply_hour(st, 1, -1, 1), -EINVAL);
	assert_int_equal(apply_hour(st, 1, INT64_MAX, 1), -EINVAL);
	begin(0, 1);
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	begin(STREAM, 1);
	add_row(USAGE_MONTH, "guest", NOON);
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	begin(STREAM, 1);
	add_row(USAGE_HOUR, "'; DROP", NOON);
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	begin(STREAM, 1);
	memset(add_row(USAGE_HOUR, "", NOON)->zone, 'a', IPC_ZONE_NAME_MAX);
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	begin(STREAM, 1);
	add_label(USAGE_KINDS, "de", 1, NOON);
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	begin(STREAM, 1);
	add_label(USAGE_LANGUAGE, "DE", 1, NOON);
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	begin(STREAM, 1);
	batch.rows = STORE_ROWS_MAX + 1;
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	begin(STREAM, 1);
	batch.labels = STORE_LABELS_MAX + 1;
	assert_int_equal(store_apply(st, &batch), -EINVAL);
	assert_int_equal(store_position(st).stream, 0);
	assert_int_equal(find(st, USAGE_HOUR, NULL, 0, 0)->rows, 0);
	store_free(st);
}

/* Every row of the largest batch is of another hour. */
static void test_largest_batch(void **state)
{
	struct store *st = opened();
	char label[USAGE_LABEL_MAX];

	(void)state;
	begin(STREAM, 1);
	for (int i = 0; i < STORE_ROWS_MAX; i++)
		add_row(i % 2 ? USAGE_HOUR : USAGE_DAY, i % 3 ? "a" : "",
			NOON + i * 30LL * DAY)
			->value[USAGE_SESSIONS] = 1;
	for (unsigned int i = 0; i < STORE_LABELS_MAX; i++) {
		snprintf(label, sizeof(label), "l-%u", i);
		add_label(USAGE_LANGUAGE, label, 1, NOON);
	}
	assert_int_equal(store_apply(st, &batch), 0);
	assert_int_equal(total(st, USAGE_DAY, NULL, USAGE_SESSIONS),
			 STORE_ROWS_MAX);
	store_free(st);
}

/* --- memory ------------------------------------------------------------ */

static void test_memory(void **state)
{
	struct store *st = store_open("", KEEP);

	(void)state;
	assert_non_null(st);
	assert_int_equal(store_health(st), STORE_IN_MEMORY);
	assert_int_equal(apply_hour(st, 5, NOON, 10), 0);
	assert_int_equal(apply_hour(st, 5, NOON, 10), 0);
	assert_position(st, 5, 5);
	assert_int_equal(total(st, USAGE_HOUR, NULL, USAGE_VISITORS), 10);
	assert_totals(st, "guest=10 peak=0 ");
	assert_false(store_retry(st));
	assert_position(st, 5, 5);
	store_free(st);
}

static void test_no_folder(void **state)
{
	struct store *st;

	(void)state;
	snprintf(path, sizeof(path), "%s/new/usage.sqlite", folder);
	st = opened();
	assert_int_equal(store_health(st), STORE_CANNOT_WRITE);
	assert_int_equal(apply_hour(st, 5, NOON, 10), 0);
	begin(STREAM, 6);
	add_row(USAGE_HOUR, "guest", NOON)->value[USAGE_VISITORS] = 1;
	add_label(USAGE_LANGUAGE, "de", 4, NOON);
	assert_int_equal(store_apply(st, &batch), 0);
	assert_position(st, 6, 0);
	assert_int_equal(total(st, USAGE_HOUR, NULL, USAGE_VISITORS), 11);
	assert_labels(st, USAGE_LANGUAGE, 0, 0, "de=4 ");
	assert_false(store_retry(st));
	path[strlen(folder) + 4] = '\0';
	assert_int_equal(mkdir(path, 0700), 0);
	path[strlen(folder) + 4] = '/';
	assert_true(store_retry(st));
	assert_false(store_retry(st));
	assert_int_equal(store_health(st), STORE_ON_DISK);
	assert_position(st, 6, 6);
	assert_int_equal(apply_hour(st, 7, NOON, 3), 0);
	store_free(st);
	st = opened();
	assert_position(st, 7, 7);
	assert_int_equal(total(st, USAGE_HOUR, NULL, USAGE_VISITORS), 14);
	assert_int_equal(total(st, USAGE_HOUR, "guest", USAGE_VISITORS), 14);
	assert_int_equal(total(st, USAGE_DAY, "guest", USAGE_VISITORS), 14);
	assert_labels(st, USAGE_LANGUAGE, 0, 0, "de=4 ");
	store_free(st);
}

static void test_below_a_file(void **state)
{
	FILE *f = fopen(path, "w");
	struct store *st;

	(void)state;
	assert_non_null(f);
	fclose(f);
	snprintf(path, sizeof(path), "%s/usage.sqlite/x", folder);
	st = opened();
	assert_int_equal(store_health(st), STORE_CANNOT_WRITE);
	assert_int_equal(apply_hour(st, 1, NOON, 10), 0);
	assert_position(st, 1, 0);
	store_free(st);
}

/* Figures of before and since then are shown together, then saved. */
static void play_full_disk(struct store *st, uint64_t seq)
{
	assert_int_equal(apply_hour(st, seq, NOON, 1), 0);
	assert_int_equal(apply_hour(st, seq + 1, NOON + 3600, 1), 0);
	assert_int_equal(store_health(st), STORE_CANNOT_WRITE);
	assert_position(st, seq + 1, seq - 1);
	assert_int_equal(total(st, USAGE_HOUR, "guest", USAGE_VISITORS),
			 seq + 1);
	assert_int_equal(total(st, USAGE_DAY, NULL, USAGE_VISITORS), seq + 1);
	assert_int_equal(find(st, USAGE_DAY, NULL, 0, 0)->rows, 1);
	assert_int_equal(find(st, USAGE_HOUR, NULL, 0, 0)->rows, 2);
	assert_false(store_retry(st));
	assert_position(st, seq + 1, seq - 1);
}

static void play_free_disk(struct store *st, uint64_t seq)
{
	assert_true(store_retry(st));
	assert_position(st, seq + 1, seq + 1);
	assert_int_equal(total(st, USAGE_HOUR, "guest", USAGE_VISITORS),
			 seq + 1);
	assert_int_equal(total(st, USAGE_HOUR, NULL, USAGE_VISITORS), seq + 1);
	store_free(st);
	st = opened();
	assert_position(st, seq + 1, seq + 1);
	assert_int_equal(total(st, USAGE_DAY, NULL, USAGE_VISITORS), seq + 1);
	store_free(st);
}

static void test_file_limit(void **state)
{
	struct store *st = opened();
	struct rlimit none, small;

	(void)state;
	assert_int_equal(apply_hour(st, 1, NOON, 1), 0);
	getrlimit(RLIMIT_FSIZE, &none);
	small = none;
	small.rlim_cur = 512;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	play_full_disk(st, 2);
	setrlimit(RLIMIT_FSIZE, &none);
	play_free_disk(st, 2);
}

static void fill_file_system(const char *name)
{
	static const char zeros[512];
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	setvbuf(f, NULL, _IONBF, 0);
	while (fwrite(zeros, sizeof(zeros), 1, f) == 1)
		;
	fclose(f);
}

static void test_full_disk(void **state)
{
	char filler[160];
	uint64_t seq = 0;
	struct store *st;

	(void)state;
	if (!is_isolated || mount("t", folder, "tmpfs", 0, "size=256k"))
		skip();
	st = opened();
	snprintf(filler, sizeof(filler), "%s/filler", folder);
	assert_int_equal(apply_hour(st, ++seq, NOON, 1), 0);
	fill_file_system(filler);
	/* the log has room in its last page */
	while (store_health(st) == STORE_ON_DISK && seq < 100)
		assert_int_equal(apply_hour(st, ++seq, NOON, 1), 0);
	assert_position(st, seq, seq - 1);
	play_full_disk(st, seq);
	unlink(filler);
	play_free_disk(st, seq);
	umount2(folder, MNT_DETACH);
}

static void test_read_only(void **state)
{
	struct store *st;

	(void)state;
	if (!is_isolated || mount("t", folder, "tmpfs", 0, "size=1m"))
		skip();
	st = opened();
	assert_int_equal(apply_hour(st, 1, NOON, 1), 0);
	store_free(st);
	assert_int_equal(
		mount("t", folder, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
	st = opened();
	assert_int_equal(store_health(st), STORE_CANNOT_WRITE);
	assert_position(st, 1, 1);
	play_full_disk(st, 2);
	assert_int_equal(mount("t", folder, "tmpfs", MS_REMOUNT, NULL), 0);
	play_free_disk(st, 2);
	umount2(folder, MNT_DETACH);
}

static void test_busy(void **state)
{
	struct store *st = opened();
	sqlite3 *other;

	(void)state;
	assert_int_equal(apply_hour(st, 1, NOON, 1), 0);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	play_full_disk(st, 2);
	sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(other);
	play_free_disk(st, 2);
}

/* While one cannot write, a second one goes on. */
static void test_two_instances(void **state)
{
	struct store *st = opened(), *second = opened();
	sqlite3 *other;

	(void)state;
	assert_int_equal(apply_hour(st, 1, NOON, 1), 0);
	assert_int_equal(apply_hour(second, 1, NOON, 1), 0);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	assert_int_equal(apply_hour(st, 2, NOON, 1), 0);
	assert_int_equal(apply_hour(st, 3, NOON, 1), 0);
	sqlite3_close(other);
	assert_int_equal(apply_hour(second, 2, NOON, 1), 0);
	assert_position(st, 3, 1);
	assert_true(store_retry(st));
	assert_position(st, 2, 2);
	assert_int_equal(apply_hour(st, 3, NOON, 1), 0);
	assert_int_equal(apply_hour(second, 3, NOON, 1), 0);
	assert_int_equal(total(st, USAGE_HOUR, NULL, USAGE_VISITORS), 3);
	store_free(second);
	store_free(st);
}

/* --- files that are not as they should be ------------------------------ */

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	for (int i = 0; i < 500; i++)
		fputs(text, f);
	fclose(f);
}

static void assert_set_aside(int n, const char *text)
{
	char name[160], found[32] = "";
	FILE *f;

	snprintf(name, sizeof(name), "%s.corrupt-%d", path, n);
	f = fopen(name, "r");
	assert_non_null(f);
	assert_non_null(fgets(found, (int)strlen(text) + 1, f));
	assert_string_equal(found, text);
	fclose(f);
}

static void test_not_a_database(void **state)
{
	static const char *const texts[] = { "first damage", "second damage" };
	struct store *st;

	(void)state;
	for (int i = 0; i < 2; i++) {
		write_file(texts[i]);
		st = opened();
		assert_int_equal(store_health(st), STORE_ON_DISK);
		assert_int_equal(apply_hour(st, 5, NOON, 1), 0);
		assert_position(st, 5, 5);
		store_free(st);
	}
	assert_set_aside(1, texts[0]);
	assert_set_aside(2, texts[1]);
}

/* Overwrites all but the first pages, which hold the schema. */
static void damage(void)
{
	FILE *f = fopen(path, "r+");
	struct stat s;

	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &s), 0);
	assert_true(s.st_size > 40 * 512);
	fseek(f, 30 * 512, SEEK_SET);
	for (off_t i = 30 * 512; i < s.st_size; i++)
		fputc(0xa5, f);
	fclose(f);
}

static void on_any_row(const struct store_figures *f, void *arg)
{
	(void)f;
	(void)arg;
}

static void test_damaged_pages(void **state)
{
	struct store_query q = { .step = USAGE_HOUR };
	struct store *st = opened();

	(void)state;
	for (uint64_t seq = 1; seq <= 300; seq++)
		assert_int_equal(
			apply_hour(st, seq, NOON + (int64_t)seq * 3600, 1), 0);
	store_free(st);
	damage();
	st = opened();
	assert_true(store_read(st, &q, on_any_row, NULL) < 0);
	assert_int_equal(store_health(st), STORE_CANNOT_WRITE);
	assert_int_equal(apply_hour(st, 301, NOON, 1), 0);
	assert_true(store_retry(st));
	assert_int_equal(store_health(st), STORE_ON_DISK);
	/* what has been acknowledged is in the file that was set aside */
	assert_int_equal(store_position(st).applied, 0);
	assert_set_aside(1, "SQLite format 3");
	assert_int_equal(apply_hour(st, 301, NOON, 1), 0);
	assert_position(st, 301, 301);
	store_free(st);
}

static void test_damage_met_in_writing(void **state)
{
	struct store *st = opened();

	(void)state;
	for (uint64_t seq = 1; seq <= 300; seq++)
		assert_int_equal(
			apply_hour(st, seq, NOON + (int64_t)seq * 3600, 1), 0);
	store_free(st);
	damage();
	st = opened();
	assert_int_equal(apply_hour(st, 301, NOON, 1), 0);
	assert_position(st, 301, 301);
	assert_int_equal(store_health(st), STORE_ON_DISK);
	assert_int_equal(total(st, USAGE_HOUR, NULL, USAGE_VISITORS), 1);
	assert_set_aside(1, "SQLite format 3");
	store_free(st);
}

static void run_sql(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static int number_of(const char *sql)
{
	sqlite3 *db;
	int v = -1;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(store_schema_number(db, sql, &v), 0);
	sqlite3_close(db);
	return v;
}

static void assert_left_alone(void)
{
	char error[STORE_ERROR_MAX];
	struct store *st = opened();

	assert_int_equal(store_health(st), STORE_CANNOT_WRITE);
	assert_int_equal(apply_hour(st, 2, NOON, 1), 0);
	assert_position(st, 2, 0);
	assert_int_equal(total(st, USAGE_HOUR, NULL, USAGE_VISITORS), 1);
	assert_false(store_retry(st));
	store_free(st);
	assert_null(store_open_readonly(path, error));
	assert_non_null(strstr(error, path));
}

static void test_later_version(void **state)
{
	struct store *st = opened();

	(void)state;
	assert_int_equal(apply_hour(st, 1, NOON, 1), 0);
	store_free(st);
	run_sql("PRAGMA user_version = 99");
	assert_left_alone();
	assert_int_equal(number_of("PRAGMA user_version"), 99);
	assert_int_equal(number_of("SELECT seq FROM meta"), 1);
}

static void test_somebody_elses(void **state)
{
	(void)state;
	run_sql("CREATE TABLE cats (name); INSERT INTO cats VALUES ('Mia')");
	assert_left_alone();
	assert_int_equal(number_of("SELECT count(*) FROM cats"), 1);
	assert_int_equal(number_of("SELECT count(*) FROM sqlite_schema"), 1);
}

static void test_migration(void **state)
{
	const char *const steps[] = {
		store_migrations[0],
		"ALTER TABLE days ADD COLUMN more INTEGER NOT NULL DEFAULT 7;",
		"CREATE TABLE notes (text); CREATE TABLE days (id)",
	};
	struct store *st = opened();
	sqlite3 *db;

	(void)state;
	assert_int_equal(store_version, 1);
	assert_int_equal(apply_hour(st, 1, NOON, 12), 0);
	store_free(st);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(store_schema_migrate(db, steps, 2), 0);
	assert_int_equal(store_schema_migrate(db, steps, 2), 0);
	/* the third is wrong in its second half */
	assert_int_equal(store_schema_migrate(db, steps, 3), -EINVAL);
	assert_true(sqlite3_get_autocommit(db));
	assert_int_equal(store_schema_migrate(db, steps, 1), -EPROTONOSUPPORT);
	sqlite3_close(db);
	assert_int_equal(number_of("PRAGMA user_version"), 2);
	assert_int_equal(number_of("SELECT visitors + more FROM days"), 19);
	assert_int_equal(number_of("SELECT count(*) FROM sqlite_schema"
				   " WHERE name = 'notes'"),
			 0);
}

static void test_reader(void **state)
{
	char error[STORE_ERROR_MAX];
	struct store *st, *reader;

	(void)state;
	assert_null(store_open_readonly(path, error));
	assert_non_null(strstr(error, "No such file"));
	st = opened();
	assert_int_equal(apply_hour(st, 1, NOON, 12), 0);
	reader = store_open_readonly(path, error);
	assert_non_null(reader);
	assert_int_equal(total(reader, USAGE_HOUR, "guest", USAGE_VISITORS),
			 12);
	assert_int_equal(apply_hour(st, 2, NOON, 12), 0);
	assert_int_equal(total(reader, USAGE_HOUR, "guest", USAGE_VISITORS),
			 24);
	store_free(st);
	assert_int_equal(total(reader, USAGE_DAY, NULL, USAGE_VISITORS), 24);
	store_free(reader);
	assert_int_equal(number_of("SELECT seq FROM meta"), 2);
}

static void test_day(void **state)
{
	(void)state;
	assert_true(day_is_valid(20240229));
	assert_false(day_is_valid(20260229));
	assert_false(day_is_valid(20261301));
	assert_false(day_is_valid(20260100));
	assert_false(day_is_valid(0));
	assert_false(day_is_valid(UINT32_MAX));
	assert_int_equal(day_shift(20260301, -1), 20260228);
	assert_int_equal(day_shift(20261231, 1), 20270101);
	assert_int_equal(day_shift(20260101, 365), 20270101);
	assert_int_equal(day_of(0), 0);
	assert_int_equal(day_of(NOON), 20260101);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_once),
		TEST(test_increments),
		TEST(test_days),
		TEST(test_metrics_wanted),
		TEST(test_long_and_short_days),
		TEST(test_time_unknown),
		TEST(test_retention),
		TEST(test_labels),
		TEST(test_totals),
		TEST(test_large_values),
		TEST(test_refused),
		TEST(test_largest_batch),
		TEST(test_memory),
		TEST(test_no_folder),
		TEST(test_below_a_file),
		TEST(test_file_limit),
		TEST(test_full_disk),
		TEST(test_read_only),
		TEST(test_busy),
		TEST(test_two_instances),
		TEST(test_not_a_database),
		TEST(test_damaged_pages),
		TEST(test_damage_met_in_writing),
		TEST(test_later_version),
		TEST(test_somebody_elses),
		TEST(test_migration),
		TEST(test_reader),
		TEST(test_day),
	};

	is_isolated = !unshare(CLONE_NEWNS) &&
		      !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
