/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/web/web_json.h"

#include <errno.h>
#include <string.h>

#define NUMBER_MAX 32

struct json_object *web_json_text(const char *text)
{
	return *text ? json_object_new_string(text) : NULL;
}

/* As short as it is read: thousands of them are sent. */
struct json_object *web_json_tenths(double v)
{
	char text[NUMBER_MAX];

	snprintf(text, sizeof(text), "%.1f", v);
	return json_object_new_double_s(v, text);
}

void web_json_add_sum(struct json_object *values, struct json_object *bands,
		      const struct store_sum *s, uint64_t parts)
{
	bool has_some = s->cells && parts;
	struct json_object *value = NULL;

	if (has_some)
		value = parts == 1 ? json_object_new_int64(s->value)
				   : web_json_tenths((double)s->value /
						     (double)parts);
	json_object_array_add(values, value);
	json_object_array_add(
		bands, has_some ? web_json_tenths(store_band(s) / (double)parts)
				: NULL);
}

/* --- CSV --------------------------------------------------------------- */

static void write_text(const char *text, FILE *out)
{
	bool is_quoted = text[strcspn(text, ",\"\r\n")] != '\0';

	if (is_quoted)
		fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	if (is_quoted)
		fputc('"', out);
}

static void write_value(struct json_object *v, FILE *out)
{
	if (v)
		write_text(json_object_get_string(v), out);
}

static bool is_list(struct json_object *v)
{
	return json_object_is_type(v, json_type_array);
}

/* How many columns it becomes. */
static size_t width_of(struct json_object *column)
{
	struct json_object *first = json_object_array_get_idx(column, 0);

	return is_list(first) && json_object_array_length(first) > 1 &&
			       !json_object_is_type(
				       json_object_array_get_idx(first, 0),
				       json_type_string)
		       ? json_object_array_length(first)
		       : 1;
}

static void write_words(struct json_object *list, FILE *out)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		if (i)
			fputc(' ', out);
		write_value(json_object_array_get_idx(list, i), out);
	}
}

static void write_cell(struct json_object *column, size_t row, FILE *out)
{
	struct json_object *v = json_object_array_get_idx(column, row);
	size_t width = width_of(column);

	if (width == 1 && is_list(v))
		write_words(v, out);
	else if (width == 1)
		write_value(v, out);
	for (size_t i = 0; width > 1 && i < width; i++) {
		if (i)
			fputc(',', out);
		write_value(json_object_array_get_idx(v, i), out);
	}
}

static void write_name(const char *name, size_t width, FILE *out)
{
	if (width == 1)
		write_text(name, out);
	for (size_t i = 0; width > 1 && i < width; i++)
		fprintf(out, "%s%s_%02zu", i ? "," : "", name, i);
}

/* Of the first column; the others are as long. */
static size_t rows_of(struct json_object *o)
{
	json_object_object_foreach(o, name, column)
	{
		(void)name;
		if (is_list(column))
			return json_object_array_length(column);
	}
	return 0;
}

static void write_line(struct json_object *o, size_t row, bool is_head,
		       FILE *out)
{
	bool has_some = false;

	json_object_object_foreach(o, name, column)
	{
		if (!is_list(column))
			continue;
		if (has_some)
			fputc(',', out);
		has_some = true;
		if (is_head)
			write_name(name, width_of(column), out);
		else
			write_cell(column, row, out);
	}
	fputs("\r\n", out);
}

int web_json_write_csv(struct json_object *o, FILE *out)
{
	size_t rows = rows_of(o);

	write_line(o, 0, true, out);
	for (size_t i = 0; i < rows; i++)
		write_line(o, i, false, out);
	return ferror(out) ? -EIO : 0;
}
