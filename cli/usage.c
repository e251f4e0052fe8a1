/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `stadttor usage`: the figures that the portal has stored. It reads the
 * database and what waits for it itself, so the portal need not run. */
#include "cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <time.h>

#include "cli/format.h"
#include "cli/figures.h"
#include "common/array.h"
#include "common/config/settings_read.h"
#include "common/privs.h"
#include "portal/history/history_notes.h"
#include "portal/store/day.h"
#include "portal/store/store.h"
#include "portal/store/usage_report.h"

#define DEFAULT_FROM "-6d"
#define CELL_MAX     80

/* --- what is asked for ------------------------------------------------- */

static bool take_day(const struct cli *cli, const char *option,
		     const char *text, store_day *out)
{
	if (usage_report_parse_day(text, out))
		return true;
	cli_fail(cli, CLI_USAGE,
		 "invalid value '%.40s' for --%s, allowed: a day such as "
		 "2026-11-24, today, yesterday, or -7d (so many days ago)",
		 text, option);
	return false;
}

static bool take_query(const struct cli *cli, struct store_query *q)
{
	const char *step = cli->step ? cli->step : "day";
	/* the beginning of a span that ends long ago is not six days ago */
	const char *from = cli->from ? cli->from : cli->to ? "" : DEFAULT_FROM;

	if (cli->csv && cli->json) {
		cli_fail(cli, CLI_USAGE, "--csv and --json exclude each other");
		return false;
	}
	if (!store_step_parse(step, &q->step)) {
		cli_fail(cli, CLI_USAGE,
			 "invalid value '%.40s' for --step, allowed: one of "
			 "hour, day, week, month, year",
			 step);
		return false;
	}
	if (!take_day(cli, "from", from, &q->from) ||
	    !take_day(cli, "to", cli->to ? cli->to : "", &q->to))
		return false;
	if (q->to && q->from > q->to) {
		cli_fail(cli, CLI_USAGE, "--from is later than --to");
		return false;
	}
	q->zone = cli->zone;
	return true;
}

/* In the config now, or with figures of earlier. */
static bool has_zone(const struct settings *s, struct store *st,
		     const char *zone)
{
	for (size_t i = 0; i < s->zones; i++)
		if (!strcmp(s->zone[i].name, zone))
			return true;
	return *zone && store_has_zone(st, zone);
}

/* --- for people -------------------------------------------------------- */

struct view {
	const struct store_query *query;
	struct table *table;
	size_t rows;
	struct store_figures total;
	int err;
};

static void cell_time(char cell[CELL_MAX], enum store_step step,
		      const struct store_figures *f)
{
	time_t start_s = (time_t)f->start_s;
	struct tm tm;
	size_t len;

	len = (size_t)snprintf(cell, CELL_MAX, "%04u", f->day / 10000);
	if (step != STORE_YEAR)
		len += (size_t)snprintf(cell + len, CELL_MAX - len, "-%02u",
					f->day / 100 % 100);
	if (step < STORE_MONTH)
		len += (size_t)snprintf(cell + len, CELL_MAX - len, "-%02u",
					f->day % 100);
	if (step == STORE_HOUR && localtime_r(&start_s, &tm))
		strftime(cell + len, CELL_MAX - len, " %H:%M %Z", &tm);
}

static bool is_bytes(enum usage_metric m)
{
	return m == USAGE_BYTES_UP || m == USAGE_BYTES_DOWN;
}

static void amount(char text[FORMAT_MAX], enum usage_metric m, double v)
{
	if (is_bytes(m))
		format_bytes((uint64_t)v, text);
	else
		snprintf(text, FORMAT_MAX, "%.0f", ceil(v));
}

/* What is not told from none is said to be under what would be. */
static void cell_value(char cell[CELL_MAX], enum usage_metric m,
		       const struct store_sum *s)
{
	char value[FORMAT_MAX], band[FORMAT_MAX];

	if (!s->cells) {
		snprintf(cell, CELL_MAX, "-");
		return;
	}
	amount(band, m, store_band(s));
	if ((double)s->value < store_band(s)) {
		snprintf(cell, CELL_MAX, "under %s", band);
		return;
	}
	amount(value, m, (double)s->value);
	snprintf(cell, CELL_MAX, "%s ± %s", value, band);
}

static const struct {
	enum usage_metric metric;
	const char *heading;
} columns[] = {
	{ USAGE_DEVICES_ONLINE, "ONLINE" }, { USAGE_VISITORS, "VISITORS" },
	{ USAGE_ONLOOKERS, "ONLOOKERS" },   { USAGE_BYTES_DOWN, "DOWN" },
	{ USAGE_BYTES_UP, "UP" },	    { USAGE_MOST, "PEAK" },
};

#define COLUMNS (ARRAY_SIZE(columns) + 1)
_Static_assert(COLUMNS == 7, "as many as there are letters of align");

/* Their number; the first is the time. */
static size_t choose_columns(enum store_step step, const char *heading[COLUMNS],
			     enum usage_metric metric[COLUMNS])
{
	size_t n = 0;

	heading[n++] = "TIME";
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		if (!store_step_has(step, columns[i].metric))
			continue;
		metric[n] = columns[i].metric;
		heading[n++] = columns[i].heading;
	}
	return n;
}

static void add_line(struct view *v, const char *time,
		     const struct store_figures *f)
{
	const char *heading[COLUMNS];
	enum usage_metric metric[COLUMNS];
	char text[COLUMNS][CELL_MAX];
	const char *cells[COLUMNS] = { time };
	size_t n = choose_columns(v->query->step, heading, metric);

	for (size_t i = 1; i < n; i++) {
		cell_value(text[i], metric[i], &f->sum[metric[i]]);
		cells[i] = text[i];
	}
	if (!v->err)
		v->err = table_add(v->table, cells);
}

static void on_row(const struct store_figures *f, void *arg)
{
	struct view *v = arg;
	char time[CELL_MAX];

	cell_time(time, v->query->step, f);
	add_line(v, time, f);
	v->rows++;
	for (int m = 0; m < USAGE_METRICS; m++)
		if (m != USAGE_DEVICES_ONLINE && m != USAGE_MOST)
			store_sum_add(&v->total.sum[m], &f->sum[m]);
}

static void print_shares(const struct view *v, enum usage_series series)
{
	const char *between = ":";
	char cell[CELL_MAX];

	for (int m = 0; m < USAGE_METRICS; m++) {
		const struct usage_metric_info *i =
			usage_metric_info((enum usage_metric)m);
		const struct store_sum *s = &v->total.sum[m];

		if (i->series != series || !s->cells ||
		    (double)s->value < store_band(s))
			continue;
		cell_value(cell, (enum usage_metric)m, s);
		if (*between == ':')
			printf("\n%s", usage_series_info(series)->help);
		printf("%s %s %s", between, strchr(i->name, '_') + 1, cell);
		between = ",";
	}
	if (*between == ',')
		puts("");
}

static int print_table(struct store *st, const struct store_query *q)
{
	static const enum usage_series shared[] = { USAGE_DWELL, USAGE_ENDED,
						    USAGE_LANGUAGE,
						    USAGE_PLATFORM };
	char align[] = "lrrrrrr";
	const char *heading[COLUMNS];
	enum usage_metric metric[COLUMNS];
	struct view v = { .query = q };
	int err;

	align[choose_columns(q->step, heading, metric)] = '\0';
	v.table = table_new(align, heading);
	if (!v.table)
		return -ENOMEM;
	err = store_read(st, q, on_row, &v);
	if (v.rows > 1 && q->step != STORE_HOUR)
		add_line(&v, "total", &v.total);
	if (!err)
		err = v.err;
	if (!err && v.rows)
		table_print(v.table, stdout);
	else if (!err)
		puts("There are no figures of that time.");
	for (size_t i = 0; !err && i < ARRAY_SIZE(shared); i++)
		print_shares(&v, shared[i]);
	table_free(v.table);
	return err;
}

static int print_view(struct store *st, const struct store_query *q)
{
	int err = print_table(st, q);

	if (err)
		return err;
	puts("\nEvery figure has noise, so that it tells of nobody: what was "
	     "counted lies\nwithin the ± in 95 of 100 cases. Those of a week "
	     "come after its end.");
	if (q->step != STORE_HOUR)
		puts("A device that comes on two days is two visitors.");
	return 0;
}

/* --- the budget -------------------------------------------------------- */

static void budget_line(struct table *t, const struct settings *s,
			enum usage_series series)
{
	const struct usage_series_info *i = usage_series_info(series);
	struct usage_scale scale =
		usage_scale(series, (enum usage_profile)s->usage.profile,
			    (unsigned int)s->usage.epsilon);
	bool is_off = !scale.d ||
		      (series != USAGE_PLACES && !settings_counts(s, series));
	char bound[FORMAT_MAX], epsilon[FORMAT_MAX], noise[FORMAT_MAX];
	const char *cells[] = { i->name,
				usage_period_to_string(i->period),
				i->has_zones ? "zone" : "box",
				bound,
				epsilon,
				noise };
	double t_of = is_off ? 0 : (double)scale.n / (double)scale.d;

	amount(bound, series == USAGE_BYTES ? USAGE_BYTES_UP : USAGE_VISITORS,
	       (double)i->bound);
	snprintf(epsilon, sizeof(epsilon), "%.3f",
		 is_off ? 0 : (double)i->bound / t_of);
	snprintf(noise, sizeof(noise), "%.4g", t_of);
	if (is_off)
		snprintf(noise, sizeof(noise), "off");
	if (table_add(t, cells))
		log_debug("no memory for a line");
}

static double spent(const struct settings *s)
{
	double sum = 0;

	for (int i = 0; i < USAGE_SERIES; i++)
		if (i == USAGE_PLACES ||
		    settings_counts(s, (enum usage_series)i))
			sum += (double)usage_series_info((enum usage_series)i)
				       ->share[s->usage.profile];
	return sum * (double)s->usage.epsilon / 200;
}

static enum cli_exit print_budget(const struct cli *cli,
				  const struct settings *s)
{
	static const char *const headings[] = { "QUERY", "EACH",    "OF",
						"BOUND", "EPSILON", "T" };
	struct table *t = table_new("lllrrr", headings);

	if (!t)
		return cli_fail(cli, CLI_FAILED, "%s", strerror(ENOMEM));
	for (int i = 0; i < USAGE_SERIES; i++)
		budget_line(t, s, (enum usage_series)i);
	table_print(t, stdout);
	table_free(t);
	printf("\nOne device of one day changes the cells of a query by its "
	       "bound at most, all\nof them together; each cell has discrete "
	       "Laplace noise of scale T.\nAll queries together: epsilon %.3f "
	       "of %" PRIu64 " a device and day, twice that on a day\nthat a "
	       "power cut has begun anew.\n",
	       spent(s), s->usage.epsilon);
	return CLI_DONE;
}

/* --- the table for programs -------------------------------------------- */

/* NULL: there are none, or they cannot be read, which is said: the figures do
 * not depend on them. */
static struct history_notes *read_notes(const struct settings *s,
					const struct store_query *q)
{
	struct history_notes *notes = NULL;
	struct history_db *db = NULL;
	char path[HISTORY_PATH_MAX];
	int err;

	history_db_path(path, s->usage.file);
	if (access(path, F_OK) < 0) /* opening it would make it */
		return NULL;
	err = history_db_open(&db, path);
	if (!err)
		err = history_notes_read(db, q->from, q->to, &notes);
	history_db_close(db);
	if (err)
		fprintf(stderr, "%s: %s, so the column note is empty\n", path,
			history_db_reason(err));
	return notes;
}

/* With what was noted, where days are rows: as the dashboard's. */
static int print_csv(const struct settings *s, struct store *st,
		     const struct store_query *q)
{
	struct usage_report_source source = usage_report_of(st);
	struct history_notes *notes = NULL;
	int err;

	if (q->step == STORE_DAY) {
		notes = read_notes(s, q);
		source.note = history_notes_of;
		source.notes = notes;
	}
	err = usage_report_write(&source, q, 0, USAGE_REPORT_CSV, stdout);
	history_notes_free(notes);
	return err;
}

/* --- the command ------------------------------------------------------- */

static enum cli_exit print_figures(const struct cli *cli,
				   const struct settings *s, struct store *st,
				   const struct store_query *q)
{
	int err;

	if (q->zone && !has_zone(s, st, q->zone))
		return cli_fail(cli, CLI_NOT_FOUND,
				"zone '%.40s' not found, neither in the "
				"config nor in the figures",
				q->zone);
	if (cli->old)
		err = usage_report_old(st, q->from, q->to, stdout);
	else if (cli->json)
		err = usage_report_usage(st, q, 0, USAGE_REPORT_JSON, stdout);
	else if (cli->csv)
		err = print_csv(s, st, q);
	else
		err = print_view(st, q);
	if (!err)
		return CLI_DONE;
	return cli_fail(cli, CLI_FAILED, "%s: %s", s->usage.file,
			err == -EUCLEAN ? "the file is damaged"
					: strerror(-err));
}

/*
 * The folder is the portal's: what SQLite makes there as root, somebody who
 * took the portal over could turn against root.
 */
static int become_portal(const char *name)
{
	struct privs_user user;

	if (geteuid() != 0 || privs_find_user(name, &user) < 0)
		return 0;
	return privs_drop(&user, false);
}

enum cli_exit cli_open_store(const struct cli *cli, const struct settings *c,
			     struct store **st)
{
	const char *file = c->usage.file;
	char error[STORE_ERROR_MAX], spill[STORE_ERROR_MAX];
	struct stat s;
	int err = become_portal(c->portal.user);

	if (err)
		return cli_fail(cli, CLI_FAILED, "user %s: %s", c->portal.user,
				strerror(-err));
	if (!*file)
		return cli_fail(cli, CLI_NOT_FOUND,
				"the config keeps the figures in the portal's "
				"memory: see its dashboard");
	store_spill_path(spill, c->gate.socket);
	*st = store_open_readonly(file, spill, error);
	if (*st)
		return CLI_DONE;
	if (stat(file, &s) && errno == ENOENT)
		return cli_fail(cli, CLI_NOT_FOUND,
				"there are no figures yet: the portal makes "
				"%s with the first ones",
				file);
	return cli_fail(cli, CLI_FAILED, "%s", error);
}

enum cli_exit cli_usage(const struct cli *cli)
{
	struct store_query q = { 0 };
	struct store *st = NULL;
	struct settings *s;
	enum cli_exit code;

	if (!take_query(cli, &q))
		return CLI_USAGE;
	s = cli_settings(cli);
	if (!s)
		return CLI_USAGE;
	if (cli->budget)
		code = print_budget(cli, s);
	else
		code = cli_open_store(cli, s, &st);
	if (!code && st)
		code = print_figures(cli, s, st, &q);
	store_free(st);
	settings_free(s);
	return code;
}
