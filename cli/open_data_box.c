/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `stadttor open-data`: the figures as files that a city may publish as they
 * are, under names that do not change, with metadata for its catalogue
 * (DCAT-AP.de), licence and provenance.
 */
#include "cli/open_data.h"

#include <string.h>

#include "cli/figures.h"
#include "common/array.h"
#include "common/config/settings_read.h"

enum file {
	MONTH_CSV,
	MONTH_JSON,
	YEAR_CSV,
	YEAR_JSON,
	ZONES_CSV,
	PROVENANCE,
	LICENCE_TEXT,
	CATALOGUE,
	FILES
};

struct open_data {
	const struct settings *settings;
	struct store *store;
	store_day month; /* its first day */
	struct open_data_file file[FILES];
	struct open_data_figures figures; /* under way */
	int err;
};

static void name_files(struct open_data *e)
{
	static const char *const fixed[] = { "zones.csv", "provenance.csv",
					     "LICENCE.txt", "dataset.ttl" };

	open_data_name_both(&e->file[MONTH_CSV], "usage", e->month, true);
	open_data_name_both(&e->file[YEAR_CSV], "usage", e->month, false);
	open_data_name_fixed(&e->file[ZONES_CSV], fixed, ARRAY_SIZE(fixed));
}

/* --- figures ----------------------------------------------------------- */

static void write_step(struct open_data *e, enum store_step step,
		       store_day from, store_day to)
{
	const struct settings *s = e->settings;

	e->figures.step = step;
	for (size_t i = 0; i <= s->zones && !e->err; i++) {
		struct store_query q = { .step = step, .from = from, .to = to };

		q.zone = i < s->zones ? s->zone[i].name : "";
		e->figures.place = q.zone;
		e->err = store_read(e->store, &q, open_data_row, &e->figures);
	}
}

static void write_pair(struct open_data *e, enum file csv,
		       void (*fill)(struct open_data *e))
{
	e->figures = (struct open_data_figures){
		.csv = e->file[csv].f,
		.json = e->file[csv + 1].f,
		.column = "zone",
	};
	open_data_begin(&e->figures);
	fill(e);
	open_data_end(&e->figures);
}

static void fill_month(struct open_data *e)
{
	store_day last = open_data_end_of(e->month);

	write_step(e, STORE_DAY, e->month, last);
	write_step(e, STORE_WEEK, e->month, last);
}

static void fill_year(struct open_data *e)
{
	store_day year = e->month / 10000 * 10000;

	write_step(e, STORE_MONTH, year + 101, open_data_end_of(e->month));
}

/* --- what they are ----------------------------------------------------- */

/* "LATITUDE,LONGITUDE" is two columns already. */
static void write_zones(struct open_data *e)
{
	const struct settings *s = e->settings;
	FILE *f = e->file[ZONES_CSV].f;

	fputs("zone,latitude,longitude\r\n", f);
	for (size_t i = 0; i < s->zones; i++)
		fprintf(f, "%s,%s\r\n", s->zone[i].name,
			*s->zone[i].at ? s->zone[i].at : ",");
}

static void write_provenance(struct open_data *e)
{
	const struct usage_settings *u = &e->settings->usage;
	FILE *f = e->file[PROVENANCE].f;

	fputs("query,period,of,bound,epsilon,meaning\r\n", f);
	for (int i = 0; i < USAGE_SERIES; i++) {
		const struct usage_series_info *s =
			usage_series_info((enum usage_series)i);
		double share = s->share[u->profile];

		fprintf(f, "%s,%s,%s,%llu,%.3f,\"%s\"\r\n", s->name,
			usage_period_to_string(s->period),
			s->has_zones ? "zone" : "box",
			(unsigned long long)s->bound,
			share * (double)u->epsilon / 200, s->help);
	}
}

static void put_places(FILE *f, const void *settings)
{
	const struct settings *s = settings;

	for (size_t i = 0; i < s->zones; i++) {
		const char *at = s->zone[i].at;

		if (*at)
			fprintf(f,
				"\tdct:spatial [ a dct:Location ; rdfs:label "
				"\"%s\" ; dcat:centroid \"POINT(%s %.*s)\""
				"^^geo:wktLiteral ] ;\n",
				s->zone[i].name, strchr(at, ',') + 1,
				(int)strcspn(at, ","), at);
	}
}

static void write_catalogue(struct open_data *e)
{
	const struct portal_settings *p = &e->settings->portal;
	struct open_data_catalogue c = {
		.title = p->network,
		.description =
			"Nutzung des öffentlichen WLANs je Zone: Geräte am "
			"Tag, Datenmenge, Sprachen, Verweildauer. Jede Zahl "
			"ist differenziell privat: sie enthält Rauschen, "
			"dessen Band danebensteht.",
		.publisher = p->provider,
		.contact = p->contact,
		.provenance = "Discrete Laplace noise drawn at the access "
			      "point; bounds and budget: provenance.csv",
		.from = e->month / 10000 * 10000 + 101,
		.to = open_data_end_of(e->month),
		.file = e->file,
		.files = ZONES_CSV + 1,
	};

	open_data_write_catalogue(e->file[CATALOGUE].f, &c, put_places,
				  e->settings);
}

/* --- the command ------------------------------------------------------- */

static void write_all(struct open_data *e)
{
	write_pair(e, MONTH_CSV, fill_month);
	write_pair(e, YEAR_CSV, fill_year);
	write_zones(e);
	write_provenance(e);
	open_data_write_licence(e->file[LICENCE_TEXT].f);
	write_catalogue(e);
}

static enum cli_exit write_folder(const struct cli *cli, struct open_data *e)
{
	enum cli_exit code = CLI_DONE;

	name_files(e);
	e->err = open_data_open(cli->args[0], e->file, FILES);
	if (!e->err)
		code = cli_open_store(cli, e->settings, &e->store);
	if (!e->err && !code)
		write_all(e);
	e->err = open_data_close(e->file, FILES, e->err);
	store_free(e->store);
	if (!e->err)
		return code;
	return cli_fail(cli, CLI_FAILED, "%s: %s", cli->args[0],
			strerror(-e->err));
}

enum cli_exit cli_open_data(const struct cli *cli)
{
	struct open_data e = { 0 };
	enum cli_exit code = open_data_month(cli, &e.month);
	struct settings *s;

	if (code)
		return code;
	s = cli_settings(cli);
	if (!s)
		return CLI_USAGE;
	e.settings = s;
	code = write_folder(cli, &e);
	settings_free(s);
	return code;
}
