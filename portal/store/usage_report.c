/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/store/usage_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/quantity.h"
#include "portal/store/day.h"

#define TIME_MAX   32
#define DAYS_AGO   36500
#define DAY_S	   86400
#define VARINT_MAX 10

/* --- text -------------------------------------------------------------- */

/* A year of hours is 200,000 numbers: printf would take most of the time. */
struct text {
	FILE *out;
	size_t len;
	char buf[8192];
};

static void text_flush(struct text *t)
{
	fwrite(t->buf, 1, t->len, t->out);
	t->len = 0;
}

static void text_bytes(struct text *t, const char *bytes, size_t len)
{
	if (len > sizeof(t->buf) - t->len)
		text_flush(t);
	memcpy(t->buf + t->len, bytes, len);
	t->len += len;
}

static void text_put(struct text *t, const char *text)
{
	text_bytes(t, text, strlen(text));
}

static void text_number(struct text *t, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	text_bytes(t, digits + at, sizeof(digits) - at);
}

static void text_json(struct text *t, const char *string)
{
	char escape[8];

	text_bytes(t, "\"", 1);
	for (; *string; string++) {
		unsigned char c = (unsigned char)*string;

		if (c == '"' || c == '\\')
			snprintf(escape, sizeof(escape), "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			snprintf(escape, sizeof(escape), "\\u%04x", c);
		else
			snprintf(escape, sizeof(escape), "%c", c);
		text_put(t, escape);
	}
	text_bytes(t, "\"", 1);
}

/* 0 or -errno */
static int text_end(struct text *t)
{
	text_flush(t);
	return ferror(t->out) ? -EIO : 0;
}

/* --- times ------------------------------------------------------------- */

static char *put_digits(char *p, unsigned int v, int count)
{
	for (int i = count; i--; v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + count;
}

static char *put_day(char *p, uint32_t day, bool has_day)
{
	p = put_digits(p, day / 10000, 4);
	*p++ = '-';
	p = put_digits(p, day / 100 % 100, 2);
	if (has_day) {
		*p++ = '-';
		p = put_digits(p, day % 100, 2);
	}
	return p;
}

/* The two hours of one name at the end of summer differ in the offset. */
static char *put_clock(char *p, int64_t start_s)
{
	time_t t = (time_t)start_s;
	struct tm tm = { 0 };
	unsigned int offset_min;

	localtime_r(&t, &tm);
	offset_min = (unsigned int)labs(tm.tm_gmtoff) / 60;
	*p++ = 'T';
	p = put_digits(p, (unsigned int)tm.tm_hour, 2);
	*p++ = ':';
	p = put_digits(p, (unsigned int)tm.tm_min, 2);
	*p++ = tm.tm_gmtoff < 0 ? '-' : '+';
	p = put_digits(p, offset_min / 60, 2);
	*p++ = ':';
	return put_digits(p, offset_min % 60, 2);
}

/* Empty: not known. */
static size_t build_time(char buf[TIME_MAX], enum usage_step step,
			 int64_t start_s, uint32_t day)
{
	char *p = buf;

	if (!day)
		return 0;
	p = put_day(p, day, step != USAGE_MONTH);
	if (step == USAGE_HOUR)
		p = put_clock(p, start_s);
	return (size_t)(p - buf);
}

static void text_json_time(struct text *t, enum usage_step step,
			   int64_t start_s, uint32_t day)
{
	char buf[TIME_MAX];
	size_t len = build_time(buf, step, start_s, day);

	if (!len) {
		text_put(t, "null");
		return;
	}
	text_bytes(t, "\"", 1);
	text_bytes(t, buf, len);
	text_bytes(t, "\"", 1);
}

static void text_json_span(struct text *t, store_day from, store_day to)
{
	text_put(t, ",\"from\":");
	text_json_time(t, USAGE_DAY, 0, from);
	text_put(t, ",\"to\":");
	text_json_time(t, USAGE_DAY, 0, to);
}

/* --- figures ----------------------------------------------------------- */

/*
 * Members of JSON are whole columns, so all rows have to be there first. Most
 * figures are small: as varints a year of hours takes a third of a megabyte.
 */
struct column {
	uint8_t *bytes;
	size_t len, room;
};

struct report {
	const struct store_query *query;
	struct text *text;
	size_t columns;
	enum usage_metric metric[USAGE_METRICS]; /* of each column */
	struct column value[USAGE_METRICS], start, day;
	size_t rows;
	int err;
};

static void choose_columns(struct report *r)
{
	for (int i = 0; i < USAGE_METRICS; i++)
		if (!r->query->metrics || r->query->metrics >> i & 1)
			r->metric[r->columns++] = (enum usage_metric)i;
}

static bool column_grow(struct column *c)
{
	size_t room = c->room * 2 + 1024;
	void *grown = realloc(c->bytes, room);

	if (!grown)
		return false;
	c->bytes = grown;
	c->room = room;
	return true;
}

static bool column_put(struct column *c, uint64_t v)
{
	if (c->room - c->len < VARINT_MAX && !column_grow(c))
		return false;
	for (; v > 0x7f; v >>= 7)
		c->bytes[c->len++] = (uint8_t)(v | 0x80);
	c->bytes[c->len++] = (uint8_t)v;
	return true;
}

static uint64_t column_take(const struct column *c, size_t *at)
{
	uint64_t v = 0;
	unsigned int shift = 0;

	do {
		v |= (uint64_t)(c->bytes[*at] & 0x7f) << shift;
		shift += 7;
	} while (c->bytes[(*at)++] & 0x80);
	return v;
}

static void keep_row(const struct store_figures *f, void *arg)
{
	struct report *r = arg;
	bool has_room = column_put(&r->start, (uint64_t)f->start_s) &&
			column_put(&r->day, f->day);

	for (size_t i = 0; i < r->columns && has_room; i++)
		has_room = column_put(&r->value[i], f->value[r->metric[i]]);
	if (has_room)
		r->rows++;
	else
		r->err = -ENOMEM;
}

static void write_column(struct report *r, const struct column *c)
{
	struct text *t = r->text;
	size_t at = 0;

	text_bytes(t, "[", 1);
	for (size_t i = 0; i < r->rows; i++) {
		if (i)
			text_bytes(t, ",", 1);
		text_number(t, column_take(c, &at));
	}
	text_bytes(t, "]", 1);
}

static void write_times(struct report *r)
{
	struct text *t = r->text;
	size_t start_at = 0, day_at = 0;

	text_bytes(t, "[", 1);
	for (size_t i = 0; i < r->rows; i++) {
		int64_t start_s = (int64_t)column_take(&r->start, &start_at);
		uint32_t day = (uint32_t)column_take(&r->day, &day_at);

		if (i)
			text_bytes(t, ",", 1);
		text_json_time(t, r->query->step, start_s, day);
	}
	text_bytes(t, "]", 1);
}

static void write_json(struct report *r)
{
	const struct store_query *q = r->query;
	struct text *t = r->text;

	text_put(t, "{\"step\":");
	text_json(t, usage_step_to_string(q->step));
	text_json_span(t, q->from, q->to);
	text_put(t, ",\"zone\":");
	if (q->zone)
		text_json(t, q->zone);
	else
		text_put(t, "null");
	text_put(t, ",\"start\":");
	write_column(r, &r->start);
	text_put(t, ",\"time\":");
	write_times(r);
	text_put(t, ",\"values\":{");
	for (size_t i = 0; i < r->columns; i++) {
		text_put(t, i ? "," : "");
		text_json(t, usage_metric_info(r->metric[i])->name);
		text_bytes(t, ":", 1);
		write_column(r, &r->value[i]);
	}
	text_put(t, "}}\n");
}

static void write_csv_row(const struct store_figures *f, void *arg)
{
	struct report *r = arg;
	char buf[TIME_MAX];

	text_bytes(r->text, buf,
		   build_time(buf, r->query->step, f->start_s, f->day));
	for (size_t i = 0; i < r->columns; i++) {
		text_bytes(r->text, ",", 1);
		text_number(r->text, f->value[r->metric[i]]);
	}
	text_put(r->text, "\r\n");
}

static int report_json(struct store *st, struct report *r)
{
	int err = store_read(st, r->query, keep_row, r);

	if (!err)
		err = r->err;
	if (!err)
		write_json(r);
	for (size_t i = 0; i < r->columns; i++)
		free(r->value[i].bytes);
	free(r->start.bytes);
	free(r->day.bytes);
	return err;
}

static int report_csv(struct store *st, struct report *r)
{
	text_put(r->text, "time");
	for (size_t i = 0; i < r->columns; i++) {
		text_bytes(r->text, ",", 1);
		text_put(r->text, usage_metric_info(r->metric[i])->name);
	}
	text_put(r->text, "\r\n");
	return store_read(st, r->query, write_csv_row, r);
}

int usage_report_usage(struct store *st, const struct store_query *q,
		       enum usage_report_format format, FILE *out)
{
	struct text t = { .out = out };
	struct report r = { .query = q, .text = &t };
	int err;

	choose_columns(&r);
	err = format == USAGE_REPORT_JSON ? report_json(st, &r)
					  : report_csv(st, &r);
	return err ? err : text_end(&t);
}

/* --- labels ------------------------------------------------------------ */

struct label_report {
	struct text *text;
	bool has_some;
};

static void write_json_label(const char *label, uint64_t value, void *arg)
{
	struct label_report *r = arg;

	text_put(r->text, r->has_some ? "," : "");
	text_json(r->text, label);
	text_bytes(r->text, ":", 1);
	text_number(r->text, value);
	r->has_some = true;
}

/* Labels are a-z, 0-9 and '-', which CSV takes as they are. */
static void write_csv_label(const char *label, uint64_t value, void *arg)
{
	struct label_report *r = arg;

	text_put(r->text, label);
	text_bytes(r->text, ",", 1);
	text_number(r->text, value);
	text_put(r->text, "\r\n");
}

int usage_report_labels(struct store *st, const struct store_label_query *q,
			enum usage_report_format format, FILE *out)
{
	struct text t = { .out = out };
	struct label_report r = { .text = &t };
	int err;

	if (format == USAGE_REPORT_CSV) {
		text_put(&t, usage_kind_to_string(q->kind));
		text_put(&t, ",value\r\n");
		err = store_read_labels(st, q, write_csv_label, &r);
		return err ? err : text_end(&t);
	}
	text_put(&t, "{\"kind\":");
	text_json(&t, usage_kind_to_string(q->kind));
	text_json_span(&t, q->from, q->to);
	text_put(&t, ",\"values\":{");
	err = store_read_labels(st, q, write_json_label, &r);
	text_put(&t, "}}\n");
	return err ? err : text_end(&t);
}

/* --- what people ask for ----------------------------------------------- */

static bool take_digits(const char **text, int count, uint32_t *out)
{
	uint32_t v = 0;

	for (; count; count--, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		v = v * 10 + (uint32_t)(**text - '0');
	}
	*out = v;
	return true;
}

static bool parse_date(const char *text, store_day *out)
{
	uint32_t year, month, day;

	if (!take_digits(&text, 4, &year) || *text++ != '-' ||
	    !take_digits(&text, 2, &month) || *text++ != '-' ||
	    !take_digits(&text, 2, &day) || *text)
		return false;
	*out = year * 10000 + month * 100 + day;
	return day_is_valid(*out);
}

/* "-7d" -> 7 */
static bool parse_ago(const char *text, int *days)
{
	uint64_t ago_s;

	if (text[0] != '-' || !quantity_parse_seconds(text + 1, &ago_s) ||
	    ago_s % DAY_S || ago_s / DAY_S > DAYS_AGO)
		return false;
	*days = (int)(ago_s / DAY_S);
	return true;
}

bool usage_report_parse_day(const char *text, store_day *out)
{
	int days = 0;

	if (!*text) {
		*out = 0;
		return true;
	}
	if (parse_date(text, out))
		return true;
	if (!strcmp(text, "yesterday"))
		days = 1;
	else if (strcmp(text, "today") != 0 && !parse_ago(text, &days))
		return false;
	*out = day_shift(day_of(time(NULL)), -days);
	return day_is_valid(*out);
}

bool usage_report_parse_metrics(const char *text, uint32_t *out)
{
	char name[32];
	enum usage_metric metric;
	uint32_t bits = 0;

	for (;;) {
		size_t len = strcspn(text, ",");

		if (!len || len >= sizeof(name))
			return false;
		memcpy(name, text, len);
		name[len] = '\0';
		if (!usage_metric_parse(name, &metric))
			return false;
		bits |= 1U << metric;
		if (!text[len])
			break;
		text += len + 1;
	}
	*out = bits;
	return true;
}
