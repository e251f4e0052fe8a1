/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What open data is written with, of a box and of a city: a month, files of
 * constant names in a folder, figures as CSV and JSON side by side, and the
 * metadata of a catalogue (DCAT-AP.de).
 */
#ifndef STADTTOR_CLI_OPEN_DATA_H
#define STADTTOR_CLI_OPEN_DATA_H

#include <stdio.h>

#include "cli/cli.h"
#include "portal/store/store.h"

#define OPEN_DATA_NAME_MAX 32

/* --- which month ------------------------------------------------------- */

/* Of --month, or the last one: its first day. Otherwise it has said why. */
enum cli_exit open_data_month(const struct cli *cli, store_day *month);
store_day open_data_end_of(store_day month);

/* --- files ------------------------------------------------------------- */

struct open_data_file {
	char name[OPEN_DATA_NAME_MAX];
	FILE *f;
};

/* base-2026-11.csv and .json or, of a year, base-2026.csv and .json. */
void open_data_name_both(struct open_data_file file[2], const char *base,
			 store_day day, bool has_month);
void open_data_name_fixed(struct open_data_file *file, const char *const *name,
			  size_t count);

/* Before privileges go: the folder is the caller's, the figures are not. */
int open_data_open(const char *folder, struct open_data_file *file,
		   size_t count) MUST_CHECK;
/* What cannot be written is an error then. Those that are not open are none. */
int open_data_close(struct open_data_file *file, size_t count, int err);

/* --- figures ----------------------------------------------------------- */

struct open_data_figures {
	FILE *csv, *json;
	const char *column; /* what places are called: "zone" */
	const char *place;
	enum store_step step;
	uint64_t metrics; /* bits; 0: all */
	bool has_some;
};

void open_data_begin(struct open_data_figures *f);
void open_data_row(const struct store_figures *row, void *figures);
void open_data_end(struct open_data_figures *f);

/* With quotes where RFC 4180 wants them. */
void open_data_put_csv(FILE *f, const char *text);

/* --- what they are ----------------------------------------------------- */

struct open_data_catalogue {
	const char *title, *description; /* the latter in German */
	const char *publisher, *contact; /* empty: none */
	const char *provenance;
	store_day from, to;
	const struct open_data_file *file; /* by type, .csv or .json */
	size_t files;
};

void open_data_write_licence(FILE *f);
void open_data_write_catalogue(FILE *f, const struct open_data_catalogue *c,
			       void (*put_places)(FILE *f, const void *arg),
			       const void *arg);

#endif
