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

/* One of so many that come together. */
static struct ipc_usage_cell cell(uint64_t seq, uint16_t more)
{
	return (struct ipc_usage_cell){
		.stream = STREAM,
		.seq = seq,
		.start_s = NOON,
		.value = 1,
		.scale_n = 5,
		.scale_d = 1,
		.metric = USAGE_DEVICES_ONLINE,
		.hours = 1,
		.more = more,
		.zone = "guest",
	};
}

static void come(uint64_t seq, uint16_t more)
{
	struct ipc_usage_cell c = cell(seq, more);

	store_import_cell(import, &c);
}

static void on_row(const struct store_figures *f, void *arg)
{
	*(int64_t *)arg += f->sum[USAGE_DEVICES_ONLINE].value;
}

static int64_t devices(void)
{
	struct store_query q = { .step = STORE_HOUR };
	int64_t sum = 0;

	assert_int_equal(store_read(store, &q, on_row, &sum), 0);
	return sum;
}

static void assert_asked(unsigned int count, uint64_t after, uint64_t committed)
{
	assert_int_equal(questions, count);
	assert_int_equal(asked.after, after);
	assert_int_equal(asked.committed, committed);
}

static void test_answers(void **state)
{
	(void)state;
	store_import_retry(import);
	assert_int_equal(questions, 0);
	store_import_connected(import);
	assert_asked(1, 0, 0);
	assert_int_equal(asked.stream, 0);
	come(1, 0);
	assert_asked(2, 1, 1);
	assert_int_equal(asked.stream, STREAM);
	come(2, 2);
	come(3, 1);
	assert_asked(2, 1, 1);
	store_import_retry(import);
	assert_asked(2, 1, 1);
	come(4, 0);
	assert_asked(3, 4, 4);
	for (uint16_t i = 0; i < IPC_USAGE_CELLS; i++)
		come(5 + i, (uint16_t)(IPC_USAGE_CELLS - 1 - i));
	assert_asked(4, 4 + IPC_USAGE_CELLS, 4 + IPC_USAGE_CELLS);
	assert_int_equal(devices(), 4 + IPC_USAGE_CELLS);
}

static void test_connection_lost(void **state)
{
	(void)state;
	store_import_connected(import);
	come(1, 2);
	come(2, 1);
	store_import_connected(import);
	assert_asked(2, 0, 0);
	come(1, 1);
	come(2, 0);
	assert_asked(3, 2, 2);
	assert_int_equal(devices(), 2);
}

/* Each is left aside, is asked for by the timer alone, and then is good. */
static void out_of_order(void (*play)(void))
{
	store_import_connected(import);
	play();
	assert_asked(1, 0, 0);
	assert_int_equal(devices(), 0);
	store_import_retry(import);
	assert_asked(2, 0, 0);
	come(1, 0);
	assert_asked(3, 1, 1);
	store_import_retry(import);
	assert_asked(3, 1, 1);
	assert_int_equal(devices(), 1);
}

static void play_one_missing(void)
{
	come(1, 3);
	come(3, 1);
	come(4, 0);
}

static void play_other_count(void)
{
	come(1, 2);
	come(2, 2);
	come(3, 1);
	come(4, 0);
}

static void play_other_stream(void)
{
	struct ipc_usage_cell c = cell(2, 0);

	come(1, 1);
	c.stream++;
	store_import_cell(import, &c);
}

static void play_many(void)
{
	for (uint16_t i = 0; i < IPC_USAGE_CELLS + 2; i++)
		come(1 + i, (uint16_t)(IPC_USAGE_CELLS + 1 - i));
}

static void play_bad_zone(void)
{
	struct ipc_usage_cell c = cell(1, 0);

	c.zone[0] = 'G';
	store_import_cell(import, &c);
}

static void play_bad_metric(void)
{
	struct ipc_usage_cell c = cell(1, 0);

	c.metric = USAGE_METRICS;
	store_import_cell(import, &c);
}

static void play_no_scale(void)
{
	struct ipc_usage_cell c = cell(1, 0);

	c.scale_d = 0;
	store_import_cell(import, &c);
}

static void test_out_of_order(void **state)
{
	static void (*const plays[])(void) = {
		play_one_missing, play_other_count, play_other_stream,
		play_many,	  play_bad_zone,    play_bad_metric,
		play_no_scale,
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
	come(1, 0);
	assert_asked(2, 1, 1);
	come(1, 0);
	come(1, 0);
	assert_asked(2, 1, 1);
	come(1, 1); /* with one more than when it was asked first */
	come(2, 0);
	assert_asked(3, 2, 2);
	assert_int_equal(devices(), 2);
}

/* Cells that are gone are asked for once. */
static void test_gap(void **state)
{
	(void)state;
	store_import_connected(import);
	come(5, 0);
	assert_asked(2, 5, 5);
	come(8, 0);
	assert_asked(3, 5, 5);
	come(6, 0);
	assert_asked(4, 6, 6);
	come(8, 0);
	assert_asked(5, 6, 6);
	come(8, 0);
	assert_asked(6, 8, 8);
	assert_int_equal(devices(), 3);
}

/* The disk comes back while an answer is on its way. */
static void test_disk(void **state)
{
	char folder[] = "/tmp/import.XXXXXX", path[64];

	tear_down(state);
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/new/usage.sqlite", folder);
	store = store_open(path, 86400);
	assert_int_equal(set_up(state), 0);
	store_import_connected(import);
	come(1, 0);
	assert_asked(2, 1, 0);
	path[strlen(folder) + 4] = '\0';
	assert_int_equal(mkdir(path, 0700), 0);
	store_import_retry(import);
	assert_asked(3, 1, 1);
	come(2, 1);
	come(3, 0);
	assert_asked(4, 3, 3);
	assert_int_equal(devices(), 3);
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
		TEST(test_answers),	 TEST(test_connection_lost),
		TEST(test_out_of_order), TEST(test_twice),
		TEST(test_gap),		 TEST(test_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
