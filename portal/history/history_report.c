/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/history/history_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/array.h"
#include "portal/store/day.h"

/* Nobody new gets online, whoever is at fault. */
static const char *const outages[] = {
	HISTORY_STOPPED,  HISTORY_LOST,	       "netctl_away",
	"uplink_missing", "zone_missing",      "zone_shut",
	"zone_offline",	  "out_dropped",       "rules",
	"portal_dropped", "certificate_ended",
};

bool history_is_outage(const struct history_event *e)
{
	/* one uplink of several that is missing is a warning */
	for (size_t i = 0; e->is_error && i < ARRAY_SIZE(outages); i++)
		if (!strcmp(e->code, outages[i]))
			return true;
	return false;
}

/* --- what it adds up to ------------------------------------------------ */

struct span {
	int64_t from_s, to_s; /* to_s is not in it */
};

struct report {
	const struct history_query *query;
	store_day from, to;
	struct span known; /* of the query, what the history covers */
	struct history_event *events;
	size_t count;
	struct span *down; /* outages that overlap are one; by their begin */
	size_t downs;
};

static int64_t length(struct span s)
{
	return s.to_s > s.from_s ? s.to_s - s.from_s : 0;
}

static struct span common(struct span a, struct span b)
{
	return (struct span){
		.from_s = a.from_s > b.from_s ? a.from_s : b.from_s,
		.to_s = a.to_s < b.to_s ? a.to_s : b.to_s,
	};
}

static struct span span_of(const struct report *r,
			   const struct history_event *e)
{
	return (struct span){ e->began_s,
			      e->ended_s ? e->ended_s : r->known.to_s };
}

static bool is_asked(const struct report *r, const struct history_event *e)
{
	return !r->query->zone || !*e->zone || !strcmp(e->zone, r->query->zone);
}

/* Events come by their begin. */
static void join_outages(struct report *r)
{
	for (size_t i = 0; i < r->count; i++) {
		struct span s = common(span_of(r, &r->events[i]), r->known);
		struct span *last = r->downs ? &r->down[r->downs - 1] : NULL;

		if (!history_is_outage(&r->events[i]) || !length(s))
			continue;
		if (!last || s.from_s > last->to_s)
			r->down[r->downs++] = s;
		else if (s.to_s > last->to_s)
			last->to_s = s.to_s;
	}
}

static int64_t down_within(const struct report *r, struct span s)
{
	int64_t sum_s = 0;

	for (size_t i = 0; i < r->downs; i++)
		sum_s += length(common(r->down[i], s));
	return sum_s;
}

static void drop_others(struct report *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->count; i++)
		if (is_asked(r, &r->events[i]))
			r->events[kept++] = r->events[i];
	r->count = kept;
}

static struct span day_span(store_day day)
{
	return (struct span){ day_start_s(day),
			      day_start_s(day_shift(day, 1)) };
}

/* Of so many days at most; those that are to come are not asked for. */
static void choose_days(struct report *r, int64_t now_s)
{
	store_day today = day_of(now_s), least;

	r->to = r->query->to && r->query->to < today ? r->query->to : today;
	least = day_shift(r->to, 1 - HISTORY_REPORT_DAYS);
	r->from = r->query->from > least ? r->query->from : least;
	if (r->from > r->to)
		r->from = r->to;
}

static void end(struct report *r)
{
	free(r->events);
	free(r->down);
}

/* 0 or -errno; with 0, end() is due. */
static int begin(struct report *r, struct history *h,
		 const struct history_query *q)
{
	struct history_span known = history_span(h);
	struct span asked;
	int err;

	*r = (struct report){ .query = q };
	choose_days(r, known.alive_s ? known.alive_s : time(NULL));
	asked.from_s = day_span(r->from).from_s;
	asked.to_s = day_span(r->to).to_s;
	r->known = common(asked, (struct span){ known.begun_s, known.alive_s });
	if (!length(r->known))
		r->known = (struct span){ asked.from_s, asked.from_s };
	r->events = calloc(HISTORY_LIST_MAX, sizeof(*r->events));
	r->down = calloc(HISTORY_LIST_MAX, sizeof(*r->down));
	err = r->events && r->down
		      ? history_list(h, asked.from_s, asked.to_s - 1, r->events,
				     &r->count)
		      : -ENOMEM;
	if (err) {
		end(r);
		return err;
	}
	drop_others(r);
	join_outages(r);
	return 0;
}

/* --- text -------------------------------------------------------------- */

static void put_day(store_day day, FILE *out)
{
	fprintf(out, "\"%04u-%02u-%02u\"", day / 10000, day / 100 % 100,
		day % 100);
}

static const char *level_of(const struct history_event *e)
{
	return e->is_error ? "error" : "warn";
}

/* Codes and names of zones have nothing that is to be escaped. */
static void put_event(const struct report *r, const struct history_event *e,
		      FILE *out)
{
	char text[DAY_TIME_TEXT];

	fprintf(out, "{\"began\":\"%s\",\"ended\":",
		day_time_to_string(text, e->began_s));
	if (e->ended_s)
		fprintf(out, "\"%s\"", day_time_to_string(text, e->ended_s));
	else
		fputs("null", out);
	fprintf(out,
		",\"seconds\":%" PRId64 ",\"level\":\"%s\",\"code\":\"%s\","
		"\"zone\":\"%s\",\"times\":%u,\"outage\":%s}",
		length(span_of(r, e)), level_of(e), e->code, e->zone, e->times,
		history_is_outage(e) ? "true" : "false");
}

static void put_days(const struct report *r, FILE *out)
{
	store_day day;

	fputs(",\"day\":[", out);
	for (day = r->from; day <= r->to; day = day_shift(day, 1)) {
		if (day != r->from)
			fputc(',', out);
		put_day(day, out);
	}
	fputs("],\"day_known_s\":[", out);
	for (day = r->from; day <= r->to; day = day_shift(day, 1))
		fprintf(out, "%s%" PRId64, day != r->from ? "," : "",
			length(common(day_span(day), r->known)));
	fputs("],\"day_down_s\":[", out);
	for (day = r->from; day <= r->to; day = day_shift(day, 1))
		fprintf(out, "%s%" PRId64, day != r->from ? "," : "",
			down_within(r, day_span(day)));
	fputs("]", out);
}

static int64_t longest(const struct report *r)
{
	int64_t most_s = 0;

	for (size_t i = 0; i < r->downs; i++)
		if (length(r->down[i]) > most_s)
			most_s = length(r->down[i]);
	return most_s;
}

static bool is_at_most(const struct report *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (!strcmp(r->events[i].code, HISTORY_LOST))
			return true;
	return false;
}

static int result(FILE *out)
{
	return ferror(out) ? -EIO : 0;
}

int history_report_json(struct history *h, const struct history_query *q,
			FILE *out)
{
	struct report r;
	int err = begin(&r, h, q);

	if (err)
		return err;
	fputs("{\"from\":", out);
	put_day(r.from, out);
	fputs(",\"to\":", out);
	put_day(r.to, out);
	if (q->zone)
		fprintf(out, ",\"zone\":\"%s\"", q->zone);
	else
		fputs(",\"zone\":null", out);
	fprintf(out,
		",\"known_s\":%" PRId64 ",\"down_s\":%" PRId64
		",\"outages\":%zu,\"longest_s\":%" PRId64 ",\"at_most\":%s",
		length(r.known), down_within(&r, r.known), r.downs, longest(&r),
		is_at_most(&r) ? "true" : "false");
	put_days(&r, out);
	fputs(",\"events\":[", out);
	for (size_t i = 0; i < r.count; i++) {
		if (i)
			fputc(',', out);
		put_event(&r, &r.events[i], out);
	}
	fputs("]}", out);
	end(&r);
	return result(out);
}

static void put_row(const struct report *r, const struct history_event *e,
		    FILE *out)
{
	char began[DAY_TIME_TEXT], ended[DAY_TIME_TEXT];

	day_time_to_string(began, e->began_s);
	fprintf(out, "%s,%s,%" PRId64 ",%s,%s,%s,%u,%d\r\n", began,
		e->ended_s ? day_time_to_string(ended, e->ended_s) : "",
		length(span_of(r, e)), level_of(e), e->code, e->zone, e->times,
		history_is_outage(e));
}

int history_report_csv(struct history *h, const struct history_query *q,
		       FILE *out)
{
	struct report r;
	int err = begin(&r, h, q);

	if (err)
		return err;
	fputs("began,ended,seconds,level,code,zone,times,outage\r\n", out);
	for (size_t i = 0; i < r.count; i++)
		put_row(&r, &r.events[i], out);
	end(&r);
	return result(out);
}
