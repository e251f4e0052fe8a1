/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/array.h"
#include "netctl/usage/device_index.h"
#include "netctl/usage/ledger.h"
#include "netctl/usage/outbox.h"
#include "netctl/usage/release.h"
#include "netctl/usage/release_day.h"

static const char *path_in_ram(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "/dev/shm/stadttor-ledger-%d",
		 (int)getpid());
	return path;
}

static struct ledger opened(const char *path)
{
	struct ledger l;

	assert_int_equal(ledger_open(&l, path, geteuid(), getegid()), 0);
	return l;
}

static int remove_file(void **state)
{
	(void)state;
	unlink(path_in_ram());
	return 0;
}

static void test_outlives_the_process(void **state)
{
	struct ledger l = opened(path_in_ram());
	uint64_t stream = l.image->stream;
	struct stat st;

	(void)state;
	assert_true(l.is_kept && l.is_fresh && stream);
	ledger_set(&l, &l.image->zone[3].value[USAGE_SESSIONS], 41);
	ledger_add(&l, &l.image->zone[3].value[USAGE_SESSIONS], 1);
	assert_int_equal(l.image->zone[3].value[USAGE_SESSIONS], 0);
	assert_int_equal(
		ledger_get(&l, &l.image->zone[3].value[USAGE_SESSIONS]), 42);
	ledger_commit(&l);
	ledger_close(&l);
	assert_int_equal(stat(path_in_ram(), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	l = opened(path_in_ram());
	assert_true(l.is_kept && !l.is_fresh);
	assert_true(l.image->stream == stream);
	assert_int_equal(l.image->zone[3].value[USAGE_SESSIONS], 42);
	ledger_close(&l);
}

/* Killed between the journal and the words: whoever opens it carries on. */
static void test_complete_journal_is_carried_out(void **state)
{
	struct ledger l = opened(path_in_ram());
	struct ledger_image *image = l.image;

	(void)state;
	image->journal[0].at =
		(uint64_t)((char *)&image->box_day_visitors - (char *)image);
	image->journal[0].value = 7;
	image->journal_count = 1;
	ledger_close(&l);
	l = opened(path_in_ram());
	assert_int_equal(l.image->box_day_visitors, 7);
	assert_int_equal(l.image->journal_count, 0);
	ledger_close(&l);
}

/* Killed in the middle of a closing: it is ended, once. */
static void test_closing_is_ended(void **state)
{
	struct ledger l = opened(path_in_ram());
	struct device_index *vs = device_index_new(&l);
	struct ledger_zone *z = &l.image->zone[0];
	struct ledger_visit *v = device_index_add(vs, 99, 0);

	(void)state;
	ledger_commit(&l);
	strcpy(z->name, "guest");
	z->value[USAGE_SESSIONS] = 9;
	z->value[USAGE_IDLE] = 2;
	v->bits |= 1ULL << USAGE_SESSIONS | 1ULL << USAGE_IDLE | VISIT_SHOWN;
	z->releasing = 1ULL << USAGE_SESSIONS;
	l.image->next_hour_s = 7200;
	l.image->closing = CLOSING_HOUR;
	device_index_free(vs);
	ledger_close(&l);
	l = opened(path_in_ram());
	vs = device_index_new(&l);
	release_resume(&l, vs);
	z = &l.image->zone[0];
	assert_int_equal(z->value[USAGE_SESSIONS], 0);
	assert_int_equal(z->value[USAGE_IDLE], 2);
	assert_int_equal(l.image->hour_s, 7200);
	assert_int_equal(l.image->closing, CLOSING_NOTHING);
	assert_true(ledger_visit_at(&l, 0)->bits == 1ULL << USAGE_IDLE);
	device_index_free(vs);
	ledger_close(&l);
}

static void spoil_magic(struct ledger_image *image)
{
	image->magic++;
}

static void spoil_count(struct ledger_image *image)
{
	image->visits[0] = LEDGER_VISITS + 1;
}

static void spoil_journal(struct ledger_image *image)
{
	image->journal_count = 1;
	image->journal[0].at = sizeof(*image);
}

static void spoil_outbox(struct ledger_image *image)
{
	image->end_part = image->first_part + LEDGER_PARTS + 1;
}

/* What cannot be ours is not read, however it came there. */
static void test_strange_content_is_not_used(void **state)
{
	static void (*const spoil[])(struct ledger_image *) = {
		spoil_magic, spoil_count, spoil_journal, spoil_outbox
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spoil); i++) {
		struct ledger l = opened(path_in_ram());

		l.image->zone[1].value[0] = 5;
		spoil[i](l.image);
		ledger_close(&l);
		l = opened(path_in_ram());
		assert_true(l.is_fresh && l.is_kept);
		assert_int_equal(l.image->zone[1].value[0], 0);
		ledger_close(&l);
	}
}

static void test_only_in_ram(void **state)
{
	static const char *const paths[] = { "", "/proc/stadttor",
					     "/no/such/folder/pending" };
	char on_disk[] = "build/ledger-XXXXXX";
	struct ledger l;
	int fd;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		l = opened(paths[i]);
		assert_true(l.is_fresh && !l.is_kept);
		ledger_close(&l);
	}
	fd = mkstemp(on_disk);
	if (fd < 0)
		return; /* no such folder here: the checks run at the root */
	close(fd);
	l = opened(on_disk);
	assert_false(l.is_kept);
	ledger_close(&l);
	assert_int_equal(unlink(on_disk), 0); /* it was left alone */
}

/* Nothing is dropped when nobody fetches: it is added up. */
static void test_full_outbox_carries_on(void **state)
{
	struct ledger l = opened("");
	struct device_index *vs = device_index_new(&l);
	struct ledger_zone *z = &l.image->zone[0];
	uint64_t hours = 0, sum = 0;
	struct outbox_batch b = { 0, 0 };

	(void)state;
	strcpy(z->name, "guest");
	for (int64_t hour = 1; hour <= 3000; hour++) {
		z->value[USAGE_SESSIONS] += 10;
		z->contributors[USAGE_SESSIONS] += 10;
		release_hour(&l, 5, hour * 3600);
		if (hour % 24 == 0)
			release_day(&l, vs, 5, hour * 3600);
		hours++;
	}
	assert_true(outbox_room(&l) <= LEDGER_ZONES + 1);
	for (uint64_t after = 0; outbox_find(&l, after, 0, &b);) {
		const struct ipc_usage_row *row =
			&outbox_part(&l, b.first)->row;

		after = row->part.seq;
		sum += row->value[USAGE_SESSIONS];
	}
	assert_int_equal(sum + z->value[USAGE_SESSIONS], hours * 10);
	outbox_forget(&l, UINT64_MAX);
	assert_int_equal(outbox_room(&l), LEDGER_PARTS);
	assert_int_equal(outbox_waiting(&l), 0);
	device_index_free(vs);
	ledger_close(&l);
}

static void test_all_visits_of_a_day(void **state)
{
	struct ledger l = opened("");
	struct device_index *vs = device_index_new(&l);

	(void)state;
	for (uint64_t id = 1; id <= LEDGER_VISITS; id++) {
		struct ledger_visit *v = device_index_add(vs, id, id % 3);

		assert_non_null(v);
		device_index_set_handle(vs, v, id * 7);
		ledger_commit(&l);
	}
	assert_null(device_index_add(vs, 1234567, 0));
	for (uint64_t id = 1; id <= LEDGER_VISITS; id += 997) {
		assert_int_equal(device_index_find(vs, id, id % 3)->handle,
				 id * 7);
		assert_null(device_index_find(vs, id, (id + 1) % 3));
		assert_int_equal(device_index_find_handle(vs, id * 7)->id, id);
	}
	/* midnight: those without a session are gone, key and all */
	for (uint64_t id = 6; id <= LEDGER_VISITS; id++) {
		device_index_set_handle(
			vs, device_index_find_handle(vs, id * 7), 0);
		ledger_commit(&l);
	}
	release_day(&l, vs, 5, 86400);
	assert_int_equal(device_index_count(vs), 5);
	assert_int_equal(device_index_find_handle(vs, 21)->id, 0);
	assert_null(device_index_find(vs, 3, 0));
	assert_true(l.image->key[!l.image->half][0] == 0);
	assert_true(l.image->visit[!l.image->half][9].id == 0);
	device_index_free(vs);
	ledger_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_outlives_the_process,
					  remove_file),
		cmocka_unit_test_teardown(test_complete_journal_is_carried_out,
					  remove_file),
		cmocka_unit_test_teardown(test_closing_is_ended, remove_file),
		cmocka_unit_test_teardown(test_strange_content_is_not_used,
					  remove_file),
		cmocka_unit_test(test_only_in_ram),
		cmocka_unit_test(test_full_outbox_carries_on),
		cmocka_unit_test(test_all_visits_of_a_day),
	};

	log_open("test", false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
