/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/history/history.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/array.h"
#include "common/clock.h"
#include "common/log.h"
#include "portal/history/pulse.h"

#define MINUTE_MS   60000
#define AGAIN_MS    (10 * MINUTE_MS) /* sooner it is the same event */
#define WRITE_MS    (10 * MINUTE_MS)
#define PULSE_MS    (60 * MINUTE_MS)
#define STOPPED_S   60	/* shorter, as for an upgrade, is no gap */
#define LOST_S	    150 /* shorter than two signs of life in memory */
#define PULSE_FLASH ".alive"
#define PULSE_RAM   "/portal/alive"

/* An event of this run; its times are of the clock that never jumps. */
struct record {
	struct history_event event;
	uint64_t began_ms, ended_ms; /* ended_ms 0: not over */
	bool is_used, is_dirty;
};

struct history {
	struct history_db *db;	      /* NULL: not open */
	struct stat opened;	      /* the file, as it was */
	char path[HISTORY_PATH_MAX];  /* empty: in memory alone */
	char flash[HISTORY_PATH_MAX]; /* signs of life; empty: none */
	char ram[HISTORY_PATH_MAX];
	bool is_named; /* path is what the config says */
	struct record record[HISTORY_RECORDS];
	struct history_span span; /* begun_s 0: not resumed yet */
	uint64_t started_ms, written_ms, pulse_ms;
	int lost;     /* -errno of the file; 0: it works */
	bool is_full; /* that was said */
	struct history_time (*now)(void *arg);
	void *now_arg;
};

static struct history_time machine_time(void *arg)
{
	(void)arg;
	return (struct history_time){ .wall_s = time(NULL),
				      .since_ms = clock_ms() };
}

static int64_t wall_of(const struct history_time *now, uint64_t ms)
{
	uint64_t ago_ms = now->since_ms > ms ? now->since_ms - ms : 0;

	return now->wall_s - (int64_t)(ago_ms / 1000);
}

/* --- the file ---------------------------------------------------------- */

static void say_lost(struct history *h, int err)
{
	if (err == -EBUSY) /* it passes */
		return;
	if (!err && h->lost)
		log_info("history: %s is written again", h->path);
	else if (err != h->lost)
		log_warn("history: %s: %s; what is new waits in memory",
			 h->path, history_db_reason(err));
	h->lost = err;
}

static void close_db(struct history *h)
{
	history_db_close(h->db);
	h->db = NULL;
}

static void set_aside(const struct history *h)
{
	char name[HISTORY_PATH_MAX + 16];

	snprintf(name, sizeof(name), "%s.corrupt", h->path);
	if (rename(h->path, name) == 0)
		log_warn("history: %s was damaged; it is now %s", h->path,
			 name);
}

/* Somebody took the file away, or put a backup in its place. */
static bool is_replaced(const struct history *h)
{
	struct stat now;

	return *h->path &&
	       (stat(h->path, &now) || now.st_dev != h->opened.st_dev ||
		now.st_ino != h->opened.st_ino);
}

/* Another file does not know the rows of the one before. */
static void forget_ids(struct history *h)
{
	for (size_t i = 0; i < HISTORY_RECORDS; i++) {
		struct record *r = &h->record[i];

		if (r->event.id && r->ended_ms && !r->is_dirty)
			r->is_used = false;
		r->event.id = 0;
		r->is_dirty = r->is_used;
	}
	h->span = (struct history_span){ 0 };
}

static bool is_open(struct history *h)
{
	int err;

	if (h->db && is_replaced(h)) {
		close_db(h);
		forget_ids(h);
	}
	if (h->db || !h->is_named)
		return h->db != NULL;
	err = history_db_open(&h->db, h->path);
	if (err == -EUCLEAN) {
		set_aside(h);
		err = history_db_open(&h->db, h->path);
	}
	if (!err && *h->path && stat(h->path, &h->opened))
		err = -errno;
	if (err)
		close_db(h);
	say_lost(h, err);
	return !err;
}

static void failed(struct history *h, int err)
{
	say_lost(h, err);
	if (err == -EUCLEAN) {
		close_db(h);
		set_aside(h);
		forget_ids(h);
	}
}

/* --- signs of life ----------------------------------------------------- */

static void beat(const char *path, const struct pulse *p)
{
	int err = *path ? pulse_write(path, p) : 0;

	if (err)
		log_debug("history: %s: %s", path, strerror(-err));
}

static void beat_all(struct history *h, const struct history_time *now,
		     bool is_stopped)
{
	struct pulse p = { .time_s = now->wall_s, .is_stopped = is_stopped };

	beat(h->ram, &p);
	if (!is_stopped && h->pulse_ms &&
	    now->since_ms - h->pulse_ms < PULSE_MS)
		return;
	h->pulse_ms = now->since_ms;
	beat(h->flash, &p);
}

/* The latest of a run before this one, which began at start_s. */
static struct pulse last_pulse(const struct history *h,
			       const struct history_span *span, int64_t start_s)
{
	struct pulse best = { .time_s = span->alive_s };
	const char *const paths[] = { h->flash, h->ram };

	for (size_t i = 0; i < 2; i++) {
		struct pulse p = { .time_s = 0 };

		if (*paths[i])
			p = pulse_read(paths[i]);
		if (p.time_s >= best.time_s && p.time_s <= start_s)
			best = p;
	}
	return best;
}

/* --- the run before ---------------------------------------------------- */

/* What is known of ended with its last sign of life. */
static int resume(struct history *h, const struct history_time *now)
{
	int64_t start_s = wall_of(now, h->started_ms);
	struct history_event gap = { .ended_s = start_s,
				     .times = 1,
				     .is_error = true };
	struct history_span span = { 0 };
	struct pulse last;
	int err = history_db_get_span(h->db, &span);

	if (err)
		return err;
	last = last_pulse(h, &span, start_s);
	gap.began_s = last.time_s;
	snprintf(gap.code, sizeof(gap.code), "%s",
		 last.is_stopped ? HISTORY_STOPPED : HISTORY_LOST);
	if (!span.begun_s)
		span.begun_s = start_s;
	span.alive_s = now->wall_s;
	err = history_db_end_all(h->db, last.time_s ? last.time_s : start_s);
	if (!err)
		err = history_db_write(
			h->db, &gap,
			last.time_s &&
				start_s - last.time_s >=
					(last.is_stopped ? STOPPED_S : LOST_S),
			&span);
	if (!err)
		h->span = span;
	return err;
}

/* --- events ------------------------------------------------------------ */

/* The same event, or one that is over for so short a time that it is. */
static bool is_same(const struct record *r, const struct history_news *news)
{
	return r->is_used && !strcmp(r->event.code, news->code) &&
	       !strcmp(r->event.zone, news->zone) &&
	       (!r->ended_ms || news->since_ms - r->ended_ms < AGAIN_MS);
}

/* Else a free place, if there is one. */
static struct record *find(struct history *h, const struct history_news *news)
{
	struct record *place = NULL;

	for (size_t i = 0; i < HISTORY_RECORDS; i++) {
		struct record *r = &h->record[i];

		if (is_same(r, news))
			return r;
		if (!r->is_used && !place)
			place = r;
	}
	return place;
}

static void begin(struct record *r, const struct history_news *news)
{
	*r = (struct record){ .began_ms = news->since_ms,
			      .is_used = true,
			      .is_dirty = true };
	r->event.times = 1;
	r->event.is_error = news->is_error;
	snprintf(r->event.code, sizeof(r->event.code), "%s", news->code);
	snprintf(r->event.zone, sizeof(r->event.zone), "%s", news->zone);
}

static void begin_again(struct record *r, const struct history_news *news)
{
	r->ended_ms = 0;
	r->event.times++;
	r->event.is_error |= news->is_error;
	r->is_dirty = true;
}

static void finish(struct record *r, uint64_t ended_ms)
{
	r->ended_ms = ended_ms;
	r->is_dirty = true;
}

static void say_full(struct history *h)
{
	if (!h->is_full)
		log_warn("history: too much is not well at once; not all of "
			 "it is kept");
	h->is_full = true;
}

static bool is_kept(const struct history_news *news)
{
	static const char *const others[] = { "admin_without_tls", "zone_full",
					      "table_full", "city_full" };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(news->code, others[i]))
			return false;
	return true;
}

void history_tell(struct history *h, const struct history_news *news)
{
	struct record *r;

	if (!is_kept(news))
		return;
	r = find(h, news);
	if (!r)
		say_full(h);
	else if (news->is_over && r->is_used && !r->ended_ms)
		finish(r, news->since_ms);
	else if (!news->is_over && !r->is_used)
		begin(r, news);
	else if (!news->is_over && r->ended_ms)
		begin_again(r, news);
}

/* As it is written. */
static struct history_event event_of(const struct record *r,
				     const struct history_time *now)
{
	struct history_event e = r->event;

	e.began_s = wall_of(now, r->began_ms);
	e.ended_s = r->ended_ms ? wall_of(now, r->ended_ms) : 0;
	return e;
}

/* Those that are over and can begin again no more make room. */
static void tidy(struct history *h, uint64_t now_ms)
{
	for (size_t i = 0; i < HISTORY_RECORDS; i++) {
		struct record *r = &h->record[i];

		if (r->is_used && r->ended_ms && !r->is_dirty &&
		    now_ms - r->ended_ms >= AGAIN_MS)
			r->is_used = false;
	}
}

static void write_records(struct history *h, const struct history_time *now)
{
	struct history_event event[HISTORY_RECORDS];
	struct record *from[HISTORY_RECORDS];
	size_t count = 0;
	int err;

	for (size_t i = 0; i < HISTORY_RECORDS; i++) {
		if (!h->record[i].is_used || !h->record[i].is_dirty)
			continue;
		from[count] = &h->record[i];
		event[count++] = event_of(&h->record[i], now);
	}
	if (!count)
		return;
	h->span.alive_s = now->wall_s;
	err = history_db_write(h->db, event, count, &h->span);
	if (err) {
		failed(h, err);
		return;
	}
	say_lost(h, 0);
	h->written_ms = now->since_ms;
	for (size_t i = 0; i < count; i++) {
		from[i]->event.id = event[i].id;
		from[i]->is_dirty = false;
	}
}

void history_look(struct history *h, bool is_time_known)
{
	struct history_time now = h->now(h->now_arg);
	int err;

	if (!is_time_known || !is_open(h))
		return;
	if (!h->span.begun_s) {
		err = resume(h, &now);
		if (err) {
			failed(h, err);
			return;
		}
	}
	if (!h->written_ms || now.since_ms - h->written_ms >= WRITE_MS)
		write_records(h, &now);
	beat_all(h, &now, false);
	tidy(h, now.since_ms);
}

/* --- reading ----------------------------------------------------------- */

static int by_begin(const void *a, const void *b)
{
	const struct history_event *x = a, *y = b;

	if (x->began_s != y->began_s)
		return x->began_s < y->began_s ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* In place of what the disk has of it. */
static void put_record(const struct history_event *e,
		       struct history_event *events, size_t *count)
{
	for (size_t i = 0; e->id && i < *count; i++) {
		if (events[i].id == e->id) {
			events[i] = *e;
			return;
		}
	}
	if (*count < HISTORY_LIST_MAX)
		events[(*count)++] = *e;
}

int history_list(struct history *h, int64_t from_s, int64_t to_s,
		 struct history_event *events, size_t *count)
{
	struct history_time now = h->now(h->now_arg);
	int err = 0;

	*count = HISTORY_EVENTS_MAX;
	if (h->db)
		err = history_db_list(h->db, from_s, to_s, events, count);
	else
		*count = 0;
	for (size_t i = 0; !err && h->span.begun_s && i < HISTORY_RECORDS;
	     i++) {
		struct history_event e = event_of(&h->record[i], &now);

		if (h->record[i].is_used && e.began_s <= to_s &&
		    (!e.ended_s || e.ended_s >= from_s))
			put_record(&e, events, count);
	}
	qsort(events, *count, sizeof(*events), by_begin);
	return err;
}

struct history_span history_span(const struct history *h)
{
	struct history_span span = h->span;

	if (span.begun_s)
		span.alive_s = h->now(h->now_arg).wall_s;
	return span;
}

struct history_db *history_borrow(struct history *h)
{
	return is_open(h) ? h->db : NULL;
}

/* --- life -------------------------------------------------------------- */

static void stop(struct history *h)
{
	struct history_time now = h->now(h->now_arg);

	if (!h->db)
		return;
	if (h->span.begun_s) {
		write_records(h, &now);
		beat_all(h, &now, true);
	}
	close_db(h);
}

void history_open(struct history *h, const char *usage_file, const char *socket)
{
	const char *slash = strrchr(socket, '/');
	char path[HISTORY_PATH_MAX];

	history_db_path(path, usage_file);
	if (h->is_named && !strcmp(path, h->path))
		return;
	stop(h);
	forget_ids(h);
	h->is_named = true;
	h->lost = 0;
	snprintf(h->path, sizeof(h->path), "%s", path);
	*h->flash = *h->ram = '\0';
	if (!*path)
		return;
	snprintf(h->flash, sizeof(h->flash), "%.*s" PULSE_FLASH,
		 HISTORY_PATH_MAX - 8, path);
	snprintf(h->ram, sizeof(h->ram), "%.*s" PULSE_RAM,
		 slash ? (int)(slash - socket) : 0, socket);
}

struct history *history_new(void)
{
	struct history *h = calloc(1, sizeof(*h));

	if (h)
		history_use_clock(h, machine_time, NULL);
	return h;
}

void history_use_clock(struct history *h, struct history_time (*now)(void *arg),
		       void *arg)
{
	h->now = now;
	h->now_arg = arg;
	h->started_ms = now(arg).since_ms;
}

void history_free(struct history *h)
{
	if (!h)
		return;
	stop(h);
	free(h);
}
