/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `stadttor open-data`: the figures as files that a city may publish as they
 * are, under names that do not change, with metadata for its catalogue
 * (DCAT-AP.de), licence and provenance.
 */
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/figures.h"
#include "common/array.h"
#include "common/config/settings_read.h"
#include "portal/store/day.h"

#define LICENCE	  "http://dcat-ap.de/def/licenses/dl-zero-de/2.0"
#define AUTHORITY "http://publications.europa.eu/resource/authority/"

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
	const char *folder;
	const struct settings *settings;
	struct store *store;
	store_day month; /* its first day */
	char name[FILES][24];
	FILE *file[FILES];
	/* under way */
	FILE *csv, *json;
	const char *zone;
	enum store_step step;
	bool has_some;
	int err;
};

/* --- which month ------------------------------------------------------- */

static store_day last_month(void)
{
	store_day today = day_of((int64_t)time(NULL));

	return day_shift(today / 100 * 100 + 1, -1) / 100 * 100 + 1;
}

static bool take_month(const char *text, store_day *out)
{
	unsigned int year, month;
	char rest;

	if (strlen(text) != 7 ||
	    sscanf(text, "%4u-%2u%c", &year, &month, &rest) != 2)
		return false;
	*out = year * 10000 + month * 100 + 1;
	return day_is_valid(*out);
}

static store_day end_of_month(store_day first)
{
	return day_shift(day_shift(first, 31) / 100 * 100 + 1, -1);
}

/* --- files ------------------------------------------------------------- */

static void name_files(struct open_data *e)
{
	unsigned int year = e->month / 10000, month = e->month / 100 % 100;

	for (int i = 0; i < 2; i++) {
		const char *type = i ? "json" : "csv";

		snprintf(e->name[MONTH_CSV + i], sizeof(e->name[0]),
			 "usage-%04u-%02u.%s", year % 10000, month, type);
		snprintf(e->name[YEAR_CSV + i], sizeof(e->name[0]),
			 "usage-%04u.%s", year % 10000, type);
	}
	memcpy(e->name[ZONES_CSV], "zones.csv", 10);
	memcpy(e->name[PROVENANCE], "provenance.csv", 15);
	memcpy(e->name[LICENCE_TEXT], "LICENCE.txt", 12);
	memcpy(e->name[CATALOGUE], "dataset.ttl", 12);
}

/* Before privileges go: the folder is the caller's, the figures are not. */
static int open_files(struct open_data *e)
{
	char path[PATH_MAX];

	if (mkdir(e->folder, 0755) && errno != EEXIST)
		return -errno;
	for (int i = 0; i < FILES; i++) {
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", e->folder,
				     e->name[i]) >= sizeof(path))
			return -ENAMETOOLONG;
		e->file[i] = fopen(path, "we");
		if (!e->file[i])
			return -errno;
	}
	return 0;
}

static void close_files(struct open_data *e)
{
	for (int i = 0; i < FILES; i++)
		if (e->file[i] && (ferror(e->file[i]) | fclose(e->file[i])) &&
		    !e->err)
			e->err = -EIO;
}

/* --- figures ----------------------------------------------------------- */

static void build_time(char time[16], enum store_step step, store_day day)
{
	snprintf(time, 16, step == STORE_MONTH ? "%04u-%02u" : "%04u-%02u-%02u",
		 day / 10000, day / 100 % 100, day % 100);
}

static void write_figure(struct open_data *e, const char *time,
			 enum usage_metric m, const struct store_sum *s)
{
	const char *name = usage_metric_info(m)->name;
	const char *step = store_step_to_string(e->step);
	double band = store_band(s);

	fprintf(e->csv, "%s,%s,%s,%s,%llu,%lld,%.1f\r\n", step, time, e->zone,
		name, (unsigned long long)(s->hours / s->cells),
		(long long)s->value, band);
	fprintf(e->json,
		"%s\n{\"period\":\"%s\",\"time\":\"%s\",\"zone\":\"%s\","
		"\"metric\":\"%s\",\"hours\":%llu,\"value\":%lld,"
		"\"band\":%.1f}",
		e->has_some ? "," : "", step, time, e->zone, name,
		(unsigned long long)(s->hours / s->cells), (long long)s->value,
		band);
	e->has_some = true;
}

/* Of days those of days, of weeks those of weeks; of months all. */
static bool is_told(enum store_step step, enum usage_metric m)
{
	return step != STORE_WEEK || !store_step_has(STORE_DAY, m);
}

static void on_row(const struct store_figures *f, void *arg)
{
	struct open_data *e = arg;
	char time[16];

	build_time(time, e->step, f->day);
	for (int m = 0; m < USAGE_METRICS; m++)
		if (f->sum[m].cells && is_told(e->step, (enum usage_metric)m))
			write_figure(e, time, (enum usage_metric)m, &f->sum[m]);
}

static void write_step(struct open_data *e, enum store_step step,
		       store_day from, store_day to)
{
	const struct settings *s = e->settings;

	e->step = step;
	for (size_t i = 0; i <= s->zones && !e->err; i++) {
		struct store_query q = { .step = step, .from = from, .to = to };

		e->zone = q.zone = i < s->zones ? s->zone[i].name : "";
		e->err = store_read(e->store, &q, on_row, e);
	}
}

static void write_pair(struct open_data *e, enum file csv,
		       void (*fill)(struct open_data *e))
{
	e->csv = e->file[csv];
	e->json = e->file[csv + 1];
	e->has_some = false;
	fputs("period,time,zone,metric,hours,value,band\r\n", e->csv);
	fputs("[", e->json);
	fill(e);
	fputs("\n]\n", e->json);
}

static void fill_month(struct open_data *e)
{
	store_day last = end_of_month(e->month);

	write_step(e, STORE_DAY, e->month, last);
	write_step(e, STORE_WEEK, e->month, last);
}

static void fill_year(struct open_data *e)
{
	store_day year = e->month / 10000 * 10000;

	write_step(e, STORE_MONTH, year + 101, end_of_month(e->month));
}

/* --- what they are ----------------------------------------------------- */

/* "LATITUDE,LONGITUDE" is two columns already. */
static void write_zones(struct open_data *e)
{
	const struct settings *s = e->settings;
	FILE *f = e->file[ZONES_CSV];

	fputs("zone,latitude,longitude\r\n", f);
	for (size_t i = 0; i < s->zones; i++)
		fprintf(f, "%s,%s\r\n", s->zone[i].name,
			*s->zone[i].at ? s->zone[i].at : ",");
}

static void write_provenance(struct open_data *e)
{
	const struct usage_settings *u = &e->settings->usage;
	FILE *f = e->file[PROVENANCE];

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

static void write_licence(struct open_data *e)
{
	FILE *f = e->file[LICENCE_TEXT];

	fputs("Datenlizenz Deutschland - Zero - Version 2.0\n"
	      "https://www.govdata.de/dl-de/zero-2-0\n",
	      f);
}

/* A literal of Turtle. */
static void put_literal(FILE *f, const char *text, const char *language)
{
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', f);
		fputc(*text, f);
	}
	fprintf(f, "\"%s%s", *language ? "@" : "", language);
}

static void put_distribution(FILE *f, const char *name, const char *media,
			     const char *type)
{
	fprintf(f,
		"\n<#%s> a dcat:Distribution ;\n"
		"\tdct:title \"%s\" ;\n"
		"\tdct:license <" LICENCE "> ;\n"
		"\tdct:format <" AUTHORITY "file-type/%s> ;\n"
		"\tdcat:mediaType <https://www.iana.org/assignments/"
		"media-types/%s> ;\n"
		"\tdcat:accessURL <%s> ;\n"
		"\tdcat:downloadURL <%s> .\n",
		name, name, type, media, name, name);
}

static void put_places(FILE *f, const struct settings *s)
{
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

static void put_dataset(FILE *f, const struct open_data *e)
{
	const struct portal_settings *p = &e->settings->portal;
	char from[16], to[16];

	build_time(from, STORE_DAY, e->month / 10000 * 10000 + 101);
	build_time(to, STORE_DAY, end_of_month(e->month));
	fputs("<#dataset> a dcat:Dataset ;\n\tdct:title ", f);
	put_literal(f, p->network, "");
	fputs(" ;\n\tdct:description \"Nutzung des öffentlichen WLANs je "
	      "Zone: Geräte am Tag, Datenmenge, Sprachen, Verweildauer. Jede "
	      "Zahl ist differenziell privat: sie enthält Rauschen, dessen "
	      "Band danebensteht.\"@de ;\n\tdct:publisher [ a foaf:Agent ; "
	      "foaf:name ",
	      f);
	put_literal(f, p->provider, "");
	fputs(" ] ;\n\tdcat:contactPoint [ a vcard:Organization ; vcard:fn ",
	      f);
	put_literal(f, p->provider, "");
	fputs(" ; vcard:note ", f);
	put_literal(f, p->contact, "");
	fputs(" ] ;\n", f);
	put_places(f, e->settings);
	fprintf(f,
		"\tdct:license <" LICENCE "> ;\n"
		"\tdct:accrualPeriodicity <" AUTHORITY "frequency/MONTHLY> ;\n"
		"\tdcat:theme <" AUTHORITY "data-theme/TECH> ;\n"
		"\tdct:temporal [ a dct:PeriodOfTime ; dcat:startDate "
		"\"%s\"^^xsd:date ; dcat:endDate \"%s\"^^xsd:date ] ;\n"
		"\tdct:provenance [ a dct:ProvenanceStatement ; rdfs:label "
		"\"Discrete Laplace noise drawn at the access point; bounds "
		"and budget: provenance.csv\"@en ] ;\n"
		"\tdcat:distribution <#%s>, <#%s>, <#%s>, <#%s>, <#%s> .\n",
		from, to, e->name[MONTH_CSV], e->name[MONTH_JSON],
		e->name[YEAR_CSV], e->name[YEAR_JSON], e->name[ZONES_CSV]);
}

static void write_catalogue(struct open_data *e)
{
	FILE *f = e->file[CATALOGUE];

	fputs("@prefix dcat: <http://www.w3.org/ns/dcat#> .\n"
	      "@prefix dct: <http://purl.org/dc/terms/> .\n"
	      "@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n"
	      "@prefix geo: <http://www.opengis.net/ont/geosparql#> .\n"
	      "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
	      "@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .\n"
	      "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n\n",
	      f);
	put_dataset(f, e);
	for (int i = MONTH_CSV; i <= YEAR_JSON; i += 2) {
		put_distribution(f, e->name[i], "text/csv", "CSV");
		put_distribution(f, e->name[i + 1], "application/json", "JSON");
	}
	put_distribution(f, e->name[ZONES_CSV], "text/csv", "CSV");
}

/* --- the command ------------------------------------------------------- */

static void write_all(struct open_data *e)
{
	write_pair(e, MONTH_CSV, fill_month);
	write_pair(e, YEAR_CSV, fill_year);
	write_zones(e);
	write_provenance(e);
	write_licence(e);
	write_catalogue(e);
}

static enum cli_exit write_folder(const struct cli *cli, struct open_data *e)
{
	enum cli_exit code = CLI_DONE;

	name_files(e);
	e->err = open_files(e);
	if (!e->err)
		code = cli_open_store(cli, e->settings, &e->store);
	if (!e->err && !code)
		write_all(e);
	close_files(e);
	store_free(e->store);
	if (!e->err)
		return code;
	return cli_fail(cli, CLI_FAILED, "%s: %s", e->folder,
			strerror(-e->err));
}

enum cli_exit cli_open_data(const struct cli *cli)
{
	struct open_data e = { .folder = cli->args[0], .month = last_month() };
	struct settings *s;
	enum cli_exit code;

	if (cli->month && !take_month(cli->month, &e.month))
		return cli_fail(cli, CLI_USAGE,
				"invalid value '%.40s' for --month, allowed: "
				"a month such as 2026-11",
				cli->month);
	s = cli_settings(cli);
	if (!s)
		return CLI_USAGE;
	e.settings = s;
	code = write_folder(cli, &e);
	settings_free(s);
	return code;
}
