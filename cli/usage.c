/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `stadttor usage`: the figures that the portal has stored. It reads the
 * database and what waits for it itself, so the portal need not run. */
#include "cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <time.h>

#include "cli/format.h"
#include "common/config/settings_read.h"
#include "common/privs.h"
#include "portal/store/day.h"
#include "portal/store/store.h"
#include "portal/store/usage_report.h"

#define DEFAULT_FROM "-6d"
#define CELL_MAX     48
#define COLUMNS	     8

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
	if (!usage_step_parse(step, &q->step)) {
		cli_fail(cli, CLI_USAGE,
			 "invalid value '%.40s' for --step, allowed: one of "
			 "hour, "
			 "day, month",
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

struct search {
	const char *zone;
	bool is_found;
};

static void on_total(const char *zone, const uint64_t value[USAGE_METRICS],
		     void *arg)
{
	struct search *s = arg;

	(void)value;
	s->is_found |= !strcmp(zone, s->zone);
}

/* In the config now, or with figures of earlier. */
static bool has_zone(const struct settings *s, struct store *st,
		     const char *zone)
{
	struct search search = { .zone = zone };

	for (size_t i = 0; i < s->zones; i++)
		if (!strcmp(s->zone[i].name, zone))
			return true;
	return *zone && !store_read_totals(st, on_total, &search) &&
	       search.is_found;
}

/* --- for people -------------------------------------------------------- */

struct view {
	const struct store_query *query;
	struct table *table;
	size_t rows;
	struct store_figures total;
	int err;
};

static void cell_time(char cell[CELL_MAX], enum usage_step step,
		      const struct store_figures *f)
{
	time_t start_s = (time_t)f->start_s;
	struct tm tm;
	size_t len;

	if (!f->day) {
		snprintf(cell, CELL_MAX, "time unknown");
		return;
	}
	len = (size_t)snprintf(cell, CELL_MAX, "%04u-%02u", f->day / 10000,
			       f->day / 100 % 100);
	if (step != USAGE_MONTH)
		len += (size_t)snprintf(cell + len, CELL_MAX - len, "-%02u",
					f->day % 100);
	if (step == USAGE_HOUR && localtime_r(&start_s, &tm))
		strftime(cell + len, CELL_MAX - len, " %H:%M %Z", &tm);
}

/* What counts as visitors depends on the step: of hours those of each hour,
 * else those of each day. */
static enum usage_metric visitors_of(enum usage_step step)
{
	return step == USAGE_HOUR ? USAGE_VISITORS : USAGE_DAY_VISITORS;
}

static void add_line(struct view *v, const char *time,
		     const struct store_figures *f)
{
	const enum usage_metric metrics[COLUMNS - 1] = {
		visitors_of(v->query->step),
		USAGE_SHOWN,
		USAGE_ACCEPTED,
		USAGE_SESSIONS,
		USAGE_BYTES_DOWN,
		USAGE_BYTES_UP,
		USAGE_PEAK,
	};
	char text[COLUMNS][CELL_MAX];
	const char *cells[COLUMNS] = { time };

	for (size_t i = 1; i < COLUMNS; i++) {
		enum usage_metric m = metrics[i - 1];

		if (m == USAGE_BYTES_DOWN || m == USAGE_BYTES_UP)
			format_bytes(f->value[m], text[i]);
		else
			snprintf(text[i], CELL_MAX, "%" PRIu64, f->value[m]);
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
	for (int i = 0; i < USAGE_METRICS; i++) {
		uint64_t *sum = &v->total.value[i];

		if (usage_metric_info((enum usage_metric)i)->is_max)
			*sum = *sum > f->value[i] ? *sum : f->value[i];
		else
			*sum = *sum > UINT64_MAX - f->value[i]
				       ? UINT64_MAX
				       : *sum + f->value[i];
	}
}

static int print_table(struct store *st, const struct store_query *q)
{
	static const char *const headings[COLUMNS] = {
		"TIME",	    "VISITORS", "SHOWN", "ACCEPTED",
		"SESSIONS", "DOWN",	"UP",	 "PEAK",
	};
	struct view v = { .query = q };
	int err;

	v.table = table_new("lrrrrrrr", headings);
	if (!v.table)
		return -ENOMEM;
	err = store_read(st, q, on_row, &v);
	if (v.rows > 1)
		add_line(&v, "total", &v.total);
	if (!err)
		err = v.err;
	if (!err && v.rows)
		table_print(v.table, stdout);
	else if (!err)
		puts("There are no figures of that time.");
	table_free(v.table);
	return err;
}

struct labels {
	const char *title;
	size_t count;
};

static void on_label(const char *label, uint64_t value, void *arg)
{
	struct labels *l = arg;
	char padded[USAGE_LABEL_MAX] = "";

	/* the file is not ours: nothing of it steers a terminal */
	memcpy(padded, label, strnlen(label, sizeof(padded)));
	if (!usage_label_is_valid(padded))
		return;
	if (!l->count++)
		printf("\n%s:", l->title);
	printf("%s %s %" PRIu64, l->count == 1 ? "" : ",", label, value);
}

static int print_labels(struct store *st, const struct store_query *q)
{
	static const char *const titles[USAGE_KINDS] = {
		[USAGE_LANGUAGE] = "Languages",
		[USAGE_PLATFORM] = "Platforms",
	};
	int err = 0;

	for (int i = 0; i < USAGE_KINDS && !err; i++) {
		struct labels l = { .title = titles[i] };
		const struct store_label_query wanted = {
			.kind = (enum usage_kind)i, .from = q->from, .to = q->to
		};

		err = store_read_labels(st, &wanted, on_label, &l);
		if (l.count)
			puts("");
	}
	return err;
}

static void print_note(const struct store_query *q, const struct settings *s)
{
	printf("\nEach figure is shared by at least %" PRIu64
	       " devices, those of fewer come later\nor in the day's total; "
	       "an hour's come after its end,\nthe visitors of a day after "
	       "midnight. PEAK is in steps of five.\n",
	       s->usage.k);
	if (q->step != USAGE_HOUR)
		puts("A device that comes on two days is two visitors.");
}

static int print_view(struct store *st, const struct store_query *q,
		      const struct settings *s)
{
	int err = print_table(st, q);

	if (!err && !q->zone)
		err = print_labels(st, q);
	if (!err)
		print_note(q, s);
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
	if (cli->json)
		err = usage_report_usage(st, q, USAGE_REPORT_JSON, stdout);
	else if (cli->csv)
		err = usage_report_usage(st, q, USAGE_REPORT_CSV, stdout);
	else
		err = print_view(st, q, s);
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

static enum cli_exit open_store(const struct cli *cli, const struct settings *c,
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
	code = open_store(cli, s, &st);
	if (!code)
		code = print_figures(cli, s, st, &q);
	store_free(st);
	settings_free(s);
	return code;
}
