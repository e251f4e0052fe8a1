/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/array.h"
#include "portal/store/store_import.h"

#define STREAM 7
#define NOON   1767268800

static struct store *store;
static struct store_import *import;
static struct ipc_usage_next asked; /* last */
static unsigned int questions;

static void on_next(const struct ipc_usage_next *m, void *arg)
{
	assert_ptr_equal(arg, &questions);
	asked = *m;
	questions++;
}

static int set_up(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	if (!store)
		store = store_open("", 86400);
	import = store_import_new(store, on_next, &questions);
	questions = 0;
	return store && import ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	store_import_free(import);
	store_free(store);
	store = NULL;
	return 0;
}

static struct ipc_usage_part part(uint64_t seq, uint16_t index, uint16_t count)
{
	return (struct ipc_usage_part){ STREAM, seq, NOON, index, count, 0 };
}

static void row(uint64_t seq, uint16_t index, uint16_t count)
{
	struct ipc_usage_row m = {
		.part = part(seq, index, count),
		.step = USAGE_HOUR,
		.zone = "guest",
		.value = { [USAGE_VISITORS] = 1 },
	};

	store_import_row(import, &m);
}

static void label(uint64_t seq, uint16_t index, uint16_t count)
{
	struct ipc_usage_label m = {
		.part = part(seq, index, count),
		.kind = USAGE_LANGUAGE,
		.value = 1,
	};

	snprintf(m.label, sizeof(m.label), "l%u", index);
	store_import_label(import, &m);
}

static void on_row(const struct store_figures *f, void *arg)
{
	*(uint64_t *)arg += f->value[USAGE_VISITORS];
}

static uint64_t visitors(void)
{
	struct store_query q = { .step = USAGE_HOUR };
	uint64_t sum = 0;

	assert_int_equal(store_read(store, &q, on_row, &sum), 0);
	return sum;
}

static void assert_asked(unsigned int count, uint64_t after, uint64_t committed)
{
	assert_int_equal(questions, count);
	assert_int_equal(asked.after, after);
	assert_int_equal(asked.committed, committed);
}

static void test_batches(void **state)
{
	(void)state;
	store_import_retry(import);
	assert_int_equal(questions, 0);
	store_import_connected(import);
	assert_asked(1, 0, 0);
	assert_int_equal(asked.stream, 0);
	row(1, 0, 1);
	assert_asked(2, 1, 1);
	assert_int_equal(asked.stream, STREAM);
	row(2, 0, 4);
	row(2, 1, 4);
	label(2, 2, 4);
	assert_asked(2, 1, 1);
	store_import_retry(import);
	assert_asked(2, 1, 1);
	label(2, 3, 4);
	assert_asked(3, 2, 2);
	label(3, 0, 1);
	assert_asked(4, 3, 3);
	assert_int_equal(visitors(), 3);
}

static void test_connection_lost(void **state)
{
	(void)state;
	store_import_connected(import);
	row(1, 0, 3);
	row(1, 1, 3);
	store_import_connected(import);
	assert_asked(2, 0, 0);
	row(1, 0, 2);
	row(1, 1, 2);
	assert_asked(3, 1, 1);
	assert_int_equal(visitors(), 2);
}

/* Each is left aside, is asked for by the timer alone, and then is good. */
static void out_of_order(void (*play)(void))
{
	store_import_connected(import);
	play();
	assert_asked(1, 0, 0);
	assert_int_equal(visitors(), 0);
	store_import_retry(import);
	assert_asked(2, 0, 0);
	row(1, 0, 1);
	assert_asked(3, 1, 1);
	store_import_retry(import);
	assert_asked(3, 1, 1);
	assert_int_equal(visitors(), 1);
}

static void play_part_missing(void)
{
	row(1, 0, 4);
	row(1, 2, 4);
	row(1, 3, 4);
}

static void play_no_beginning(void)
{
	row(1, 1, 2);
}

static void play_other_seq(void)
{
	row(1, 0, 2);
	row(2, 1, 2);
}

static void play_other_count(void)
{
	row(1, 0, 2);
	row(1, 1, 3);
}

static void play_row_behind_label(void)
{
	label(1, 0, 2);
	row(1, 1, 2);
}

static void play_no_parts(void)
{
	row(1, 0, 0);
	label(1, 0, 0);
}

static void play_many_rows(void)
{
	for (uint16_t i = 0; i < STORE_ROWS_MAX + 2; i++)
		row(1, i, STORE_ROWS_MAX + 2);
}

static void play_many_labels(void)
{
	for (uint16_t i = 0; i < STORE_LABELS_MAX + 2; i++)
		label(1, i, STORE_LABELS_MAX + 2);
}

static void play_bad_zone(void)
{
	struct ipc_usage_row m = { .part = part(1, 0, 1), .zone = "Guest" };

	store_import_row(import, &m);
}

static void play_bad_step(void)
{
	struct ipc_usage_row m = { .part = part(1, 0, 1), .step = USAGE_MONTH };

	store_import_row(import, &m);
}

static void play_bad_label(void)
{
	struct ipc_usage_label m = { .part = part(1, 0, 1), .label = "a;b" };

	store_import_label(import, &m);
}

static void test_out_of_order(void **state)
{
	static void (*const plays[])(void) = {
		play_part_missing, play_no_beginning,	  play_other_seq,
		play_other_count,  play_row_behind_label, play_no_parts,
		play_many_rows,	   play_many_labels,	  play_bad_zone,
		play_bad_step,	   play_bad_label,
	};

	for (size_t i = 0; i < ARRAY_SIZE(plays); i++) {
		tear_down(state);
		assert_int_equal(set_up(state), 0);
		out_of_order(plays[i]);
	}
}

/* A netctl that sends the same again and again is not asked at once. */
static void test_twice(void **state)
{
	(void)state;
	store_import_connected(import);
	row(1, 0, 1);
	assert_asked(2, 1, 1);
	row(1, 0, 1);
	row(1, 0, 1);
	assert_asked(2, 1, 1);
	row(2, 0, 1);
	assert_asked(3, 2, 2);
	assert_int_equal(visitors(), 2);
}

/* Batches that are gone are asked for once. */
static void test_gap(void **state)
{
	(void)state;
	store_import_connected(import);
	row(5, 0, 1);
	assert_asked(2, 5, 5);
	row(8, 0, 1);
	assert_asked(3, 5, 5);
	row(6, 0, 1);
	assert_asked(4, 6, 6);
	row(8, 0, 1);
	assert_asked(5, 6, 6);
	row(8, 0, 1);
	assert_asked(6, 8, 8);
	assert_int_equal(visitors(), 3);
}

/* The disk comes back while a batch is on its way. */
static void test_disk(void **state)
{
	char folder[] = "/tmp/import.XXXXXX", path[64];

	tear_down(state);
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/new/usage.sqlite", folder);
	store = store_open(path, 86400);
	assert_int_equal(set_up(state), 0);
	store_import_connected(import);
	row(1, 0, 1);
	assert_asked(2, 1, 0);
	row(2, 0, 3);
	path[strlen(folder) + 4] = '\0';
	assert_int_equal(mkdir(path, 0700), 0);
	store_import_retry(import);
	assert_asked(3, 1, 1);
	row(2, 1, 3);
	row(2, 2, 3);
	assert_asked(3, 1, 1);
	row(2, 0, 1);
	assert_asked(4, 2, 2);
	assert_int_equal(visitors(), 2);
	store_free(store);
	store = NULL;
	path[strlen(folder) + 4] = '/';
	assert_int_equal(unlink(path), 0);
	path[strlen(folder) + 4] = '\0';
	rmdir(path);
	rmdir(folder);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_batches),	 TEST(test_connection_lost),
		TEST(test_out_of_order), TEST(test_twice),
		TEST(test_gap),		 TEST(test_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
