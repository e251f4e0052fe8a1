/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When something was not well: what is told of is kept with its begin and end,
 * and so are the times at which the portal itself did not run. Owns the
 * database, which see for its bounds.
 *
 * Begins and ends are taken from a clock that never jumps, and get their time
 * of day once that is known; nothing is written before. What comes again within
 * ten minutes is the same event. Changes are written at once, but not more than
 * once in ten minutes, and the sign of life once in an hour, so that
 * flash does not wear; on a RAM file system there is another one each minute,
 * by which a crash is told from a power cut. Where the file cannot be written,
 * what is new waits in memory.
 *
 * A matter of the config is no event. How full a zone or a table is depends on
 * how many people there are: without noise it would say when one of them came,
 * so that is not kept.
 */
#ifndef STADTTOR_PORTAL_HISTORY_HISTORY_H
#define STADTTOR_PORTAL_HISTORY_HISTORY_H

#include "portal/history/history_db.h"

#define HISTORY_RECORDS	 64 /* that are not over, or not written yet */
#define HISTORY_LIST_MAX (HISTORY_EVENTS_MAX + HISTORY_RECORDS)

/* Of the portal itself, beside what is told. */
#define HISTORY_STOPPED "portal_stopped" /* and started again later */
#define HISTORY_LOST	"portal_lost"	 /* not stopped: power cut, or crash */

struct history;

struct history_time {
	int64_t wall_s;	   /* seconds since 1970 */
	uint64_t since_ms; /* milliseconds of a clock that never jumps */
};

/* NULL: no memory. Keeps nothing before history_open(). */
struct history *history_new(void);

/*
 * In usage_file's folder; "": in memory alone. Signs of life are in the
 * portal's folder beside netctl's socket as well, which is on a RAM file
 * system. Never fails for the file's sake: it is tried again with each look.
 */
void history_open(struct history *h, const char *usage_file,
		  const char *socket);

/* Something that is not well, or is over. zone "": not one zone's. */
struct history_news {
	const char *code, *zone;
	bool is_error, is_over;
	uint64_t since_ms; /* of clock_ms() */
};
void history_tell(struct history *h, const struct history_news *news);

/* Each minute, after what is new was told: writes what is due. */
void history_look(struct history *h, bool is_time_known);

/*
 * Events of any moment from one to the other, by when they began, those that
 * wait for the disk among them. events has room for HISTORY_LIST_MAX. 0 or
 * -errno.
 */
int history_list(struct history *h, int64_t from_s, int64_t to_s,
		 struct history_event *events, size_t *count) MUST_CHECK;

/* From the first to the last moment that is known of, which is now. */
struct history_span history_span(const struct history *h);

/* The database, lent for a moment, for its notes. NULL: there is none. */
struct history_db *history_borrow(struct history *h);

/* Writes that the portal was stopped. */
void history_free(struct history *h);

/* For tests: another clock than the machine's. */
void history_use_clock(struct history *h, struct history_time (*now)(void *arg),
		       void *arg);

#endif
