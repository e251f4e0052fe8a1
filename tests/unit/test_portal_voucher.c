/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "common/array.h"
#include "portal/voucher/voucher.h"
#include "portal/voucher/voucher_batch.h"
#include "tests/unit/vouchertime.h"

#define NOW	 1800000007 /* not on a full minute */
#define DAY	 86400
#define MINUTES	 60
#define CODES	 6
#define ALL_ZONE "market"
#define TEST(t)	 cmocka_unit_test_setup_teardown(t, set_up, tear_down)

static char folder[64], file[96], key_file[96];
static struct voucher_settings settings;
static struct vouchers *v;
static char codes[CODES][VOUCHER_CODE_MAX];
static struct voucher_batch batch;

static struct vouchers *opened(void)
{
	struct vouchers *made = vouchers_open(&settings);

	assert_non_null(made);
	vouchers_use_clock(made, told_time, NULL);
	return made;
}

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/voucher.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/vouchers.sqlite", folder);
	snprintf(key_file, sizeof(key_file), "%s/vouchers.key", folder);
	settings = (struct voucher_settings){ .file = file,
					      .key = key_file,
					      .tries_per_minute = 60 };
	now = (struct voucher_time){ .wall_s = NOW, .since_ms = 5000000 };
	v = opened();
	return 0;
}

static int tear_down(void **state)
{
	char command[128];
	int status;

	(void)state;
	vouchers_free(v);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	status = system(command);
	return status;
}

static struct voucher_db *database(struct voucher_key *key)
{
	struct voucher_db *db;

	assert_int_equal(voucher_key_make(key, key_file), 0);
	assert_int_equal(voucher_db_open(&db, file, key, VOUCHER_DB_MAKE), 0);
	return db;
}

static void make(const char *label, int64_t valid_s, const char *zone)
{
	struct voucher_key key;
	struct voucher_db *db = database(&key);

	batch = (struct voucher_batch){
		.created_s = now.wall_s,
		.valid_until_s = now.wall_s + valid_s,
		.duration_s = MINUTES * 60,
		.devices = 3,
		.count = CODES,
	};
	snprintf(batch.label, sizeof(batch.label), "%s", label);
	snprintf(batch.zone, sizeof(batch.zone), "%s", zone);
	assert_int_equal(voucher_batch_create(db, &key, &batch, codes), 0);
	voucher_db_close(db);
}

static enum voucher_answer try_from(const char *code, int family)
{
	struct voucher_pass p;

	return vouchers_redeem(v, code, family, ALL_ZONE, &p);
}

static struct voucher_pass redeem(const char *code)
{
	struct voucher_pass p = { 0 };

	assert_int_equal(vouchers_redeem(v, code, AF_INET, ALL_ZONE, &p),
			 VOUCHER_FINE);
	assert_int_not_equal(p.tag, 0);
	assert_int_equal(p.devices, batch.devices);
	return p;
}

static void assert_answer(const char *code, enum voucher_answer answer)
{
	assert_int_equal(try_from(code, AF_INET), answer);
}

static void wrong_code(char code[VOUCHER_CODE_MAX])
{
	assert_int_equal(voucher_code_make(code), 0);
}

/* --- a code's life ----------------------------------------------------- */

static void test_minutes(void **state)
{
	struct voucher_pass first, other;
	int64_t until_full = 60 - NOW % 60;

	(void)state;
	make("one", DAY, "");
	first = redeem(codes[0]);
	assert_true(first.is_first_use);
	assert_int_equal(first.left_s, MINUTES * 60);
	pass(100);
	other = redeem(codes[0]);
	assert_false(other.is_first_use);
	assert_int_equal(other.tag, first.tag);
	assert_int_equal(other.id, first.id);
	assert_int_equal(other.left_s, MINUTES * 60 + until_full - 100);
	pass(MINUTES * 60 - 100 + until_full - 1);
	assert_int_equal(redeem(codes[0]).left_s, 1);
	pass(1);
	assert_answer(codes[0], VOUCHER_USED_UP);
	pass(-DAY / 24); /* minutes do not come back with the clock */
	assert_answer(codes[1], VOUCHER_FINE);
	assert_int_not_equal(redeem(codes[1]).tag, first.tag);
}

static void test_restart(void **state)
{
	struct voucher_pass first;

	(void)state;
	make("one", DAY, "");
	first = redeem(codes[0]);
	vouchers_free(v);
	v = opened();
	pass(30 * 60);
	assert_false(redeem(codes[0]).is_first_use);
	assert_int_equal(redeem(codes[0]).tag, first.tag);
	pass(31 * 60);
	assert_answer(codes[0], VOUCHER_USED_UP);
}

static void test_validity(void **state)
{
	(void)state;
	make("one", DAY, "");
	pass(DAY - 600);
	assert_int_equal(redeem(codes[0]).left_s, 600);
	pass(599);
	assert_int_equal(redeem(codes[0]).left_s, 1);
	assert_int_equal(redeem(codes[1]).left_s, 1);
	pass(1);
	for (size_t i = 0; i < CODES; i++)
		assert_answer(codes[i], VOUCHER_EXPIRED);
}

static void test_zone(void **state)
{
	(void)state;
	make("one", DAY, "station");
	assert_answer(codes[0], VOUCHER_WRONG_ZONE);
	make("two", DAY, ALL_ZONE);
	assert_answer(codes[0], VOUCHER_FINE);
}

/* --- the clock ---------------------------------------------------------- */

/* Somebody sets the wall clock. */
static void set_clock(int64_t by_s)
{
	now.wall_s += by_s;
}

/* The box boots, with that clock. */
static void boot(int64_t wall_s)
{
	vouchers_free(v);
	now = (struct voucher_time){ .wall_s = wall_s, .since_ms = 20000 };
	v = opened();
}

/* A clock that is behind after a start must not stretch a code. */
static void test_clock_is_behind(void **state)
{
	(void)state;
	make("one", DAY, "");
	pass(DAY / 2);
	redeem(codes[0]);
	set_clock(-200); /* right by a little */
	redeem(codes[0]);
	assert_true(redeem(codes[0]).left_s <= MINUTES * 60);
	boot(NOW + DAY / 2 - 3600);
	assert_answer(codes[0], VOUCHER_UNAVAILABLE);
	assert_answer(codes[1], VOUCHER_FINE);
	boot(0);
	assert_answer(codes[2], VOUCHER_UNAVAILABLE);
	set_clock(NOW + DAY / 2);
	assert_answer(codes[0], VOUCHER_FINE);
	assert_answer(codes[2], VOUCHER_FINE);
	assert_true(redeem(codes[0]).left_s > (MINUTES - 5) * 60);
}

/* From wherever it is set to where: the minutes that are left stay. */
static void test_clock_is_set(void **state)
{
	static const int64_t steps[] = { 2 * DAY,  -5 * DAY,  86,
					 40 * DAY, -40 * DAY, 3 * DAY };
	int64_t until_full;

	(void)state;
	make("one", 90 * DAY, "");
	pass(18 * DAY);
	until_full = 60 - now.wall_s % 60;
	redeem(codes[0]);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		set_clock(steps[i]);
		pass(100);
		assert_int_equal(redeem(codes[0]).left_s,
				 MINUTES * 60 + until_full -
					 100 * (int64_t)(i + 1));
	}
	pass(MINUTES * 60);
	assert_answer(codes[0], VOUCHER_USED_UP);
	set_clock(-9 * DAY); /* what is over does not come back */
	assert_answer(codes[0], VOUCHER_USED_UP);
	set_clock(9 * DAY);
	assert_answer(codes[1], VOUCHER_FINE);
	assert_answer(codes[0], VOUCHER_USED_UP);
}

/* Nobody looks while it is set, and the file is away. */
static void test_clock_is_set_meanwhile(void **state)
{
	char away[128];

	(void)state;
	make("one", 90 * DAY, "");
	pass(18 * DAY);
	redeem(codes[0]);
	snprintf(away, sizeof(away), "%s.away", file);
	assert_int_equal(rename(file, away), 0);
	set_clock(2 * DAY);
	pass(60);
	assert_answer(codes[0], VOUCHER_UNAVAILABLE);
	set_clock(DAY);
	pass(60);
	assert_answer(codes[0], VOUCHER_UNAVAILABLE);
	assert_int_equal(rename(away, file), 0);
	pass(60);
	assert_true(redeem(codes[0]).left_s > (MINUTES - 4) * 60);
}

/* Two power cuts: begun behind, cut again, and then the clock is set. */
static void test_power_cut_before_it_is_set(void **state)
{
	(void)state;
	make("one", 90 * DAY, "");
	boot(NOW + 18 * DAY);
	redeem(codes[0]);
	boot(NOW + 18 * DAY + 30); /* as the file's time tells */
	set_clock(2 * DAY);
	assert_true(redeem(codes[0]).left_s > (MINUTES - 2) * 60);
}

/* The end of a code that was begun by a clock that was right is right. */
static void test_clock_was_right_before(void **state)
{
	(void)state;
	make("one", 90 * DAY, "");
	pass(20 * DAY);
	redeem(codes[0]);
	boot(NOW + 18 * DAY);
	assert_answer(codes[0], VOUCHER_UNAVAILABLE);
	set_clock(2 * DAY + 1800);
	assert_int_equal(redeem(codes[0]).left_s / 60, MINUTES - 30);
}

static void test_clock_of_1970(void **state)
{
	(void)state;
	make("one", 90 * DAY, "");
	redeem(codes[0]);
	set_clock(-now.wall_s); /* no end is before 1970 */
	assert_answer(codes[0], VOUCHER_UNAVAILABLE);
	set_clock(NOW);
	assert_true(redeem(codes[0]).left_s > (MINUTES - 1) * 60);
	assert_false(redeem(codes[0]).is_first_use);
}

/* An end of 0 would be that of a code nobody has begun. */
static void test_clock_is_set_to_an_end_of_zero(void **state)
{
	int64_t ends_s;

	(void)state;
	make("one", 90 * DAY, "");
	ends_s = now.wall_s + (int64_t)redeem(codes[0]).left_s;
	ends_s += 60 - ends_s % 60;
	pass(2 * MINUTES * 60);
	assert_answer(codes[0], VOUCHER_USED_UP);
	set_clock(-ends_s);
	assert_answer(codes[1], VOUCHER_UNAVAILABLE);
	set_clock(ends_s);
	assert_answer(codes[0], VOUCHER_USED_UP);
}

/* Beyond the batch's day nothing goes on, whatever the clock said. */
static void test_clock_and_validity(void **state)
{
	(void)state;
	make("one", DAY, "");
	redeem(codes[0]);
	set_clock(DAY - 600);
	assert_int_equal(redeem(codes[0]).left_s, 600);
	pass(600);
	assert_answer(codes[0], VOUCHER_EXPIRED);
}

/* --- taking back ------------------------------------------------------- */

static void test_take_back(void **state)
{
	struct voucher_pass first;

	(void)state;
	make("one", DAY, "");
	first = redeem(codes[0]);
	pass(2);
	vouchers_take_back(v, &first);
	pass(3600 * 5);
	first = redeem(codes[0]);
	assert_true(first.is_first_use);
	assert_int_equal(first.left_s, MINUTES * 60);
}

static void test_take_back_of_another(void **state)
{
	struct voucher_pass first, second, third;

	(void)state;
	make("one", DAY, "");
	first = redeem(codes[0]);
	second = redeem(codes[0]);
	vouchers_take_back(v, &first); /* the second one is in */
	third = redeem(codes[0]);
	assert_false(third.is_first_use);
	vouchers_take_back(v, &third);
	pass(MINUTES * 60 + 60);
	assert_answer(codes[0], VOUCHER_USED_UP);

	first = redeem(codes[1]);
	second = redeem(codes[1]);
	vouchers_take_back(v, &second);
	vouchers_take_back(v, &first); /* nobody is in */
	/* begun and undone again and again would keep the disk busy */
	assert_answer(codes[1], VOUCHER_UNAVAILABLE);
	pass(11);
	assert_true(redeem(codes[1]).is_first_use);

	first = redeem(codes[2]);
	second = redeem(codes[2]);
	vouchers_take_back(v, &first);
	vouchers_take_back(v, &second); /* neither */
	pass(11);
	assert_true(redeem(codes[2]).is_first_use);
}

/* Only who was first, and only once, makes a code as new. */
static void test_take_back_is_no_refund(void **state)
{
	struct voucher_pass first, later;

	(void)state;
	make("one", DAY, "");
	first = redeem(codes[0]);
	later = redeem(codes[0]);
	for (int i = 0; i < 3; i++)
		vouchers_take_back(v, &later);
	assert_false(redeem(codes[0]).is_first_use);
	vouchers_free(v); /* whoever asked for the grant is gone */
	v = opened();
	vouchers_take_back(v, &first);
	assert_false(redeem(codes[0]).is_first_use);
	pass(MINUTES * 60 + 60);
	vouchers_take_back(v, &first);
	assert_answer(codes[0], VOUCHER_USED_UP);
}

/* --- revoking ---------------------------------------------------------- */

static size_t take_away(const char *code, uint64_t *tag)
{
	struct voucher_key key;
	struct voucher_db *db = database(&key);
	struct voucher_target t = { 0 };
	uint64_t *tags;
	size_t count;

	if (code)
		assert_int_equal(voucher_key_hash(&key, code, &t.code), 0);
	else
		t.batch = batch.id;
	assert_int_equal(
		voucher_batch_revoke(db, &t, now.wall_s, &tags, &count), 0);
	if (count)
		*tag = tags[0];
	free(tags);
	voucher_db_close(db);
	return count;
}

static void test_revoke(void **state)
{
	struct voucher_pass used;
	uint64_t tag = 0;

	(void)state;
	make("one", DAY, "");
	used = redeem(codes[0]);
	assert_int_equal(take_away(codes[1], &tag), 0);
	assert_answer(codes[1], VOUCHER_REVOKED);
	assert_answer(codes[2], VOUCHER_FINE);
	assert_int_equal(take_away(codes[0], &tag), 1);
	assert_int_equal(tag, used.tag);
	assert_answer(codes[0], VOUCHER_REVOKED);
	vouchers_take_back(v, &used);
	assert_answer(codes[0], VOUCHER_REVOKED);
	/* again, for sessions; the first one has been taken back */
	assert_int_equal(take_away(NULL, &tag), 1);
	for (size_t i = 0; i < CODES; i++)
		assert_answer(codes[i], VOUCHER_REVOKED);
	pass(MINUTES * 60 + 60);
	assert_int_equal(take_away(NULL, &tag), 0);
}

static void test_revoke_what_is_not_there(void **state)
{
	struct voucher_target t = { .batch = 99 };
	struct voucher_key key;
	struct voucher_db *db = database(&key);
	uint64_t *tags;
	size_t count;

	(void)state;
	assert_int_equal(voucher_batch_revoke(db, &t, NOW, &tags, &count),
			 -ENOENT);
	assert_null(tags);
	t.batch = 0;
	assert_int_equal(voucher_batch_revoke(db, &t, NOW, &tags, &count),
			 -ENOENT);
	voucher_db_close(db);
}

/* --- who guesses ------------------------------------------------------- */

/* How many wrong codes are looked up if ten come a second. */
static unsigned int guess(int family, unsigned int tries)
{
	unsigned int looked_up = 0;
	char code[VOUCHER_CODE_MAX];

	for (unsigned int i = 0; i < tries; i++) {
		wrong_code(code);
		looked_up += try_from(code, family) == VOUCHER_UNKNOWN;
		now.since_ms += 100;
	}
	return looked_up;
}

static void test_all_who_guess(void **state)
{
	unsigned int count;

	(void)state;
	make("one", DAY, "");
	/* what has gathered, and half of 60 a minute */
	count = guess(AF_INET6, 6005);
	assert_in_range(count, 30 + 299, 30 + 301);
	count = guess(AF_INET6, 6005);
	assert_in_range(count, 299, 301);
	/* right codes wait for those of their family only */
	assert_int_equal(try_from(codes[0], AF_INET6), VOUCHER_WAIT);
	assert_int_equal(try_from(codes[0], AF_INET), VOUCHER_FINE);
	now.since_ms += 2000;
	assert_int_equal(try_from(codes[1], AF_INET6), VOUCHER_FINE);
	count = guess(AF_INET, 6005);
	assert_in_range(count, 30 + 299, 30 + 301);
	assert_int_equal(try_from(codes[0], AF_INET), VOUCHER_WAIT);
}

static void test_slowest_rate(void **state)
{
	(void)state;
	settings.tries_per_minute = 1;
	vouchers_free(v);
	v = opened();
	make("one", DAY, "");
	assert_int_equal(guess(AF_INET, 1199), 1); /* 119.9 s */
	assert_int_equal(guess(AF_INET, 1200), 1);
	assert_int_equal(guess(AF_INET6, 12), 1);
}

static void test_right_codes_cost_nothing(void **state)
{
	(void)state;
	make("old", 600, "");
	pass(600);
	for (int i = 0; i < 1000; i++)
		assert_answer(codes[i % CODES], VOUCHER_EXPIRED);
	make("one", DAY, "");
	for (int i = 0; i < 1000; i++)
		redeem(codes[i % CODES]);
}

/* --- files ------------------------------------------------------------- */

static void test_no_file_yet(void **state)
{
	char code[VOUCHER_CODE_MAX];
	struct stat s;

	(void)state;
	wrong_code(code);
	assert_answer(code, VOUCHER_UNAVAILABLE);
	assert_int_equal(stat(file, &s), -1); /* strangers make no files */
	assert_int_equal(stat(key_file, &s), -1);
	make("one", DAY, "");
	assert_answer(codes[0], VOUCHER_FINE);
}

static void test_file_is_replaced(void **state)
{
	char old[VOUCHER_CODE_MAX], aside[128];

	(void)state;
	make("one", DAY, "");
	memcpy(old, codes[0], sizeof(old));
	redeem(old);
	snprintf(aside, sizeof(aside), "%s.old", file);
	assert_int_equal(rename(file, aside), 0);
	pass(2);
	make("two", DAY, "");
	assert_answer(codes[0], VOUCHER_FINE);
	assert_answer(old, VOUCHER_UNKNOWN);
	assert_int_equal(rename(aside, file), 0);
	pass(2);
	assert_false(redeem(old).is_first_use);
}

static void test_other_key(void **state)
{
	struct voucher_key key;
	struct voucher_db *db;

	(void)state;
	make("one", DAY, "");
	assert_int_equal(unlink(key_file), 0);
	assert_answer(codes[0], VOUCHER_UNAVAILABLE);
	assert_int_equal(voucher_key_make(&key, key_file), 0);
	pass(2);
	assert_answer(codes[0], VOUCHER_UNAVAILABLE);
	assert_int_equal(voucher_db_open(&db, file, &key, VOUCHER_DB_MAKE),
			 -EKEYREJECTED);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void test_foreign_files(void **state)
{
	static const char *const others[] = {
		"CREATE TABLE t (x); PRAGMA user_version = 1;",
		"CREATE TABLE t (x);",
		"PRAGMA application_id = 7;",
	};
	char code[VOUCHER_CODE_MAX];
	struct voucher_key key;
	struct voucher_db *db;
	sqlite3 *raw;

	(void)state;
	assert_int_equal(voucher_key_make(&key, key_file), 0);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		unlink(file);
		assert_int_equal(sqlite3_open(file, &raw), SQLITE_OK);
		assert_int_equal(sqlite3_exec(raw, others[i], NULL, NULL, NULL),
				 SQLITE_OK);
		sqlite3_close(raw);
		assert_int_equal(
			voucher_db_open(&db, file, &key, VOUCHER_DB_MAKE),
			-EMEDIUMTYPE);
	}
	write_file(file,
		   "this is text, of more than a hundred bytes, so that "
		   "it is no database: .................................");
	assert_int_equal(voucher_db_open(&db, file, &key, VOUCHER_DB_MAKE),
			 -EUCLEAN);
	assert_string_equal(voucher_db_reason(-EUCLEAN), "the file is damaged");
	wrong_code(code);
	assert_answer(code, VOUCHER_UNAVAILABLE);
}

static void test_later_version(void **state)
{
	sqlite3 *raw;

	(void)state;
	make("one", DAY, "");
	assert_int_equal(sqlite3_open(file, &raw), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(raw, "PRAGMA user_version = 99", NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(raw);
	assert_answer(codes[0], VOUCHER_UNAVAILABLE);
}

static void test_somebody_writes(void **state)
{
	sqlite3 *raw;

	(void)state;
	make("one", DAY, "");
	redeem(codes[0]);
	assert_int_equal(sqlite3_open(file, &raw), SQLITE_OK);
	assert_int_equal(sqlite3_exec(raw, "BEGIN IMMEDIATE", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_answer(codes[0], VOUCHER_FINE); /* nothing to write */
	assert_answer(codes[1], VOUCHER_UNAVAILABLE);
	sqlite3_close(raw);
	assert_true(redeem(codes[1]).is_first_use);
}

/* A use that cannot be written down is none. */
static void test_full_disk(void **state)
{
	sqlite3 *raw;

	(void)state;
	make("one", DAY, "");
	assert_int_equal(sqlite3_open(file, &raw), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(raw,
			     "CREATE TRIGGER full BEFORE UPDATE ON codes BEGIN"
			     " SELECT raise(ABORT, 'full'); END",
			     NULL, NULL, NULL),
		SQLITE_OK);
	assert_answer(codes[0], VOUCHER_UNAVAILABLE);
	assert_int_equal(
		sqlite3_exec(raw, "DROP TRIGGER full", NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(raw);
	pass(2);
	assert_true(redeem(codes[0]).is_first_use);
}

static void test_key_file(void **state)
{
	struct voucher_key first, again;
	struct stat s;
	struct dirent *e;
	DIR *d;

	(void)state;
	assert_int_equal(voucher_key_read(&first, key_file), -ENOENT);
	umask(0);
	assert_int_equal(voucher_key_make(&first, key_file), 0);
	assert_int_equal(voucher_key_make(&again, key_file), 0);
	assert_memory_equal(&first, &again, sizeof(first));
	assert_int_equal(stat(key_file, &s), 0);
	assert_int_equal(s.st_mode & 07777, 0600);
	assert_int_equal(s.st_size, VOUCHER_KEY_BYTES);
	assert_int_equal(s.st_nlink, 1);
	d = opendir(folder);
	assert_non_null(d);
	while ((e = readdir(d)))
		if (*e->d_name != '.')
			assert_string_equal(e->d_name, "vouchers.key");
	closedir(d);
	assert_int_equal(truncate(key_file, VOUCHER_KEY_BYTES - 1), 0);
	assert_int_equal(voucher_key_make(&again, key_file), -EBADMSG);
	assert_int_equal(truncate(key_file, VOUCHER_KEY_BYTES + 1), 0);
	assert_int_equal(voucher_key_read(&again, key_file), -EBADMSG);
}

/* The whole folder: no code, with or without its dash. */
static void test_nothing_in_clear(void **state)
{
	char command[256];

	(void)state;
	make("one", DAY, "");
	for (size_t i = 0; i < CODES; i++)
		redeem(codes[i]);
	for (size_t i = 0; i < CODES; i++) {
		snprintf(command, sizeof(command),
			 "grep -raE '%.5s-?%s' %s >/dev/null", codes[i],
			 codes[i] + 5, folder);
		assert_int_equal(WEXITSTATUS(system(command)), 1);
	}
	snprintf(command, sizeof(command), "grep -ra one %s >/dev/null",
		 folder);
	assert_int_equal(WEXITSTATUS(system(command)), 0);
}

/* --- what is kept ------------------------------------------------------ */

static int64_t number(const char *sql)
{
	int64_t n = -1;
	sqlite3_stmt *s;
	sqlite3 *raw;

	assert_int_equal(sqlite3_open(file, &raw), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(raw, sql, -1, &s, NULL), SQLITE_OK);
	if (sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(raw);
	return n;
}

/* Up to a day after its end: the minute of it; then the day. */
static void test_times_that_are_kept(void **state)
{
	(void)state;
	make("one", 3 * DAY, "");
	redeem(codes[0]);
	assert_int_equal(number("SELECT max(ends_s) FROM codes"),
			 (NOW + MINUTES * 60 + 59) / 60 * 60);
	pass(DAY + 2 * MINUTES * 60);
	redeem(codes[1]);
	assert_int_equal(number("SELECT min(ends_s) FROM codes"),
			 -((NOW + MINUTES * 60) / DAY));
	assert_int_equal(number("SELECT count(*) FROM codes WHERE ends_s > 0"),
			 1);
	assert_answer(codes[0], VOUCHER_USED_UP);
	now.wall_s = NOW; /* not even if the clock goes back */
	assert_answer(codes[0], VOUCHER_USED_UP);
}

#define OUT_OF_ORDER                                                           \
	"SELECT count(*) FROM codes a JOIN codes b ON b.id = a.id + 1"         \
	" WHERE a.batch = b.batch AND a.hash >= b.hash"
#define TAGGED "SELECT count(*) FROM codes WHERE tag != 0"

/* Cards are handed out in their order; rows have none that tells it. */
static void test_rows_are_in_order_of_hashes(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		make("one", DAY, "");
	assert_int_equal(number(OUT_OF_ORDER), 0);
	assert_int_equal(number("SELECT count(*) FROM codes"), 3 * CODES);
	redeem(codes[CODES - 1]);
}

static void test_tag_goes_with_the_minutes(void **state)
{
	uint64_t tag;

	(void)state;
	make("one", 3 * DAY, "");
	assert_int_equal(number(TAGGED), 0);
	tag = redeem(codes[0]).tag;
	pass(90);
	redeem(codes[1]);
	vouchers_tidy(v);
	assert_int_equal(number(TAGGED), 2);
	pass(MINUTES * 60 - 90);
	assert_int_equal(redeem(codes[0]).tag, tag);
	pass(60);
	vouchers_tidy(v);
	assert_int_equal(number(TAGGED), 1);
	pass(60);
	vouchers_tidy(v);
	assert_int_equal(number(TAGGED), 0);
	assert_answer(codes[0], VOUCHER_USED_UP);
}

static void run_sql(const char *sql)
{
	sqlite3 *raw;

	assert_int_equal(sqlite3_open(file, &raw), SQLITE_OK);
	assert_int_equal(sqlite3_exec(raw, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(raw);
}

/* A clock that was ahead when the portal started took it. */
static void test_running_code_gets_another_tag(void **state)
{
	uint64_t tag;

	(void)state;
	make("one", DAY, "");
	redeem(codes[0]);
	run_sql("UPDATE codes SET tag = 0");
	tag = redeem(codes[0]).tag;
	assert_int_equal(redeem(codes[0]).tag, tag);
}

/* As version 1 has left it: rows in the order of cards, each with its tag. */
static void test_migration(void **state)
{
	struct voucher_pass running;

	(void)state;
	make("one", 9 * DAY, "");
	redeem(codes[0]);
	pass(3 * DAY);
	running = redeem(codes[1]);
	vouchers_free(v);
	run_sql("CREATE TABLE old (id INTEGER PRIMARY KEY, batch INTEGER NOT"
		" NULL REFERENCES batches (id), hash BLOB NOT NULL UNIQUE,"
		" tag INTEGER NOT NULL, ends_s INTEGER NOT NULL DEFAULT 0,"
		" revoked INTEGER NOT NULL DEFAULT 0);"
		"INSERT INTO old (batch, hash, tag, ends_s)"
		" SELECT batch, hash, iif(tag, tag, id), ends_s FROM codes"
		" ORDER BY hash DESC;"
		"DROP TABLE codes; ALTER TABLE old RENAME TO codes;"
		"CREATE INDEX codes_of_batch ON codes (batch);"
		"CREATE INDEX codes_begun ON codes (ends_s) WHERE ends_s > 0;"
		"PRAGMA user_version = 1");
	v = opened();
	assert_int_equal(redeem(codes[1]).tag, running.tag);
	assert_int_equal(number(OUT_OF_ORDER), 0);
	assert_int_equal(number(TAGGED), 1);
	assert_int_equal(number("SELECT count(*) FROM codes"), CODES);
	assert_answer(codes[0], VOUCHER_USED_UP);
	redeem(codes[2]);
}

struct seen {
	struct voucher_statistics s[3];
	size_t count;
};

static void on_label(const struct voucher_statistics *s, void *arg)
{
	struct seen *seen = arg;

	assert_true(seen->count < 3);
	seen->s[seen->count++] = *s;
}

static void assert_statistics(size_t labels, size_t which,
			      const uint64_t wanted[5])
{
	struct seen seen = { .count = 0 };
	struct voucher_key key;
	struct voucher_db *db = database(&key);
	const struct voucher_statistics *s = &seen.s[which];

	assert_int_equal(
		voucher_batch_statistics(db, now.wall_s, on_label, &seen), 0);
	voucher_db_close(db);
	assert_int_equal(seen.count, labels);
	assert_int_equal(s->created, wanted[0]);
	assert_int_equal(s->used, wanted[1]);
	assert_int_equal(s->active, wanted[2]);
	assert_int_equal(s->expired, wanted[3]);
	assert_int_equal(s->revoked, wanted[4]);
}

static void test_statistics(void **state)
{
	uint64_t tag;

	(void)state;
	make("b", DAY, "");
	make("a", 100 * DAY, "");
	redeem(codes[0]);
	redeem(codes[1]);
	take_away(codes[1], &tag);
	take_away(codes[2], &tag);
	assert_statistics(2, 0, (uint64_t[]){ CODES, 2, 1, 0, 2 });
	assert_statistics(2, 1, (uint64_t[]){ CODES, 0, 0, 0, 0 });
	pass(DAY);
	assert_statistics(2, 0, (uint64_t[]){ CODES, 2, 0, 0, 2 });
	assert_statistics(2, 1, (uint64_t[]){ CODES, 0, 0, CODES, 0 });
	/* rows go, figures stay as long as their batch */
	pass(32 * DAY);
	make("c", DAY, "");
	assert_int_equal(number("SELECT count(*) FROM codes"), 2 * CODES - 1);
	assert_statistics(2, 0, (uint64_t[]){ CODES, 2, 0, 0, 2 });
	pass(100 * DAY);
	make("c", DAY, "");
	assert_int_equal(number("SELECT count(*) FROM codes"), CODES);
	assert_int_equal(number("SELECT id FROM batches"), 4);
	assert_statistics(1, 0, (uint64_t[]){ CODES, 0, 0, 0, 0 });
}

static void on_batch(const struct voucher_batch *b, void *arg)
{
	int64_t *ids = arg;

	assert_int_equal(b->count, CODES);
	assert_int_equal(b->devices, 3);
	assert_int_equal(b->duration_s, MINUTES * 60);
	assert_string_equal(b->zone, "station");
	*ids = *ids * 10 + b->id;
}

static void test_list(void **state)
{
	int64_t all = 0, some = 0;
	struct voucher_key key;
	struct voucher_db *db;

	(void)state;
	make("b", DAY, "station");
	make("a", DAY, "station");
	make("b", DAY, "station");
	db = database(&key);
	assert_int_equal(voucher_batch_list(db, NOW, NULL, on_batch, &all), 0);
	assert_int_equal(voucher_batch_list(db, NOW, "b", on_batch, &some), 0);
	voucher_db_close(db);
	assert_int_equal(all, 123);
	assert_int_equal(some, 13);
}

static void test_labels(void **state)
{
	char label[VOUCHER_LABEL_MAX + 1];

	(void)state;
	memset(label, 'x', sizeof(label));
	label[VOUCHER_LABEL_MAX] = '\0';
	assert_false(voucher_label_is_valid(label));
	label[VOUCHER_LABEL_MAX - 1] = '\0';
	assert_true(voucher_label_is_valid(label));
	assert_true(voucher_label_is_valid("Bücher & <b>Märkte</b>"));
	assert_false(voucher_label_is_valid(""));
	assert_false(voucher_label_is_valid("a\nb"));
	assert_false(voucher_label_is_valid("\xff"));
	assert_false(voucher_label_is_valid("a\u202eb"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_minutes),
		TEST(test_restart),
		TEST(test_validity),
		TEST(test_zone),
		TEST(test_clock_is_behind),
		TEST(test_clock_is_set),
		TEST(test_clock_is_set_meanwhile),
		TEST(test_power_cut_before_it_is_set),
		TEST(test_clock_was_right_before),
		TEST(test_clock_of_1970),
		TEST(test_clock_is_set_to_an_end_of_zero),
		TEST(test_clock_and_validity),
		TEST(test_take_back),
		TEST(test_take_back_of_another),
		TEST(test_take_back_is_no_refund),
		TEST(test_revoke),
		TEST(test_revoke_what_is_not_there),
		TEST(test_all_who_guess),
		TEST(test_slowest_rate),
		TEST(test_right_codes_cost_nothing),
		TEST(test_no_file_yet),
		TEST(test_file_is_replaced),
		TEST(test_other_key),
		TEST(test_foreign_files),
		TEST(test_later_version),
		TEST(test_somebody_writes),
		TEST(test_full_disk),
		TEST(test_key_file),
		TEST(test_nothing_in_clear),
		TEST(test_times_that_are_kept),
		TEST(test_rows_are_in_order_of_hashes),
		TEST(test_tag_goes_with_the_minutes),
		TEST(test_running_code_gets_another_tag),
		TEST(test_migration),
		TEST(test_statistics),
		TEST(test_list),
		TEST(test_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
