/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/config/opening.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#define DAY_MIN	     1440
#define DAY_S	     86400
#define HORIZON_DAYS 400
#define TURNED_BACK  (3 * 3600)	 /* the most that clocks are turned back by */
#define OFFSET_MAX   (15 * 3600) /* of a local clock, either way */

/* The hours of some days. */
struct rule {
	uint8_t weekdays; /* bit 0: Sunday; of rules without dates */
	int from, to;	/* dates as YYYYMMDD, or MMDD for those of each year */
	int start, end; /* minutes of the day; both 0: closed */
};

/* Local minutes are counted as if 1970 had begun at local midnight. */
struct timetable {
	struct rule hours[CONF_LIST_MAX], dates[CONF_LIST_MAX];
	size_t hours_count, dates_count;
};

/* --- texts -------------------------------------------------------------- */

static bool take(const char **text, char wanted)
{
	if (**text != wanted)
		return false;
	(*text)++;
	return true;
}

/* A number of exactly that many digits. */
static bool take_number(const char **text, int digits, int *number)
{
	for (*number = 0; digits; digits--, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		*number = *number * 10 + **text - '0';
	}
	return true;
}

static bool take_time(const char **text, int *minute)
{
	int hours, minutes;

	if (!take_number(text, 2, &hours) || !take(text, ':') ||
	    !take_number(text, 2, &minutes))
		return false;
	*minute = hours * 60 + minutes;
	return minutes < 60 && *minute <= DAY_MIN;
}

static bool take_span(const char **text, struct rule *r)
{
	if (!take_time(text, &r->start) || !take(text, '-') ||
	    !take_time(text, &r->end) || r->start == DAY_MIN ||
	    r->start == r->end)
		return false;
	if (r->end < r->start)
		r->end += DAY_MIN;
	return true;
}

static bool take_weekday(const char **text, int *day)
{
	static const char names[] = "sumotuwethfrsa";

	for (*day = 0; *day < 7; (*day)++)
		if (!strncmp(*text, names + 2 * *day, 2)) {
			*text += 2;
			return true;
		}
	return false;
}

/* "mo-fr,su "; none: every day. */
static bool take_weekdays(const char **text, struct rule *r)
{
	int day, last;

	if (**text >= '0' && **text <= '9') {
		r->weekdays = 0x7f;
		return true;
	}
	do {
		if (!take_weekday(text, &day))
			return false;
		last = day;
		if (take(text, '-') && !take_weekday(text, &last))
			return false;
		r->weekdays |= (uint8_t)(1 << last);
		for (; day != last; day = (day + 1) % 7)
			r->weekdays |= (uint8_t)(1 << day);
	} while (take(text, ','));
	return take(text, ' ');
}

static bool date_exists(int year, int month, int day)
{
	struct tm tm = { .tm_year = year - 1900,
			 .tm_mon = month - 1,
			 .tm_mday = day,
			 .tm_hour = 12 };

	return month >= 1 && month <= 12 && day >= 1 && timegm(&tm) >= 0 &&
	       tm.tm_mday == day;
}

/* Two digits and two more may be a year. */
static bool take_date(const char **text, int *date)
{
	int year = 0, month, day;

	if (strcspn(*text, "-") == 4 &&
	    (!take_number(text, 4, &year) || !take(text, '-') || year < 2000))
		return false;
	if (!take_number(text, 2, &month) || !take(text, '-') ||
	    !take_number(text, 2, &day))
		return false;
	*date = year * 10000 + month * 100 + day;
	return date_exists(year ? year : 2000, month, day);
}

static bool is_yearly(int date)
{
	return date < 10000;
}

static bool parse_hours(const char *text, struct rule *r)
{
	*r = (struct rule){ 0 };
	return take_weekdays(&text, r) && take_span(&text, r) && !*text;
}

static bool parse_dates(const char *text, struct rule *r)
{
	*r = (struct rule){ 0 };
	if (!take_date(&text, &r->from))
		return false;
	r->to = r->from;
	if (take(&text, '/') && !take_date(&text, &r->to))
		return false;
	if (is_yearly(r->from) != is_yearly(r->to) ||
	    (!is_yearly(r->from) && r->to < r->from) || !take(&text, ' '))
		return false;
	return !strcmp(text, "closed") || (take_span(&text, r) && !*text);
}

bool opening_hours_are_valid(const char *text)
{
	struct rule r;

	return parse_hours(text, &r);
}

bool opening_date_is_valid(const char *text)
{
	struct rule r;

	return parse_dates(text, &r);
}

static struct timetable timetable_of(const struct conf_list *hours,
				     const struct conf_list *dates)
{
	struct timetable t = { .hours_count = 0 };

	for (size_t i = 0; i < hours->count; i++)
		t.hours_count +=
			parse_hours(hours->value[i], &t.hours[t.hours_count]);
	for (size_t i = 0; i < dates->count; i++)
		t.dates_count +=
			parse_dates(dates->value[i], &t.dates[t.dates_count]);
	return t;
}

/* --- days --------------------------------------------------------------- */

static bool has_date(const struct rule *r, const struct tm *day)
{
	int date = (day->tm_mon + 1) * 100 + day->tm_mday;

	if (!is_yearly(r->from))
		date += (day->tm_year + 1900) * 10000;
	if (r->to < r->from) /* over the end of the year */
		return date >= r->from || date <= r->to;
	return date >= r->from && date <= r->to;
}

static bool has_weekday(const struct rule *r, const struct tm *day)
{
	return r->weekdays & (1 << day->tm_wday);
}

/* What holds on a day: its dates' rules, or else its weekday's. */
struct day {
	int64_t minute; /* at which it begins */
	const struct rule *rule;
	size_t count;
	bool (*applies)(const struct rule *r, const struct tm *day);
	struct tm tm;
};

static struct day day_at(const struct timetable *t, int64_t number)
{
	time_t noon = number * DAY_S + DAY_S / 2;
	struct day d = {
		number * DAY_MIN, t->hours, t->hours_count, has_weekday, { 0 }
	};

	gmtime_r(&noon, &d.tm);
	for (size_t i = 0; i < t->dates_count; i++)
		if (has_date(&t->dates[i], &d.tm)) {
			d.rule = t->dates;
			d.count = t->dates_count;
			d.applies = has_date;
			break;
		}
	return d;
}

/* The end of the day's hours that hold the minute; itself: none do. */
static int64_t stretch(const struct timetable *t, int64_t number,
		       int64_t minute)
{
	struct day d = day_at(t, number);
	int64_t end = minute;

	for (size_t i = 0; i < d.count; i++)
		if (d.applies(&d.rule[i], &d.tm) &&
		    d.minute + d.rule[i].start <= minute &&
		    d.minute + d.rule[i].end > end)
			end = d.minute + d.rule[i].end;
	return end;
}

/* When the day's hours first begin after that minute. */
static int64_t first_start(const struct timetable *t, int64_t number,
			   int64_t minute)
{
	struct day d = day_at(t, number);
	int64_t first = OPENING_NEVER;

	for (size_t i = 0; i < d.count; i++) {
		int64_t start = d.minute + d.rule[i].start;

		if (d.applies(&d.rule[i], &d.tm) && d.rule[i].end &&
		    start > minute && start < first)
			first = start;
	}
	return first;
}

/* The minute itself: it is closed. */
static int64_t find_closing(const struct timetable *t, int64_t minute)
{
	int64_t last = minute + HORIZON_DAYS * DAY_MIN, end;

	for (; minute < last; minute = end) {
		int64_t yesterdays = stretch(t, minute / DAY_MIN - 1, minute);

		end = stretch(t, minute / DAY_MIN, minute);
		if (yesterdays > end)
			end = yesterdays;
		if (end == minute)
			return end;
	}
	return OPENING_NEVER;
}

static int64_t find_opening(const struct timetable *t, int64_t minute)
{
	for (int64_t d = minute / DAY_MIN, i = 0; i < HORIZON_DAYS; i++) {
		int64_t start = first_start(t, d + i, minute);

		if (start != OPENING_NEVER)
			return start;
	}
	return OPENING_NEVER;
}

/* --- the local clock ---------------------------------------------------- */

static int64_t offset_at(int64_t t)
{
	time_t tt = (time_t)t;
	struct tm tm;

	return localtime_r(&tt, &tm) ? tm.tm_gmtoff : 0;
}

/*
 * The latest time that the local clock has shown by then, so that what is
 * reckoned with never goes back.
 */
static int64_t shown_by(int64_t t)
{
	int64_t before = t - TURNED_BACK, after = t;
	int64_t offset = offset_at(before), shown = t + offset_at(t);

	if (t + offset <= shown)
		return shown;
	while (after - before > 1) { /* after: turned back by then */
		int64_t middle = before + (after - before) / 2;

		if (offset_at(middle) == offset)
			before = middle;
		else
			after = middle;
	}
	return before + offset > shown ? before + offset : shown;
}

/* When the local clock first shows that, or has skipped it. */
static int64_t first_shown(int64_t local_s)
{
	int64_t before = local_s - OFFSET_MAX - TURNED_BACK;
	int64_t after = local_s + OFFSET_MAX;

	while (after - before > 1) {
		int64_t middle = before + (after - before) / 2;

		if (shown_by(middle) < local_s)
			before = middle;
		else
			after = middle;
	}
	return after;
}

struct opening opening_at(const struct conf_list *hours,
			  const struct conf_list *dates, int64_t t)
{
	struct timetable table = timetable_of(hours, dates);
	int64_t minute = shown_by(t) / 60, change;
	struct opening o = { true, OPENING_NEVER };

	if (!hours->count)
		return o;
	change = find_closing(&table, minute);
	o.is_open = change != minute;
	if (!o.is_open)
		change = find_opening(&table, minute);
	if (change != OPENING_NEVER)
		o.change_s = first_shown(change * 60);
	return o;
}
