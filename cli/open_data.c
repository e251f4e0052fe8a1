/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/open_data.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/array.h"
#include "portal/store/day.h"

#define LICENCE	  "http://dcat-ap.de/def/licenses/dl-zero-de/2.0"
#define AUTHORITY "http://publications.europa.eu/resource/authority/"

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

enum cli_exit open_data_month(const struct cli *cli, store_day *month)
{
	*month = last_month();
	if (!cli->month || take_month(cli->month, month))
		return CLI_DONE;
	return cli_fail(cli, CLI_USAGE,
			"invalid value '%.40s' for --month, allowed: "
			"a month such as 2026-11",
			cli->month);
}

store_day open_data_end_of(store_day month)
{
	return day_shift(day_shift(month, 31) / 100 * 100 + 1, -1);
}

/* --- files ------------------------------------------------------------- */

void open_data_name_both(struct open_data_file file[2], const char *base,
			 store_day day, bool has_month)
{
	static const char *const type[] = { "csv", "json" };
	unsigned int year = day / 10000 % 10000, month = day / 100 % 100;

	for (size_t i = 0; i < ARRAY_SIZE(type); i++)
		if (has_month)
			snprintf(file[i].name, sizeof(file[i].name),
				 "%s-%04u-%02u.%s", base, year, month, type[i]);
		else
			snprintf(file[i].name, sizeof(file[i].name),
				 "%s-%04u.%s", base, year, type[i]);
}

void open_data_name_fixed(struct open_data_file *file, const char *const *name,
			  size_t count)
{
	for (size_t i = 0; i < count; i++)
		snprintf(file[i].name, sizeof(file[i].name), "%s", name[i]);
}

int open_data_open(const char *folder, struct open_data_file *file,
		   size_t count)
{
	char path[PATH_MAX];

	if (mkdir(folder, 0755) && errno != EEXIST)
		return -errno;
	for (size_t i = 0; i < count; i++) {
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder,
				     file[i].name) >= sizeof(path))
			return -ENAMETOOLONG;
		file[i].f = fopen(path, "we");
		if (!file[i].f)
			return -errno;
	}
	return 0;
}

int open_data_close(struct open_data_file *file, size_t count, int err)
{
	for (size_t i = 0; i < count; i++)
		if (file[i].f && (ferror(file[i].f) | fclose(file[i].f)) &&
		    !err)
			err = -EIO;
	return err;
}

/* --- figures ----------------------------------------------------------- */

static void build_time(char time[16], enum store_step step, store_day day)
{
	snprintf(time, 16, step == STORE_MONTH ? "%04u-%02u" : "%04u-%02u-%02u",
		 day / 10000, day / 100 % 100, day % 100);
}

void open_data_put_csv(FILE *f, const char *text)
{
	bool is_quoted = text[strcspn(text, ",\"\r\n")] != '\0';

	if (is_quoted)
		fputc('"', f);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', f);
		fputc(*text, f);
	}
	if (is_quoted)
		fputc('"', f);
}

/* Of JSON and of Turtle, which escape the same. */
static void put_literal(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', f);
		fputc(*text, f);
	}
	fputc('"', f);
}

void open_data_begin(struct open_data_figures *f)
{
	f->has_some = false;
	fprintf(f->csv, "period,time,%s,metric,hours,value,band\r\n",
		f->column);
	fputs("[", f->json);
}

void open_data_end(struct open_data_figures *f)
{
	fputs("\n]\n", f->json);
}

static void write_figure(struct open_data_figures *f, const char *time,
			 enum usage_metric m, const struct store_sum *s)
{
	const char *name = usage_metric_info(m)->name;
	const char *step = store_step_to_string(f->step);
	unsigned long long hours = s->hours / s->cells;
	double band = store_band(s);

	fprintf(f->csv, "%s,%s,", step, time);
	open_data_put_csv(f->csv, f->place);
	fprintf(f->csv, ",%s,%llu,%lld,%.1f\r\n", name, hours,
		(long long)s->value, band);
	fprintf(f->json, "%s\n{\"period\":\"%s\",\"time\":\"%s\",\"%s\":",
		f->has_some ? "," : "", step, time, f->column);
	put_literal(f->json, f->place);
	fprintf(f->json,
		",\"metric\":\"%s\",\"hours\":%llu,\"value\":%lld,"
		"\"band\":%.1f}",
		name, hours, (long long)s->value, band);
	f->has_some = true;
}

/* Of days those of days, of weeks those of weeks; of months all. */
static bool is_told(const struct open_data_figures *f, enum usage_metric m)
{
	if (f->metrics && !(f->metrics >> m & 1))
		return false;
	return f->step != STORE_WEEK || !store_step_has(STORE_DAY, m);
}

void open_data_row(const struct store_figures *row, void *figures)
{
	struct open_data_figures *f = figures;
	char time[16];

	build_time(time, f->step, row->day);
	for (int m = 0; m < USAGE_METRICS; m++)
		if (row->sum[m].cells && is_told(f, (enum usage_metric)m))
			write_figure(f, time, (enum usage_metric)m,
				     &row->sum[m]);
}

/* --- what they are ----------------------------------------------------- */

void open_data_write_licence(FILE *f)
{
	fputs("Datenlizenz Deutschland - Zero - Version 2.0\n"
	      "https://www.govdata.de/dl-de/zero-2-0\n",
	      f);
}

static bool is_csv(const struct open_data_file *file)
{
	return strstr(file->name, ".csv") != NULL;
}

static void put_distribution(FILE *f, const struct open_data_file *file)
{
	const char *media = is_csv(file) ? "text/csv" : "application/json";
	const char *type = is_csv(file) ? "CSV" : "JSON";
	const char *name = file->name;

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

static void put_names(FILE *f, const struct open_data_catalogue *c)
{
	fputs("<#dataset> a dcat:Dataset ;\n\tdct:title ", f);
	put_literal(f, c->title);
	fputs(" ;\n\tdct:description ", f);
	put_literal(f, c->description);
	fputs("@de ;\n\tdct:publisher [ a foaf:Agent ; foaf:name ", f);
	put_literal(f, c->publisher);
	fputs(" ] ;\n", f);
	if (!*c->contact)
		return;
	fputs("\tdcat:contactPoint [ a vcard:Organization ; vcard:fn ", f);
	put_literal(f, c->publisher);
	fputs(" ; vcard:note ", f);
	put_literal(f, c->contact);
	fputs(" ] ;\n", f);
}

static void put_rest(FILE *f, const struct open_data_catalogue *c)
{
	char from[16], to[16];

	build_time(from, STORE_DAY, c->from);
	build_time(to, STORE_DAY, c->to);
	fprintf(f,
		"\tdct:license <" LICENCE "> ;\n"
		"\tdct:accrualPeriodicity <" AUTHORITY "frequency/MONTHLY> ;\n"
		"\tdcat:theme <" AUTHORITY "data-theme/TECH> ;\n"
		"\tdct:temporal [ a dct:PeriodOfTime ; dcat:startDate "
		"\"%s\"^^xsd:date ; dcat:endDate \"%s\"^^xsd:date ] ;\n"
		"\tdct:provenance [ a dct:ProvenanceStatement ; rdfs:label "
		"\"%s\"@en ] ;\n"
		"\tdcat:distribution ",
		from, to, c->provenance);
	for (size_t i = 0; i < c->files; i++)
		fprintf(f, "%s<#%s>", i ? ", " : "", c->file[i].name);
	fputs(" .\n", f);
}

void open_data_write_catalogue(FILE *f, const struct open_data_catalogue *c,
			       void (*put_places)(FILE *f, const void *arg),
			       const void *arg)
{
	fputs("@prefix dcat: <http://www.w3.org/ns/dcat#> .\n"
	      "@prefix dct: <http://purl.org/dc/terms/> .\n"
	      "@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n"
	      "@prefix geo: <http://www.opengis.net/ont/geosparql#> .\n"
	      "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
	      "@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .\n"
	      "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n\n",
	      f);
	put_names(f, c);
	if (put_places)
		put_places(f, arg);
	put_rest(f, c);
	for (size_t i = 0; i < c->files; i++)
		put_distribution(f, &c->file[i]);
}
