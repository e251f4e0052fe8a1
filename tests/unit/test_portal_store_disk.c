/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store in memory, on disks that fail and over files of all kinds. */
#include "tests/unit/storetest.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "portal/store/store_schema.h"
#include "portal/util/sqlite.h"

static bool is_isolated; /* mounts of ours are nobody else's */

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
	assert_int_equal(hours_total(st), 10);
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
	add_cell(USAGE_DEVICES_ONLINE, "guest", NOON, 1);
	add_cell(USAGE_LANGUAGE_OTHER, "", NOON, 4);
	assert_int_equal(store_apply(st, &batch), 0);
	assert_position(st, 6, 0);
	assert_int_equal(hours_total(st), 11);
	assert_int_equal(total(st, STORE_WEEK, "", USAGE_LANGUAGE_OTHER), 4);
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
	assert_int_equal(hours_total(st), 14);
	assert_int_equal(hours_total(st), 14);
	assert_int_equal(total(st, STORE_WEEK, "", USAGE_LANGUAGE_OTHER), 4);
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
	assert_int_equal(hours_total(st), seq + 1);
	assert_int_equal(find(st, STORE_HOUR, NULL, 0, 0)->rows, 2);
	assert_false(store_retry(st));
	assert_position(st, seq + 1, seq - 1);
}

static void play_free_disk(struct store *st, uint64_t seq)
{
	assert_true(store_retry(st));
	assert_position(st, seq + 1, seq + 1);
	assert_int_equal(hours_total(st), seq + 1);
	assert_int_equal(hours_total(st), seq + 1);
	store_free(st);
	st = opened();
	assert_position(st, seq + 1, seq + 1);
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
	assert_int_equal(hours_total(st), 3);
	store_free(second);
	store_free(st);
}

/* --- a file system that cannot map memory ------------------------------- */

static sqlite3_vfs *real_vfs;

static int fail_to_map(sqlite3_file *f, int region, int size, int extend,
		       void volatile **out)
{
	(void)f;
	(void)region;
	(void)size;
	(void)extend;
	(void)out;
	return SQLITE_IOERR_SHMMAP;
}

static int open_without_map(sqlite3_vfs *vfs, const char *name, sqlite3_file *f,
			    int flags, int *out_flags)
{
	static sqlite3_io_methods methods;
	int code = real_vfs->xOpen(real_vfs, name, f, flags, out_flags);

	(void)vfs;
	if (f->pMethods && flags & SQLITE_OPEN_MAIN_DB) {
		methods = *f->pMethods;
		methods.xShmMap = fail_to_map;
		f->pMethods = &methods;
	}
	return code;
}

static void test_no_shared_memory(void **state)
{
	static sqlite3_vfs vfs;

	(void)state;
	real_vfs = sqlite3_vfs_find(NULL);
	vfs = *real_vfs;
	vfs.zName = "nomap";
	vfs.xOpen = open_without_map;
	sqlite3_vfs_register(&vfs, 1);
	for (uint64_t seq = 1; seq <= 2; seq++) {
		struct store *st = opened();

		assert_int_equal(store_health(st), STORE_ON_DISK);
		assert_int_equal(apply_hour(st, seq, NOON, 1), 0);
		assert_position(st, seq, seq);
		assert_int_equal(hours_total(st), seq);
		store_free(st);
	}
	sqlite3_vfs_unregister(&vfs);
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

/* Taken away, or a backup put in its place, while it is open. */
static void test_removed_and_replaced(void **state)
{
	char backup[160], wal[160];
	struct store *st = opened();

	(void)state;
	assert_int_equal(apply_hour(st, 1, NOON, 1), 0);
	snprintf(wal, sizeof(wal), "%s-wal", path);
	snprintf(backup, sizeof(backup), "%s.old", path);
	assert_int_equal(rename(path, backup), 0);
	unlink(wal);
	assert_int_equal(apply_hour(st, 2, NOON + 3600, 1), 0);
	assert_int_equal(store_health(st), STORE_ON_DISK);
	assert_position(st, 2, 2);
	store_free(st);
	st = opened(); /* it is in the file that is there */
	assert_position(st, 2, 2);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(apply_hour(st, 3, NOON + 7200, 1), 0);
	store_free(st);
	st = opened();
	assert_position(st, 3, 3);
	store_free(st);
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
	struct store_query q = { .step = STORE_HOUR };
	struct store *st = opened();

	(void)state;
	for (uint64_t seq = 1; seq <= 900; seq++)
		assert_int_equal(
			apply_hour(st, seq, NOON + (int64_t)seq * 3600, 1), 0);
	store_free(st);
	damage();
	st = opened();
	assert_true(store_read(st, &q, on_any_row, NULL) < 0);
	assert_int_equal(store_health(st), STORE_CANNOT_WRITE);
	assert_int_equal(apply_hour(st, 901, NOON, 1), 0);
	assert_true(store_retry(st));
	assert_int_equal(store_health(st), STORE_ON_DISK);
	/* what has been acknowledged is in the file that was set aside */
	assert_int_equal(store_position(st).applied, 0);
	assert_set_aside(1, "SQLite format 3");
	assert_int_equal(apply_hour(st, 901, NOON, 1), 0);
	assert_position(st, 901, 901);
	store_free(st);
}

static void test_damage_met_in_writing(void **state)
{
	struct store *st = opened();

	(void)state;
	for (uint64_t seq = 1; seq <= 900; seq++)
		assert_int_equal(
			apply_hour(st, seq, NOON + (int64_t)seq * 3600, 1), 0);
	store_free(st);
	damage();
	st = opened();
	assert_int_equal(apply_hour(st, 901, NOON, 1), 0);
	assert_position(st, 901, 901);
	assert_int_equal(store_health(st), STORE_ON_DISK);
	assert_int_equal(hours_total(st), 1);
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

static void read_file(char *buf, size_t max)
{
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	memset(buf, 0, max);
	assert_true(fread(buf, 1, max, f) > 0);
	fclose(f);
}

static int number_of(const char *sql)
{
	sqlite3 *db;
	int v = -1;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite_read_number(db, sql, &v), 0);
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
	assert_int_equal(hours_total(st), 1);
	assert_false(store_retry(st));
	store_free(st);
	assert_null(store_open_readonly(path, "", error));
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
	static char before[16384], after[sizeof(before)];

	(void)state;
	run_sql("CREATE TABLE cats (name); INSERT INTO cats VALUES ('Mia')");
	read_file(before, sizeof(before));
	assert_left_alone();
	read_file(after, sizeof(after));
	assert_memory_equal(before, after, sizeof(before));
}

/* Figures that k devices shared stay, apart from what comes then. */
static void on_old_day(store_day day, const uint64_t value[STORE_OLD_COLUMNS],
		       void *arg)
{
	char *said = arg;
	size_t len = strlen(said);

	snprintf(said + len, 100 - len, "%u %llu %llu %llu, ", day,
		 (unsigned long long)value[0], (unsigned long long)value[1],
		 (unsigned long long)value[STORE_OLD_COLUMNS - 1]);
}

static void test_migration(void **state)
{
	char said[100] = "", all[400];
	struct store *st;
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite_migrate(db, store_migrations, 1), 0);
	snprintf(all, sizeof(all),
		 "INSERT INTO days (id, visitors_day, visitors, peak) VALUES"
		 " (20260101 << 10, 5, 9, 10), (20260102 << 10, 7, 8, 15),"
		 " (20260102 << 10 | 1, 7, 8, 15);"
		 "INSERT INTO hours (id, visitors) VALUES (%d << 10 | 1, 3);"
		 "UPDATE meta SET stream = 3, seq = 99;",
		 NOON);
	assert_int_equal(sqlite3_exec(db, all, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	st = opened();
	assert_int_equal(apply_hour(st, 1, NOON, 12), 0);
	assert_int_equal(hours_total(st), 12);
	assert_int_equal(store_read_old(st, 0, 0, on_old_day, said), 0);
	assert_string_equal(said, "20260101 5 9 10, 20260102 7 8 15, ");
	said[0] = '\0';
	assert_int_equal(
		store_read_old(st, 20260102, 20260102, on_old_day, said), 0);
	assert_string_equal(said, "20260102 7 8 15, ");
	store_free(st);
	assert_int_equal(number_of("PRAGMA user_version"), store_version);
	assert_int_equal(number_of("SELECT visitors FROM k_hours"), 3);
}

/* All of it or nothing. */
static void test_migration_fails(void **state)
{
	const char *const steps[] = {
		store_migrations[0],
		"ALTER TABLE days ADD COLUMN more INTEGER NOT NULL DEFAULT 7;",
		"CREATE TABLE notes (text); CREATE TABLE days (id)",
	};
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite_migrate(db, steps, 2), 0);
	assert_int_equal(sqlite_migrate(db, steps, 2), 0);
	/* the third is wrong in its second half */
	assert_int_equal(sqlite_migrate(db, steps, 3), -EMEDIUMTYPE);
	assert_true(sqlite3_get_autocommit(db));
	assert_int_equal(sqlite_migrate(db, steps, 1), -EPROTONOSUPPORT);
	sqlite3_close(db);
	assert_int_equal(number_of("PRAGMA user_version"), 2);
	assert_int_equal(number_of("SELECT count(*) FROM sqlite_schema"
				   " WHERE name = 'notes'"),
			 0);
}

static void test_reader(void **state)
{
	char error[STORE_ERROR_MAX];
	struct store *st, *reader;

	(void)state;
	assert_null(store_open_readonly(path, "", error));
	assert_non_null(strstr(error, "No such file"));
	st = opened();
	assert_int_equal(apply_hour(st, 1, NOON, 12), 0);
	reader = store_open_readonly(path, "", error);
	assert_non_null(reader);
	assert_int_equal(hours_total(reader), 12);
	assert_int_equal(apply_hour(st, 2, NOON, 12), 0);
	assert_int_equal(hours_total(reader), 12);
	store_free(reader);
	reader = store_open_readonly(path, "", error);
	assert_non_null(reader);
	assert_int_equal(hours_total(reader), 24);
	store_free(st);
	assert_int_equal(hours_total(reader), 24);
	store_free(reader);
	assert_int_equal(number_of("SELECT seq FROM meta"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_memory),
		TEST(test_no_folder),
		TEST(test_below_a_file),
		TEST(test_file_limit),
		TEST(test_full_disk),
		TEST(test_read_only),
		TEST(test_busy),
		TEST(test_two_instances),
		TEST(test_no_shared_memory),
		TEST(test_not_a_database),
		TEST(test_removed_and_replaced),
		TEST(test_damaged_pages),
		TEST(test_damage_met_in_writing),
		TEST(test_later_version),
		TEST(test_somebody_elses),
		TEST(test_migration),
		TEST(test_migration_fails),
		TEST(test_reader),
	};

	is_isolated = !unshare(CLONE_NEWNS) &&
		      !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
