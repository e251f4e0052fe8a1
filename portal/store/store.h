/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The usage figures that netctl has released, in SQLite. Owns the database
 * file. Everything in it is shared by at least k devices; it knows nothing of
 * devices, sessions or addresses.
 *
 * A batch is applied once, with its sequence number, in one transaction. Where
 * the file cannot be written, batches are kept in memory, shown like the
 * others, and not acknowledged; once it can be, they go there. A damaged file
 * is renamed to NAME.corrupt-N, one of a later version is left alone.
 */
#ifndef STADTTOR_PORTAL_STORE_STORE_H
#define STADTTOR_PORTAL_STORE_STORE_H

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

struct store_query {
	enum usage_step step;
	store_day from, to; /* both included */
	const char *zone;   /* NULL: all together, the box's own included */
	uint32_t metrics;   /* bit i: metric i is wanted; 0: all */
};

struct store_figures {
	int64_t start_s; /* of the hour; of day and month: local midnight */
	store_day day;	 /* local; of a month: its first; 0: time unknown */
	uint64_t value[USAGE_METRICS]; /* 0 where not asked for */
};

/* Calls on_row in order of time, for periods with figures only. No callback
 * may use the store. */
typedef void store_row_fn(const struct store_figures *f, void *arg);
int store_read(struct store *st, const struct store_query *q,
	       store_row_fn *on_row, void *arg) MUST_CHECK;

struct store_label_query {
	enum usage_kind kind;
	store_day from, to; /* both included */
};

/* Each label's sum over the days, largest first. */
typedef void store_label_fn(const char *label, uint64_t value, void *arg);
int store_read_labels(struct store *st, const struct store_label_query *q,
		      store_label_fn *on_label, void *arg) MUST_CHECK;

/* Sums since the beginning, for each zone and for "" (the box's own rows). */
typedef void store_total_fn(const char *zone,
			    const uint64_t value[USAGE_METRICS], void *arg);
int store_read_totals(struct store *st, store_total_fn *on_total,
		      void *arg) MUST_CHECK;

#endif
