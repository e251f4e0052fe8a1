/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The usage figures that netctl has released, in SQLite. Owns the database
 * file. Everything in it is noisy, that of earlier versions shared by at least
 * k devices; it knows nothing of devices, sessions or addresses.
 *
 * A batch of cells is applied once, with its sequence number, in one
 * transaction. Where
 * the file cannot be written, batches are kept in memory, shown like the
 * others, and not acknowledged; once it can be, they go there. A damaged file
 * is renamed to NAME.corrupt-N, one of a later version is left alone.
 */
#ifndef STADTTOR_PORTAL_STORE_STORE_H
#define STADTTOR_PORTAL_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/ipc.h"
#include "portal/store/store_types.h"

struct store;

struct store_position {
	uint64_t stream;    /* 0: nothing has come yet */
	uint64_t applied;   /* last batch that is shown */
	uint64_t committed; /* last batch that is on the disk, or in memory
			     * where the config asks for no more */
};

enum store_health {
	STORE_ON_DISK,
	STORE_IN_MEMORY,    /* as the config asks for */
	STORE_CANNOT_WRITE, /* in memory until it can */
};

/*
 * Opens or makes the database; path "" keeps all in memory. Never fails for
 * the file's sake: what is wrong is logged once and said by store_health().
 * NULL: no memory.
 */
struct store *store_open(const char *path, uint64_t keep_hours_s);

/*
 * For reading alone, as the command line does, all of one moment: the disk's
 * figures and, where the spill file is usable, those that wait. NULL: error
 * says why.
 */
struct store *store_open_readonly(const char *path, const char *spill,
				  char error[STORE_ERROR_MAX]);
void store_free(struct store *st);

/* Takes effect with the next batch. */
void store_set_keep(struct store *st, uint64_t keep_hours_s);

/*
 * Flash wears by the transaction. Batches wait in memory, shown and not
 * acknowledged, until they are of so much time, their day ends, or the store
 * is freed; then one transaction takes them all. 0, as it begins: none waits.
 */
void store_set_write_interval(struct store *st, uint64_t write_interval_s);

/*
 * What waits for the disk is copied to that file as well, on a RAM file system,
 * for readers from outside. One that is left of earlier is removed, and at the
 * end its own. None at first; one that cannot be written anew stays as it was,
 * and that is said.
 */
void store_set_spill(struct store *st, const char *path);

/*
 * --- for the hub of a city: see store_outgoing.c ---
 *
 * Whether cells that come from now on are kept, one by one, until the hub has
 * them; not at first. What waits is let go of where they are no longer.
 */
void store_set_outgoing(struct store *st, bool is_kept);

/*
 * The oldest that the hub has not got, as many as follow each other by number.
 * None: cells is 0. What comes later is never before them. 0 or -errno.
 */
int store_next_outgoing(struct store *st, struct usage_batch *out) MUST_CHECK;

/* The hub has all up to that number of the stream; they go with the next
 * transaction. */
void store_commit_outgoing(struct store *st, uint64_t stream, uint64_t seq);
uint64_t store_count_outgoing(const struct store *st);

/* Where it is by custom: in the portal's folder beside netctl's socket. */
void store_spill_path(char path[STORE_ERROR_MAX], const char *socket);

struct store_position store_position(const struct store *st);
enum store_health store_health(const struct store *st);

/*
 * Applies a batch, if it is not applied already. What remains unsaved is seen
 * in store_position(). -errno: not applied at all, ask for it again.
 */
int store_apply(struct store *st, const struct usage_batch *b) MUST_CHECK;

/*
 * true: the disk takes writes again. What was in memory is on it now or, where
 * the disk has gone on without it, was let go of; what follows
 * store_position() is due.
 */
bool store_retry(struct store *st);

/* --- reading ----------------------------------------------------------- */

enum store_step {
	STORE_HOUR,
	STORE_DAY,
	STORE_WEEK,
	STORE_MONTH,
	STORE_YEAR,
	STORE_STEPS
};

struct store_query {
	enum store_step step;
	store_day from, to; /* both included */
	const char *zone;   /* NULL: all together, the box's own included */
};

/* Sum of cells. No cell: it was not counted then. */
struct store_sum {
	int64_t value;
	double variance; /* of the noise */
	uint64_t cells;
	uint64_t hours; /* covered, of all cells together */
};

struct store_figures {
	int64_t start_s; /* of the hour; else local midnight */
	store_day day;	 /* local; of a week, month or year: its first */
	struct store_sum sum[USAGE_METRICS];
};

/* Whether a step has that metric: one of periods that are no longer. Devices
 * of hours are not to be added up. */
bool store_step_has(enum store_step step, enum usage_metric metric);

const char *store_step_to_string(enum store_step step);
bool store_step_parse(const char *name, enum store_step *out);

/* Within it, in 95 of 100 cases, lies what was counted: above 0. */
double store_band(const struct store_sum *s);

/* Adds one that is of other times or zones. */
void store_sum_add(struct store_sum *sum, const struct store_sum *other);

/* Calls on_row in order of time, for periods with figures only. No callback
 * may use the store. */
typedef void store_row_fn(const struct store_figures *f, void *arg);
int store_read(struct store *st, const struct store_query *q,
	       store_row_fn *on_row, void *arg) MUST_CHECK;

/* Whether there are, or were, figures of that zone. */
bool store_has_zone(struct store *st, const char *zone);

/* The last hour, day and week of each zone and metric; "": the box's. */
typedef void store_last_fn(const char *zone, enum usage_metric metric,
			   const struct store_sum *s, void *arg);
int store_read_last(struct store *st, store_last_fn *on_last,
		    void *arg) MUST_CHECK;

/* Days of versions up to 0.1, of all zones together: columns as of
 * store_old_columns. */
typedef void store_old_fn(store_day day,
			  const uint64_t value[STORE_OLD_COLUMNS], void *arg);
extern const char *const store_old_columns[STORE_OLD_COLUMNS];
int store_read_old(struct store *st, store_day from, store_day to,
		   store_old_fn *on_day, void *arg) MUST_CHECK;

#endif
