/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures and tables for people. */
#ifndef STADTTOR_CLI_FORMAT_H
#define STADTTOR_CLI_FORMAT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FORMAT_MAX     32
#define FORMAT_COLUMNS 12

/* "5mbit", "1.5mbit"; IPC_UNLIMITED and 0: "none". All return buf. */
const char *format_rate(uint64_t bps, char buf[FORMAT_MAX]);

/* "512 B", "1.2 MB"; IPC_UNLIMITED: "none". */
const char *format_bytes(uint64_t bytes, char buf[FORMAT_MAX]);

/* "45s", "7h 59m", "3d 2h"; IPC_UNLIMITED: "none". */
const char *format_time(uint64_t seconds, char buf[FORMAT_MAX]);

/* "2026-11-30 22:00" by the local clock; of the second with "Mon " before. */
const char *format_date(int64_t time_s, char buf[FORMAT_MAX]);
const char *format_moment(int64_t time_s, char buf[FORMAT_MAX]);

/*
 * For a terminal, unless NO_COLOR is set (no-color.org) or it cannot; else
 * nothing. Good is the end of the other two, as well.
 */
enum format_mood { FORMAT_GOOD, FORMAT_WARNING, FORMAT_BAD, FORMAT_MOODS };
const char *format_mood(enum format_mood mood);

/* Before the same is printed anew: a terminal's screen, else an empty line. */
void format_clear_screen(void);

/* Lines of aligned columns, each as wide as its widest cell. */
struct table;

/* One letter a column in align: l or r. headings: as many. NULL: no memory. */
struct table *table_new(const char *align, const char *const *headings);

/* cells: as many as columns; copied. 0 or -ENOMEM. */
int table_add(struct table *t, const char *const *cells);
void table_print(const struct table *t, FILE *out);
void table_free(struct table *t);

#endif
