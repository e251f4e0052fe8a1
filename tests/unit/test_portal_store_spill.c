/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What waits for the disk, as another program sees it meanwhile. */
#include "tests/unit/storetest.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "portal/store/store.h"

#define HOUR 3600
#define PACE (8ULL * HOUR)

static char spill[128], spare[128];

static int set_up_names(void **state)
{
	int err = set_up(state);

	snprintf(spill, sizeof(spill), "%s/waiting", folder);
	snprintf(spare, sizeof(spare), "%s/spare", folder);
	return err;
}

#define COPY_TEST(t) cmocka_unit_test_setup_teardown(t, set_up_names, tear_down)

static struct store *opened_with_copy(void)
{
	struct store *st = opened();

	store_set_write_interval(st, PACE);
	store_set_spill(st, spill);
	return st;
}

static struct store *reader_of(const char *file)
{
	char error[STORE_ERROR_MAX];
	struct store *st = store_open_readonly(path, file, error);

	assert_non_null(st);
	return st;
}

static void assert_seen_with(const char *file, uint64_t visitors)
{
	struct store *st = reader_of(file);

	assert_int_equal(hours_total(st), visitors);
	assert_int_equal(hours_total(st), visitors);
	assert_int_equal(hours_total(st), visitors);
	store_free(st);
}

static void assert_seen(uint64_t visitors)
{
	assert_seen_with(spill, visitors);
}

static bool is_there(const char *file)
{
	return !access(file, F_OK);
}

/* Hours n to last of ten devices each. */
static void apply_hours(struct store *st, uint64_t n, uint64_t last)
{
	for (; n <= last; n++) {
		int64_t start_s = NOON + (int64_t)n * HOUR;

		begin(STREAM, n);
		add_cell(USAGE_DEVICES_ONLINE, "guest", start_s, 10);
		assert_int_equal(store_apply(st, &batch), 0);
	}
}

static void copy_file(const char *from, const char *to)
{
	char command[300];

	snprintf(command, sizeof(command), "cp %s %s", from, to);
	assert_int_equal(system(command), 0);
}

/* --- waiting and saved ------------------------------------------------- */

static void test_seen_at_once(void **state)
{
	struct store *st = opened_with_copy(), *reader;

	(void)state;
	for (uint64_t n = 1; n < 8; n++) {
		apply_hours(st, n, n);
		assert_position(st, n, 0);
		assert_seen(10 * n);
		assert_seen_with("", 0);
	}
	reader = reader_of(spill);
	assert_int_equal(hours_total(reader), 70);
	store_free(reader);
	apply_hours(st, 8, 8);
	assert_position(st, 8, 8);
	assert_false(is_there(spill));
	assert_seen(80);
	apply_hours(st, 9, 9);
	assert_seen(90);
	assert_seen_with("", 80);
	store_free(st);
	assert_false(is_there(spill));
	assert_seen(90);
}

/* It goes on reading what was there when it began. */
static void test_saved_while_read(void **state)
{
	struct store *st = opened_with_copy(), *reader;

	(void)state;
	apply_hours(st, 1, 7);
	reader = reader_of(spill);
	apply_hours(st, 8, 9);
	assert_int_equal(hours_total(reader), 70);
	store_free(reader);
	assert_seen(90);
	store_free(st);
}

static void test_without_pace(void **state)
{
	struct store *st = opened();

	(void)state;
	store_set_spill(st, spill);
	apply_hours(st, 1, 3);
	assert_false(is_there(spill));
	assert_seen(30);
	store_free(st);
}

static void test_another_name(void **state)
{
	struct store *st = opened_with_copy();
	struct stat s;

	(void)state;
	umask(0);
	apply_hours(st, 1, 2);
	store_set_spill(st, spill);
	assert_int_equal(stat(spill, &s), 0);
	assert_int_equal(s.st_mode & 0777, 0640);
	store_set_spill(st, spare);
	assert_false(is_there(spill));
	assert_seen_with(spare, 20);
	store_free(st);
	assert_false(is_there(spare));
}

/* Nothing of it comes to any file where the config asks for memory. */
static void test_memory_alone(void **state)
{
	struct store *st = store_open("", KEEP);

	(void)state;
	assert_non_null(st);
	store_set_spill(st, spill);
	apply_hours(st, 1, 2);
	assert_position(st, 2, 2);
	assert_false(is_there(spill));
	store_free(st);
}

/* --- crashes ----------------------------------------------------------- */

/* Between the disk's commit and the removal; and what is older still. */
static void test_left_behind(void **state)
{
	struct store *st = opened_with_copy();

	(void)state;
	apply_hours(st, 1, 7);
	copy_file(spill, spare);
	apply_hours(st, 8, 8);
	assert_seen_with(spare, 80);
	apply_hours(st, 9, 16);
	assert_seen_with(spare, 160);
	copy_file(spare, spill);
	store_free(st);
	st = opened_with_copy();
	assert_false(is_there(spill));
	store_free(st);
}

/* netctl has what was not acknowledged, and sends it again. */
static void test_killed(void **state)
{
	struct store *killed = opened_with_copy(), *st;

	(void)state;
	apply_hours(killed, 1, 11);
	assert_seen(110);
	st = opened_with_copy();
	assert_false(is_there(spill));
	assert_seen(80);
	apply_hours(st, 9, 9);
	assert_seen(90);
	apply_hours(st, 10, 12);
	assert_seen(120);
	store_free(st);
	assert_seen(120);
	store_free(killed); /* finds that the file has gone on */
	assert_seen(120);
}

/* A copy belongs to one file at one time. */
static void test_another_file(void **state)
{
	char first[128];
	struct store *st = opened_with_copy();

	(void)state;
	apply_hours(st, 1, 9);
	copy_file(spill, spare);
	snprintf(first, sizeof(first), "%s", path);
	snprintf(path, sizeof(path), "%s/other.sqlite", folder);
	store_free(opened());
	assert_seen_with(spare, 0);
	snprintf(path, sizeof(path), "%s", first);
	assert_seen_with(spare, 90);
	store_free(st);
	assert_seen_with(spare, 90);
}

/* --- trouble ----------------------------------------------------------- */

static void test_disk_is_missing(void **state)
{
	char error[STORE_ERROR_MAX];
	struct store *st;

	(void)state;
	snprintf(path, sizeof(path), "%s/new/usage.sqlite", folder);
	st = opened();
	store_set_spill(st, spill);
	assert_null(store_open_readonly(path, spill, error));
	assert_non_null(strstr(error, path));
	apply_hours(st, 1, 2);
	assert_int_equal(store_health(st), STORE_CANNOT_WRITE);
	assert_seen(20);
	path[strlen(folder) + 4] = '\0';
	assert_int_equal(mkdir(path, 0700), 0);
	path[strlen(folder) + 4] = '/';
	assert_true(store_retry(st));
	assert_false(is_there(spill));
	assert_seen(20);
	store_free(st);
}

static void test_no_folder_for_it(void **state)
{
	struct store *st;

	(void)state;
	snprintf(spill, sizeof(spill), "%s/run/waiting", folder);
	st = opened_with_copy();
	apply_hours(st, 1, 2);
	assert_position(st, 2, 0);
	assert_int_equal(hours_total(st), 20);
	assert_int_equal(store_health(st), STORE_ON_DISK);
	assert_seen(0);
	spill[strlen(folder) + 4] = '\0';
	assert_int_equal(mkdir(spill, 0700), 0);
	spill[strlen(folder) + 4] = '/';
	apply_hours(st, 3, 3);
	assert_seen(30);
	store_free(st);
	assert_seen(30);
}

/* What was complete before stays to be seen, and half of none. */
static void test_no_room(void **state)
{
	struct store *st = opened_with_copy();
	struct rlimit none, small;

	(void)state;
	apply_hours(st, 1, 2);
	getrlimit(RLIMIT_FSIZE, &none);
	small = none;
	small.rlim_cur = 4096;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	apply_hours(st, 3, 3);
	setrlimit(RLIMIT_FSIZE, &none);
	assert_int_equal(hours_total(st), 30);
	assert_int_equal(store_health(st), STORE_ON_DISK);
	assert_seen(20);
	snprintf(spare, sizeof(spare), "%s/waiting.new", folder);
	assert_false(is_there(spare));
	copy_file(spill, spare); /* a crash while it was written */
	apply_hours(st, 4, 4);
	assert_seen(40);
	store_free(st);
	assert_seen(40);
}

static void apply_full_batches(struct store *st, uint64_t n, uint64_t last)
{
	for (; n <= last; n++) {
		begin(STREAM, n);
		for (int i = 0; i < IPC_USAGE_CELLS; i++) {
			int64_t hour = (int64_t)n * IPC_USAGE_CELLS + i;

			add_cell(USAGE_DEVICES_ONLINE, "guest",
				 NOON + hour * HOUR, 1LL << 40);
		}
		assert_int_equal(store_apply(st, &batch), 0);
	}
}

/*
 * A disk that is away for long costs no more RAM than so much, and what is
 * larger is not written at all. Each batch would write all of it, so it has no
 * folder but when it is looked at.
 */
static void test_bound(void **state)
{
	char nowhere[128];
	struct store *st;
	struct stat s;

	(void)state;
	snprintf(path, sizeof(path), "%s/new/usage.sqlite", folder);
	snprintf(nowhere, sizeof(nowhere), "%s/new/waiting", folder);
	st = opened();
	apply_full_batches(st, 1, 250);
	store_set_spill(st, spill);
	assert_int_equal(stat(spill, &s), 0);
	assert_in_range(s.st_size, 384 * 1024, 512 * 1024);
	store_set_spill(st, nowhere);
	apply_full_batches(st, 251, 400);
	store_set_spill(st, spill);
	assert_false(is_there(spill));
	store_free(st);
	assert_false(is_there(spill));
}

static void write_at(const char *file, long at, const char *bytes, size_t len)
{
	FILE *f = fopen(file, "r+");

	assert_non_null(f);
	fseek(f, at, SEEK_SET);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

static void test_damaged(void **state)
{
	static char junk[512];
	struct store *st = opened_with_copy();
	struct stat s;

	(void)state;
	memset(junk, 0x5a, sizeof(junk));
	apply_hours(st, 1, 10);
	assert_int_equal(stat(spill, &s), 0);
	assert_true(s.st_size >= 8 * 512);
	for (long at = 0; at < s.st_size; at += 512) {
		copy_file(spill, spare);
		assert_seen_with(spare, 100);
		write_at(spare, at, junk, sizeof(junk));
		assert_seen_with(spare, 80);
	}
	for (long size = 0; size < s.st_size; size += 450) {
		copy_file(spill, spare);
		assert_int_equal(truncate(spare, size), 0);
		assert_seen_with(spare, 80);
	}
	assert_seen_with(folder, 80);
	copy_file(spare, spill);
	apply_hours(st, 11, 11);
	assert_seen(110);
	store_free(st);
}

static void test_names(void **state)
{
	char text[STORE_ERROR_MAX];

	(void)state;
	store_spill_path(text, "/run/stadttor/netctl.sock");
	assert_string_equal(text, "/run/stadttor/portal/waiting.sqlite");
	store_spill_path(text, "/sock");
	assert_string_equal(text, "/portal/waiting.sqlite");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		COPY_TEST(test_seen_at_once),
		COPY_TEST(test_saved_while_read),
		COPY_TEST(test_without_pace),
		COPY_TEST(test_another_name),
		COPY_TEST(test_memory_alone),
		COPY_TEST(test_left_behind),
		COPY_TEST(test_killed),
		COPY_TEST(test_another_file),
		COPY_TEST(test_disk_is_missing),
		COPY_TEST(test_no_folder_for_it),
		COPY_TEST(test_no_room),
		COPY_TEST(test_bound),
		COPY_TEST(test_damaged),
		COPY_TEST(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
