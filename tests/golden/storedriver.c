/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A store on its own, for tests and measurements.
 *	storedriver apply FILE COUNT	says each batch that is on the disk
 *	storedriver check FILE...	is each what so many batches make?
 *	storedriver fill FILE YEARS	apply, without a word
 *	storedriver wear FILE DAYS	bytes written a day
 *	storedriver time FILE		how long answers take
 * The environment may name ZONES, KEEP_DAYS, the FIRST batch, PACE_HOURS that
 * batches wait, and the BASE: the second of 1970 at which the first day begins.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/array.h"
#include "portal/store/day.h"
#include "portal/store/usage_report.h"
#include "tests/golden/storebatch.h"

#define YEAR (365 * BATCHES_A_DAY)

static unsigned int zones = 8;
static uint64_t keep_s = 400 * 86400;
static uint64_t first = 1; /* batch of a new file */

static uint64_t apply(struct store *st, uint64_t count, bool say)
{
	static struct usage_batch b;
	uint64_t seq = store_position(st).applied;

	if (!seq)
		seq = first - 1;
	for (; count; count--) {
		batch_make(&b, ++seq, zones);
		if (store_apply(st, &b))
			exit(1);
		if (say && store_position(st).committed == seq)
			printf("%" PRIu64 "\n", seq);
		if (say)
			fflush(stdout);
	}
	return seq;
}

/* --- check ------------------------------------------------------------- */

static char *all_reports(struct store *st)
{
	static const char *const names[] = { NULL, "", "zone_0", "zone_7",
					     "none" };
	struct store_query q = { 0 };
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (int step = 0; step < STORE_STEPS; step++) {
		q.step = (enum store_step)step;
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			q.zone = names[i];
			if (usage_report_usage(st, &q, 0, USAGE_REPORT_JSON, f))
				exit(1);
		}
	}
	fclose(f);
	return text;
}

/* Says how many batches the file holds, if it holds just what these make;
 * other has been fed no more than that. */
static bool check(const char *file, struct store *other)
{
	struct store *st = store_open(file, keep_s);
	uint64_t count, known = store_position(other).applied;
	char *got, *wanted;
	bool is_right;

	if (!st || store_health(st) != STORE_ON_DISK)
		return false;
	count = store_position(st).committed;
	apply(other, count > known ? count - known : 0, false);
	got = all_reports(st);
	wanted = all_reports(other);
	is_right =
		store_position(other).applied == count && !strcmp(got, wanted);
	if (!is_right)
		fprintf(stderr, "%s is: %s\nshould be: %s\n", file, got,
			wanted);
	printf("%" PRIu64 "\n", count);
	free(got);
	free(wanted);
	store_free(st);
	return is_right;
}

static int check_all(int count, char **files)
{
	struct store *other = store_open("", keep_s);
	bool is_right = other != NULL;

	for (int i = 0; i < count && is_right; i++)
		is_right = check(files[i], other);
	store_free(other);
	return is_right ? 0 : 1;
}

/* --- measuring --------------------------------------------------------- */

static uint64_t io_figure(const char *name)
{
	FILE *f = fopen("/proc/self/io", "re");
	char line[80], found[32];
	uint64_t v = 0, n;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%31[^:]: %" SCNu64, found, &n) == 2 &&
		    !strcmp(found, name))
			v = n;
	if (f)
		fclose(f);
	return v;
}

static void wear(struct store *st, uint64_t days)
{
	uint64_t bytes = io_figure("wchar"), blocks = io_figure("write_bytes");

	apply(st, days * BATCHES_A_DAY, false);
	printf("%" PRIu64 " %" PRIu64 "\n", (io_figure("wchar") - bytes) / days,
	       (io_figure("write_bytes") - blocks) / days);
}

/* CPU time, for others may be at work. */
static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The best of ten. */
static void time_report(struct store *st, const char *what,
			const struct store_query *q)
{
	double best = 1e9;
	size_t len = 0;

	for (int i = 0; i < 10; i++) {
		char *text = NULL;
		double start = now_ms();
		FILE *f = open_memstream(&text, &len);

		if (usage_report_usage(st, q, 0, USAGE_REPORT_JSON, f))
			exit(1);
		fclose(f);
		if (now_ms() - start < best)
			best = now_ms() - start;
		free(text);
	}
	printf("%-24s %7.2f ms %9zu bytes\n", what, best, len);
}

static void on_last(const char *zone, enum usage_metric metric,
		    const struct store_sum *sum, void *arg)
{
	(void)zone;
	(void)metric;
	*(int64_t *)arg += sum->value;
}

static void time_all(struct store *st, const char *file)
{
	uint64_t days = store_position(st).applied / BATCHES_A_DAY;
	store_day last = day_of(batch_base_s + (int64_t)days * 86400);
	struct store_query q = { .step = STORE_HOUR,
				 .from = day_shift(last, -365) };
	struct stat s = { 0 };
	int64_t sum = 0;
	double start = now_ms();

	if (store_read_last(st, on_last, &sum))
		exit(1);
	printf("%-24s %7.2f ms\n", "the last of each", now_ms() - start);
	time_report(st, "a year of hours", &q);
	q.zone = "zone_0";
	time_report(st, "the same of a zone", &q);
	q = (struct store_query){ .step = STORE_DAY };
	time_report(st, "all days", &q);
	q.step = STORE_MONTH;
	time_report(st, "all months", &q);
	stat(file, &s);
	printf("%lld bytes\n", (long long)s.st_size);
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	uint64_t count = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
	double start = now_ms();
	struct store *st;

	setenv("TZ", "UTC", 0);
	log_open("storedriver", false);
	if (getenv("ZONES"))
		zones = (unsigned int)atoi(getenv("ZONES"));
	if (getenv("FIRST"))
		first = strtoull(getenv("FIRST"), NULL, 10);
	if (getenv("BASE"))
		batch_base_s = strtoll(getenv("BASE"), NULL, 10);
	if (getenv("KEEP_DAYS"))
		keep_s = strtoull(getenv("KEEP_DAYS"), NULL, 10) * 86400;
	if (!strcmp(what, "check"))
		return check_all(argc - 2, argv + 2);
	st = argc > 2 ? store_open(argv[2], keep_s) : NULL;
	if (!st)
		return 2;
	if (getenv("PACE_HOURS"))
		store_set_write_interval(
			st, strtoull(getenv("PACE_HOURS"), NULL, 10) * 3600);
	if (!strcmp(what, "apply"))
		apply(st, count ? count : UINT64_MAX, true);
	else if (!strcmp(what, "fill"))
		apply(st, count * YEAR, false);
	else if (!strcmp(what, "wear"))
		wear(st, count);
	else if (!strcmp(what, "time"))
		printf("%-24s %7.2f ms\n", "open", now_ms() - start);
	if (!strcmp(what, "time"))
		time_all(st, argv[2]);
	store_free(st);
	return 0;
}
