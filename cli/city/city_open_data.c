/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `stadttor city open-data`: the figures of the city and its districts, and of
 * each site by the month, as files to publish. By the rights of files: it reads
 * the hub's database as the hub's user, and asks nobody.
 */
#include "cli/open_data.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/array.h"
#include "common/privs.h"
#include "hub/config/hub_conf.h"
#include "hub/db/city_read.h"

#define METRIC(m) (1ULL << (m))
#define OF_SITES                                                               \
	(METRIC(USAGE_VISITORS) | METRIC(USAGE_ONLOOKERS) |                    \
	 METRIC(USAGE_BYTES_UP) | METRIC(USAGE_BYTES_DOWN))

enum file {
	MONTH_CSV,
	MONTH_JSON,
	YEAR_CSV,
	YEAR_JSON,
	SITES_CSV,
	SITES_JSON,
	PLACES_CSV,
	PROVENANCE,
	LICENCE_TEXT,
	CATALOGUE,
	FILES
};

struct open_data {
	struct hub_conf *conf;
	struct city_conf *city;
	struct city_read *read;
	store_day month; /* its first day */
	struct open_data_file file[FILES];
	struct open_data_figures figures; /* under way */
	int err;
};

static void name_files(struct open_data *e)
{
	static const char *const fixed[] = { "sites.csv", "provenance.csv",
					     "LICENCE.txt", "dataset.ttl" };

	open_data_name_both(&e->file[MONTH_CSV], "usage", e->month, true);
	open_data_name_both(&e->file[YEAR_CSV], "usage", e->month, false);
	open_data_name_both(&e->file[SITES_CSV], "sites", e->month, true);
	open_data_name_fixed(&e->file[PLACES_CSV], fixed, ARRAY_SIZE(fixed));
}

/* --- figures ----------------------------------------------------------- */

struct span {
	enum store_step step;
	store_day from, to;
};

/* A place without figures has no rows. */
static void write_place(struct open_data *e, enum city_place_kind kind,
			const char *name, const struct span *span)
{
	struct city_figures f = { .read = e->read };
	struct store_query q = {
		.step = span->step,
		.from = span->from,
		.to = span->to,
	};
	int err = city_read_place(e->read, kind, name, &f.place);

	e->figures.place = name;
	e->figures.step = span->step;
	if (!err)
		err = city_read_usage(&f, &q, open_data_row, &e->figures);
	if (err != -ENOENT && !e->err)
		e->err = err;
}

static bool has_district_before(const struct city_conf *c, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (!strcmp(c->site[i].district, c->site[at].district))
			return true;
	return false;
}

static void write_districts(struct open_data *e, const struct span *span)
{
	const struct city_conf *c = e->city;

	write_place(e, CITY_WHOLE, "", span);
	for (size_t i = 0; i < c->sites && !e->err; i++)
		if (*c->site[i].district && !has_district_before(c, i))
			write_place(e, CITY_DISTRICT, c->site[i].district,
				    span);
}

static void fill_month(struct open_data *e)
{
	store_day end = open_data_end_of(e->month);

	write_districts(e, &(struct span){ STORE_DAY, e->month, end });
	write_districts(e, &(struct span){ STORE_WEEK, e->month, end });
}

static void fill_year(struct open_data *e)
{
	store_day year = e->month / 10000 * 10000;

	write_districts(e, &(struct span){ STORE_MONTH, year + 101,
					   open_data_end_of(e->month) });
}

static void fill_sites(struct open_data *e)
{
	struct span span = { STORE_MONTH, e->month,
			     open_data_end_of(e->month) };

	e->figures.metrics = OF_SITES;
	for (size_t i = 0; i < e->city->sites && !e->err; i++)
		write_place(e, CITY_SITE, e->city->site[i].name, &span);
}

static void write_pair(struct open_data *e, enum file csv, const char *column,
		       void (*fill)(struct open_data *e))
{
	e->figures = (struct open_data_figures){
		.csv = e->file[csv].f,
		.json = e->file[csv + 1].f,
		.column = column,
	};
	open_data_begin(&e->figures);
	fill(e);
	open_data_end(&e->figures);
}

/* --- what they are ----------------------------------------------------- */

static void write_sites(const struct open_data *e)
{
	FILE *f = e->file[PLACES_CSV].f;

	fputs("site,title,district,latitude,longitude\r\n", f);
	for (size_t i = 0; i < e->city->sites; i++) {
		const struct site_conf *s = &e->city->site[i];

		fprintf(f, "%s,", s->name);
		open_data_put_csv(f, s->title);
		fputc(',', f);
		open_data_put_csv(f, s->district);
		fprintf(f, ",%s,%s\r\n", s->latitude, s->longitude);
	}
}

/* How much each box has spent is its own config, and seen in each band. */
static void write_provenance(const struct open_data *e)
{
	FILE *f = e->file[PROVENANCE].f;

	fputs("query,period,of,bound,meaning\r\n", f);
	for (int i = 0; i < USAGE_SERIES; i++) {
		const struct usage_series_info *s =
			usage_series_info((enum usage_series)i);

		fprintf(f, "%s,%s,%s,%llu,\"%s\"\r\n", s->name,
			usage_period_to_string(s->period),
			s->has_zones ? "zone" : "box",
			(unsigned long long)s->bound, s->help);
	}
}

static void write_catalogue(const struct open_data *e)
{
	const char *name = *e->city->name ? e->city->name : "Stadt";
	const char *publisher = *e->conf->publisher ? e->conf->publisher : name;
	char title[CITY_NAME_MAX + 32];
	struct open_data_catalogue c = {
		.title = title,
		.description =
			"Nutzung des öffentlichen WLANs der Stadt, ihrer "
			"Bezirke und Standorte: Geräte am Tag, Datenmenge, "
			"Sprachen, Verweildauer. Jede Zahl ist die Summe von "
			"Zahlen, in die jeder Zugangspunkt selbst Rauschen "
			"gemischt hat (Differential Privacy); daneben steht, "
			"wie weit sie daneben liegen kann.",
		.publisher = publisher,
		.contact = e->conf->contact,
		.provenance = "Sums of figures with discrete Laplace noise, "
			      "drawn at each access point; bounds: "
			      "provenance.csv",
		.from = e->month / 10000 * 10000 + 101,
		.to = open_data_end_of(e->month),
		.file = e->file,
		.files = PLACES_CSV + 1,
	};

	snprintf(title, sizeof(title), "Öffentliches WLAN: %s", name);
	open_data_write_catalogue(e->file[CATALOGUE].f, &c, NULL, NULL);
}

static void write_all(struct open_data *e)
{
	write_pair(e, MONTH_CSV, "district", fill_month);
	write_pair(e, YEAR_CSV, "district", fill_year);
	write_pair(e, SITES_CSV, "site", fill_sites);
	write_sites(e);
	write_provenance(e);
	open_data_write_licence(e->file[LICENCE_TEXT].f);
	write_catalogue(e);
}

/* --- the command ------------------------------------------------------- */

/* As for a box's figures: what SQLite makes beside the file is the hub's. */
static int become(const struct hub_conf *conf)
{
	struct privs_user user;

	if (geteuid() != 0 || privs_find_user(conf->system_user, &user) < 0)
		return 0;
	return privs_drop(&user, false);
}

/* Before files are opened, which empties them. */
static enum cli_exit find_database(const struct cli *cli,
				   const struct hub_conf *conf)
{
	if (!access(conf->database, F_OK) || errno != ENOENT)
		return CLI_DONE;
	return cli_fail(cli, CLI_NOT_FOUND,
			"there are no figures yet: the hub makes %s",
			conf->database);
}

static enum cli_exit open_database(const struct cli *cli, struct open_data *e)
{
	int err = become(e->conf);

	if (!err)
		err = city_read_open(&e->read, e->conf->database);
	if (!err)
		return CLI_DONE;
	return cli_fail(cli, CLI_FAILED, "%s: %s", e->conf->database,
			strerror(-err));
}

static enum cli_exit write_folder(const struct cli *cli, struct open_data *e)
{
	enum cli_exit code = CLI_DONE;

	name_files(e);
	e->err = open_data_open(cli->args[0], e->file, FILES);
	if (!e->err)
		code = open_database(cli, e);
	if (!e->err && !code)
		write_all(e);
	e->err = open_data_close(e->file, FILES, e->err);
	if (!e->err)
		return code;
	return cli_fail(cli, CLI_FAILED, "%s: %s", cli->args[0],
			strerror(-e->err));
}

static enum cli_exit read_configs(const struct cli *cli, struct open_data *e)
{
	char error[UCI_ERROR_MAX], path[PATH_MAX] = HUB_CONF_PATH;

	if (cli->city.folder)
		snprintf(path, sizeof(path), "%s/hub.conf", cli->city.folder);
	e->conf = hub_conf_read(path, error);
	if (e->conf)
		e->city = city_conf_read(e->conf->sites, error);
	return e->city ? CLI_DONE : cli_fail(cli, CLI_USAGE, "%s", error);
}

enum cli_exit cli_city_open_data(const struct cli *cli)
{
	struct open_data e = { 0 };
	enum cli_exit code = open_data_month(cli, &e.month);

	if (!code)
		code = read_configs(cli, &e);
	if (!code)
		code = find_database(cli, e.conf);
	if (!code)
		code = write_folder(cli, &e);
	city_read_close(e.read);
	city_conf_free(e.city);
	hub_conf_free(e.conf);
	return code;
}
