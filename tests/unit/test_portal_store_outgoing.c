/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "storetest.h"

#include <sqlite3.h>

#include "common/stringify.h"
#include "portal/store/store_schema.h"

#define OTHER 0x0123456789abcdefULL

static struct usage_batch next;

static void apply(struct store *st, uint64_t stream, uint64_t from, uint64_t to)
{
	begin(stream, to);
	for (uint64_t seq = from; seq <= to; seq++)
		add_cell(USAGE_DEVICES_ONLINE, "square",
			 NOON + 3600 * (int64_t)seq, -(int64_t)seq)
			->seq = seq;
	assert_int_equal(store_apply(st, &batch), 0);
}

/* What would be sent: cells of that stream, from and to these numbers. */
static void expect(struct store *st, uint64_t stream, uint64_t from,
		   uint64_t to)
{
	assert_int_equal(store_next_outgoing(st, &next), 0);
	assert_int_equal(next.cells, to + 1 - from);
	assert_int_equal(next.stream, stream);
	assert_int_equal(next.seq, to);
	for (size_t i = 0; i < next.cells; i++) {
		const struct ipc_usage_cell *c = &next.cell[i];

		assert_int_equal(c->seq, from + i);
		assert_int_equal(c->value, -(int64_t)c->seq);
		assert_int_equal(c->start_s, NOON + 3600 * (int64_t)c->seq);
		assert_int_equal(c->metric, USAGE_DEVICES_ONLINE);
		assert_string_equal(c->zone, "square");
		assert_int_equal(c->scale_n, 5);
		assert_int_equal(c->hours, 1);
	}
}

static void expect_none(struct store *st)
{
	assert_int_equal(store_next_outgoing(st, &next), 0);
	assert_int_equal(next.cells, 0);
	assert_int_equal(store_count_outgoing(st), 0);
}

static struct store *joined(void)
{
	struct store *st = opened();

	store_set_outgoing(st, true);
	return st;
}

static void test_nothing_is_kept_without_a_city(void **state)
{
	struct store *st = opened();

	(void)state;
	apply(st, STREAM, 1, 3);
	store_set_outgoing(st, true);
	expect_none(st);
	store_free(st);
}

static void test_the_hub_gets_each_once(void **state)
{
	struct store *st = joined();

	(void)state;
	apply(st, STREAM, 1, 3);
	expect(st, STREAM, 1, 3);
	store_commit_outgoing(st, STREAM, 2);
	expect(st, STREAM, 3, 3);
	store_commit_outgoing(st, STREAM, 1); /* late */
	expect(st, STREAM, 3, 3);
	apply(st, STREAM, 4, 5);
	expect(st, STREAM, 3, 5);
	store_commit_outgoing(st, STREAM, 5);
	expect_none(st);
	apply(st, STREAM, 5, 6); /* asked for twice: 5 is applied */
	expect(st, STREAM, 6, 6);
	store_free(st);
}

/* Before the mark is on the disk the hub says again what it has. */
static void test_all_survives_a_restart(void **state)
{
	struct store *st = joined();

	(void)state;
	apply(st, STREAM, 1, 3);
	store_commit_outgoing(st, STREAM, 2);
	store_free(st);
	st = joined();
	expect(st, STREAM, 1, 3);
	store_commit_outgoing(st, STREAM, 2);
	apply(st, STREAM, 4, 4);
	store_free(st);
	st = joined();
	expect(st, STREAM, 3, 4);
	store_free(st);
}

static void test_a_stream_ends_before_the_next(void **state)
{
	struct store *st = joined();

	(void)state;
	apply(st, STREAM, 1, 2);
	apply(st, OTHER, 1, 2);
	expect(st, STREAM, 1, 2);
	store_commit_outgoing(st, STREAM, 2);
	expect(st, OTHER, 1, 2);
	store_commit_outgoing(st, OTHER, 2);
	expect_none(st);
	store_free(st);
	st = joined(); /* the first one's are deleted, not just marked */
	expect(st, OTHER, 1, 2);
	store_free(st);
}

static void test_a_gap_ends_a_batch(void **state)
{
	struct store *st = joined();

	(void)state;
	apply(st, STREAM, 1, 2);
	apply(st, STREAM, 7, 8);
	expect(st, STREAM, 1, 2);
	store_commit_outgoing(st, STREAM, 2);
	expect(st, STREAM, 7, 8);
	store_free(st);
}

static void test_a_batch_has_a_bound(void **state)
{
	struct store *st = joined();

	(void)state;
	apply(st, STREAM, 1, 60);
	apply(st, STREAM, 61, 70);
	expect(st, STREAM, 1, IPC_USAGE_CELLS);
	store_free(st);
}

/* What waits for the disk is sent all the same, and is there once. */
static void test_the_disk_is_not_waited_for(void **state)
{
	struct store *st = joined();

	(void)state;
	store_set_write_interval(st, 4 * 3600);
	apply(st, STREAM, 1, 1);
	apply(st, STREAM, 2, 2);
	expect(st, STREAM, 1, 2);
	store_commit_outgoing(st, STREAM, 1);
	expect(st, STREAM, 2, 2);
	store_free(st); /* writes */
	st = joined();
	expect(st, STREAM, 2, 2);
	store_free(st);
}

static void test_memory_alone(void **state)
{
	struct store *st = store_open("", KEEP);

	(void)state;
	assert_non_null(st);
	store_set_outgoing(st, true);
	apply(st, STREAM, 1, 3);
	expect(st, STREAM, 1, 3);
	store_commit_outgoing(st, STREAM, 3);
	expect_none(st);
	store_free(st);
}

static void test_leaving_forgets(void **state)
{
	struct store *st = joined();

	(void)state;
	apply(st, STREAM, 1, 3);
	store_commit_outgoing(st, STREAM, 1);
	store_set_outgoing(st, false);
	store_set_outgoing(st, true);
	expect_none(st);
	store_free(st);
	st = joined();
	expect_none(st);
	store_free(st);
}

/* Cells that a hub will never take do not fill the flash. */
static void test_the_oldest_go(void **state)
{
	struct store *st = joined();
	sqlite3 *raw;

	(void)state;
	apply(st, STREAM, 1, 3);
	store_free(st);
	assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
	assert_int_equal(sqlite3_exec(raw,
				      "UPDATE outgoing SET id = " STRINGIFY(
					      STORE_OUTGOING_MAX) " WHERE seq"
								  " = 3",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(raw);
	st = joined();
	apply(st, STREAM, 4, 4);
	expect(st, STREAM, 2, 4);
	store_free(st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_is_kept_without_a_city),
		TEST(test_the_hub_gets_each_once),
		TEST(test_all_survives_a_restart),
		TEST(test_a_stream_ends_before_the_next),
		TEST(test_a_gap_ends_a_batch),
		TEST(test_a_batch_has_a_bound),
		TEST(test_the_disk_is_not_waited_for),
		TEST(test_memory_alone),
		TEST(test_leaving_forgets),
		TEST(test_the_oldest_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
