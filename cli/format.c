/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/format.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/array.h"
#include "common/ipc.h"

struct scale {
	uint64_t factor;
	const char *name;
};

static const struct scale rate_scale[] = {
	{ 1000000000, "gbit" },
	{ 1000000, "mbit" },
	{ 1000, "kbit" },
	{ 1, "bit" },
};

static const struct scale bytes_scale[] = {
	{ 1000000000000, " TB" }, { 1000000000, " GB" }, { 1000000, " MB" },
	{ 1000, " kB" },	  { 1, " B" },
};

/* With one decimal, cut rather than rounded: 999,999 is not a million. */
static void format_scaled(uint64_t v, const struct scale *s, char *buf)
{
	uint64_t tenth;

	while (s->factor > 1 && v < s->factor)
		s++;
	tenth = v % s->factor * 10 / s->factor;
	if (tenth)
		snprintf(buf, FORMAT_MAX, "%" PRIu64 ".%" PRIu64 "%s",
			 v / s->factor, tenth, s->name);
	else
		snprintf(buf, FORMAT_MAX, "%" PRIu64 "%s", v / s->factor,
			 s->name);
}

const char *format_rate(uint64_t bps, char buf[FORMAT_MAX])
{
	if (!bps || bps == IPC_UNLIMITED)
		snprintf(buf, FORMAT_MAX, "none");
	else
		format_scaled(bps, rate_scale, buf);
	return buf;
}

const char *format_bytes(uint64_t bytes, char buf[FORMAT_MAX])
{
	if (bytes == IPC_UNLIMITED)
		snprintf(buf, FORMAT_MAX, "none");
	else
		format_scaled(bytes, bytes_scale, buf);
	return buf;
}

const char *format_time(uint64_t seconds, char buf[FORMAT_MAX])
{
	static const struct {
		uint64_t big, small;
		const char *big_name, *small_name;
	} scale[] = {
		{ 86400, 3600, "d", "h" },
		{ 3600, 60, "h", "m" },
		{ 60, 1, "m", "s" },
	};

	if (seconds == IPC_UNLIMITED) {
		snprintf(buf, FORMAT_MAX, "none");
		return buf;
	}
	for (size_t i = 0; i < ARRAY_SIZE(scale); i++) {
		if (seconds < scale[i].big)
			continue;
		snprintf(buf, FORMAT_MAX, "%" PRIu64 "%s %" PRIu64 "%s",
			 seconds / scale[i].big, scale[i].big_name,
			 seconds % scale[i].big / scale[i].small,
			 scale[i].small_name);
		return buf;
	}
	snprintf(buf, FORMAT_MAX, "%" PRIu64 "s", seconds);
	return buf;
}

static const char *format_local(int64_t time_s, bool has_weekday,
				char buf[FORMAT_MAX])
{
	time_t t = (time_t)time_s;
	struct tm tm;

	if (!localtime_r(&t, &tm) ||
	    !strftime(buf, FORMAT_MAX, has_weekday ? "%a %F %H:%M" : "%F %H:%M",
		      &tm))
		snprintf(buf, FORMAT_MAX, "?");
	return buf;
}

const char *format_date(int64_t time_s, char buf[FORMAT_MAX])
{
	return format_local(time_s, false, buf);
}

const char *format_moment(int64_t time_s, char buf[FORMAT_MAX])
{
	return format_local(time_s, true, buf);
}

/* --- terminals --------------------------------------------------------- */

static bool is_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

static bool has_colours(void)
{
	const char *no = getenv("NO_COLOR");

	return is_terminal() && (!no || !*no);
}

const char *format_mood(enum format_mood mood)
{
	static const char *const codes[FORMAT_MOODS] = {
		[FORMAT_GOOD] = "\x1b[0m",
		[FORMAT_WARNING] = "\x1b[33m",
		[FORMAT_BAD] = "\x1b[31m",
	};

	return has_colours() ? codes[mood] : "";
}

void format_clear_screen(void)
{
	static bool is_first = true;

	if (is_terminal())
		fputs("\x1b[H\x1b[2J", stdout);
	else if (!is_first)
		putchar('\n');
	is_first = false;
}

/* --- tables ------------------------------------------------------------ */

struct table {
	const char *align;
	size_t columns;
	size_t width[FORMAT_COLUMNS];
	char **cell; /* row by row, the headings first */
	size_t cells;
	size_t room;
};

/* Bytes of UTF-8 that take no column of their own. */
static size_t count_spare(const char *cell)
{
	size_t spare = 0;

	for (; *cell; cell++)
		spare += ((unsigned char)*cell & 0xc0) == 0x80;
	return spare;
}

int table_add(struct table *t, const char *const *cells)
{
	if (t->cells + t->columns > t->room) {
		size_t room = t->room * 2 + 16 * t->columns;
		char **grown = realloc(t->cell, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		t->cell = grown;
		t->room = room;
	}
	for (size_t i = 0; i < t->columns; i++) {
		size_t len = strlen(cells[i]) - count_spare(cells[i]);
		char *copy = strdup(cells[i]);

		if (!copy) {
			while (i--)
				free(t->cell[--t->cells]);
			return -ENOMEM;
		}
		t->cell[t->cells++] = copy;
		if (len > t->width[i])
			t->width[i] = len;
	}
	return 0;
}

struct table *table_new(const char *align, const char *const *headings)
{
	struct table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->align = align;
	t->columns = strlen(align);
	if (t->columns <= FORMAT_COLUMNS && !table_add(t, headings))
		return t;
	table_free(t);
	return NULL;
}

void table_print(const struct table *t, FILE *out)
{
	for (size_t i = 0; i < t->cells; i++) {
		size_t column = i % t->columns;
		int width = (int)(t->width[column] + count_spare(t->cell[i]));
		bool last = column + 1 == t->columns;

		if (t->align[column] == 'r')
			fprintf(out, "%*s", width, t->cell[i]);
		else
			fprintf(out, "%-*s", last ? 0 : width, t->cell[i]);
		fputs(last ? "\n" : "  ", out);
	}
}

void table_free(struct table *t)
{
	if (!t)
		return;
	while (t->cells)
		free(t->cell[--t->cells]);
	free(t->cell);
	free(t);
}
