/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/store/usage_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/array.h"
#include "common/quantity.h"
#include "portal/store/day.h"

#define TIME_MAX 32
#define DAY_S	 86400
#define DAYS_AGO 36500

/* --- text -------------------------------------------------------------- */

/* A year of hours is many numbers: printf would take most of the time. */
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

static void text_number(struct text *t, int64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);
	uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (v < 0)
		digits[--at] = '-';
	text_bytes(t, digits + at, sizeof(digits) - at);
}

/* A band, as exact as its size lets one want. */
static void text_band(struct text *t, double v)
{
	char buf[32];

	snprintf(buf, sizeof(buf), v < 100 ? "%.1f" : "%.0f", v);
	text_put(t, buf);
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

static char *put_day(char *p, uint32_t day, enum store_step step)
{
	p = put_digits(p, day / 10000, 4);
	if (step == STORE_YEAR)
		return p;
	*p++ = '-';
	p = put_digits(p, day / 100 % 100, 2);
	if (step == STORE_MONTH)
		return p;
	*p++ = '-';
	return put_digits(p, day % 100, 2);
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

/* Empty: no bound. */
static size_t build_time(char buf[TIME_MAX], enum store_step step,
			 int64_t start_s, uint32_t day)
{
	char *p = buf;

	if (!day)
		return 0;
	p = put_day(p, day, step);
	if (step == STORE_HOUR)
		p = put_clock(p, start_s);
	return (size_t)(p - buf);
}

static void text_json_time(struct text *t, enum store_step step,
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
	text_json_time(t, STORE_DAY, 0, from);
	text_put(t, ",\"to\":");
	text_json_time(t, STORE_DAY, 0, to);
}

/* --- figures ----------------------------------------------------------- */

/* Members of JSON are whole columns, so all rows have to be there first. */
struct entry {
	int64_t value;
	float band; /* below 0: not counted then */
};

struct report {
	const struct store_query *query;
	const struct usage_report_source *source;
	struct text *text;
	size_t columns;
	enum usage_metric metric[USAGE_METRICS]; /* of each column */
	struct entry *entry;			 /* row by row */
	struct row {
		int64_t start_s;
		store_day day;
		uint32_t hours;
	} * row;
	size_t rows, entry_room, row_room;
	int err;
};

static void choose_columns(struct report *r, uint64_t metrics)
{
	for (int i = 0; i < USAGE_METRICS; i++)
		if ((!metrics || metrics >> i & 1) &&
		    store_step_has(r->query->step, (enum usage_metric)i))
			r->metric[r->columns++] = (enum usage_metric)i;
}

/* That a cell of the row covers, of the step's hours. */
static uint32_t hours_of(const struct store_figures *f)
{
	uint64_t hours = 0;

	for (int m = 0; m < USAGE_METRICS; m++) {
		const struct store_sum *s = &f->sum[m];
		uint64_t each = s->cells ? s->hours / s->cells : 0;

		if (each > hours)
			hours = each;
	}
	return (uint32_t)hours;
}

static bool make_room(struct report *r)
{
	void *row =
		array_grow(r->row, &r->row_room, r->rows + 1, sizeof(*r->row));
	void *entry;

	if (row)
		r->row = row;
	entry = array_grow(r->entry, &r->entry_room,
			   (r->rows + 1) * (r->columns + 1), sizeof(*r->entry));
	if (entry)
		r->entry = entry;
	return row && entry;
}

static void keep_row(const struct store_figures *f, void *arg)
{
	struct report *r = arg;

	if (!make_room(r)) {
		r->err = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < r->columns; i++) {
		const struct store_sum *s = &f->sum[r->metric[i]];

		r->entry[r->rows * r->columns + i] = (struct entry){
			.value = s->value,
			.band = s->cells ? (float)store_band(s) : -1,
		};
	}
	r->row[r->rows++] = (struct row){ f->start_s, f->day, hours_of(f) };
}

static void write_entry(struct text *t, const struct entry *e, bool is_band)
{
	if (e->band < 0)
		text_put(t, "null");
	else if (is_band)
		text_band(t, (double)e->band);
	else
		text_number(t, e->value);
}

static void write_columns(struct report *r, const char *member, bool is_band)
{
	struct text *t = r->text;

	text_put(t, member);
	for (size_t i = 0; i < r->columns; i++) {
		text_put(t, i ? "," : "");
		text_json(t, usage_metric_info(r->metric[i])->name);
		text_put(t, ":[");
		for (size_t row = 0; row < r->rows; row++) {
			text_put(t, row ? "," : "");
			write_entry(t, &r->entry[row * r->columns + i],
				    is_band);
		}
		text_put(t, "]");
	}
	text_put(t, "}");
}

static void write_starts(struct report *r)
{
	struct text *t = r->text;

	text_put(t, ",\"start\":[");
	for (size_t i = 0; i < r->rows; i++) {
		text_put(t, i ? "," : "");
		text_number(t, r->row[i].start_s);
	}
	text_put(t, "],\"time\":[");
	for (size_t i = 0; i < r->rows; i++) {
		text_put(t, i ? "," : "");
		text_json_time(t, r->query->step, r->row[i].start_s,
			       r->row[i].day);
	}
	text_put(t, "],\"hours\":[");
	for (size_t i = 0; i < r->rows; i++) {
		text_put(t, i ? "," : "");
		text_number(t, r->row[i].hours);
	}
	text_put(t, "]");
}

static void write_json(struct report *r)
{
	const struct store_query *q = r->query;
	struct text *t = r->text;

	text_put(t, "{\"step\":");
	text_json(t, store_step_to_string(q->step));
	text_json_span(t, q->from, q->to);
	text_put(t, ",\"zone\":");
	if (q->zone)
		text_json(t, q->zone);
	else
		text_put(t, "null");
	write_starts(r);
	write_columns(r, ",\"values\":{", false);
	write_columns(r, ",\"bands\":{", true);
	text_put(t, "}\n");
}

/* What people wrote, so that no table program takes it for a formula. */
static void write_note(struct report *r, store_day day)
{
	const char *note = r->source->note(r->source->notes, day);
	struct text *t = r->text;

	text_put(t, ",");
	if (!note)
		return;
	text_put(t, strchr("=+-@", *note) ? "\"'" : "\"");
	for (; *note; note++) {
		text_bytes(t, note, 1);
		if (*note == '"')
			text_put(t, "\"");
	}
	text_put(t, "\"");
}

static void write_csv_row(struct report *r, size_t row)
{
	const struct row *w = &r->row[row];
	struct text *t = r->text;
	char buf[TIME_MAX];

	text_bytes(t, buf, build_time(buf, r->query->step, w->start_s, w->day));
	text_put(t, ",");
	text_number(t, w->hours);
	for (size_t i = 0; i < r->columns; i++) {
		const struct entry *e = &r->entry[row * r->columns + i];

		text_put(t, ",");
		if (e->band >= 0)
			write_entry(t, e, false);
		text_put(t, ",");
		if (e->band >= 0)
			write_entry(t, e, true);
	}
	if (r->source->note)
		write_note(r, w->day);
	text_put(t, "\r\n");
}

static void write_csv(struct report *r)
{
	struct text *t = r->text;

	text_put(t, "time,hours");
	for (size_t i = 0; i < r->columns; i++) {
		const char *name = usage_metric_info(r->metric[i])->name;

		text_put(t, ",");
		text_put(t, name);
		text_put(t, ",");
		text_put(t, name);
		text_put(t, "_band");
	}
	if (r->source->note)
		text_put(t, ",note");
	text_put(t, "\r\n");
	for (size_t row = 0; row < r->rows; row++)
		write_csv_row(r, row);
}

int usage_report_write(const struct usage_report_source *source,
		       const struct store_query *q, uint64_t metrics,
		       enum usage_report_format format, FILE *out)
{
	struct text t = { .out = out };
	struct report r = { .query = q, .text = &t, .source = source };
	int err;

	choose_columns(&r, metrics);
	err = source->read(source->figures, q, keep_row, &r);
	if (!err)
		err = r.err;
	if (!err && format == USAGE_REPORT_JSON)
		write_json(&r);
	else if (!err)
		write_csv(&r);
	free(r.row);
	free(r.entry);
	return err ? err : text_end(&t);
}

static int read_store(void *figures, const struct store_query *q,
		      store_row_fn *on_row, void *arg)
{
	return store_read(figures, q, on_row, arg);
}

struct usage_report_source usage_report_of(struct store *st)
{
	return (struct usage_report_source){ .read = read_store,
					     .figures = st };
}

int usage_report_usage(struct store *st, const struct store_query *q,
		       uint64_t metrics, enum usage_report_format format,
		       FILE *out)
{
	struct usage_report_source source = usage_report_of(st);

	return usage_report_write(&source, q, metrics, format, out);
}

/* --- figures of earlier ------------------------------------------------ */

static void write_old_day(store_day day,
			  const uint64_t value[STORE_OLD_COLUMNS], void *arg)
{
	struct text *t = arg;
	char buf[TIME_MAX];

	text_bytes(t, buf, build_time(buf, STORE_DAY, 0, day));
	for (int i = 0; i < STORE_OLD_COLUMNS; i++) {
		text_put(t, ",");
		text_number(t, (int64_t)value[i]);
	}
	text_put(t, "\r\n");
}

int usage_report_old(struct store *st, store_day from, store_day to, FILE *out)
{
	struct text t = { .out = out };
	int err;

	text_put(&t, "time");
	for (int i = 0; i < STORE_OLD_COLUMNS; i++) {
		text_put(&t, ",");
		text_put(&t, store_old_columns[i]);
	}
	text_put(&t, "\r\n");
	err = store_read_old(st, from, to, write_old_day, &t);
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

bool usage_report_parse_metrics(const char *text, uint64_t *out)
{
	char name[32];
	enum usage_metric metric;
	uint64_t bits = 0;

	for (;;) {
		size_t len = strcspn(text, ",");

		if (!len || len >= sizeof(name))
			return false;
		memcpy(name, text, len);
		name[len] = '\0';
		if (!usage_metric_parse(name, &metric))
			return false;
		bits |= 1ULL << metric;
		if (!text[len])
			break;
		text += len + 1;
	}
	*out = bits;
	return true;
}
