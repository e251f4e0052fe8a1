/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counting use so that what leaves tells of nobody. Takes in what happens to
 * sessions, keeps one record a device and day in the ledger, bounds what it
 * adds to the cells, and opens and closes them by the clock.
 *
 * Zones are named by their index in the settings last applied. Nothing is
 * counted before the time of day is known.
 */
#ifndef STADTTOR_NETCTL_USAGE_USAGE_H
#define STADTTOR_NETCTL_USAGE_USAGE_H

#include "common/config/settings.h"
#include "netctl/session/session.h"

struct ledger;
struct usage;

/* The clocks at one moment, in milliseconds; wall since 1970. */
struct usage_now {
	uint64_t boot_ms;
	int64_t wall_ms;
};
struct usage_now usage_now(void);

/*
 * Opens the ledger and the file of lives of the settings for that owner, before
 * privileges are dropped. draw: noise_draw(), or what a test puts in its place.
 * NULL: no memory, said in the log.
 */
struct usage *usage_new(const struct settings *s, uid_t uid, gid_t gid,
			int64_t (*draw)(struct usage_scale t));
void usage_free(struct usage *u);

/* For what else is kept as long as the day's records. */
struct ledger *usage_ledger(struct usage *u);

/* Zones, series and budget of other settings, from the next tick on; what is
 * counted so far stays. */
void usage_apply(struct usage *u, const struct settings *s);

/*
 * Closes what is over and opens what follows. true: figures are ready. What was
 * counted before belongs to the hour that ends, so counters are read first.
 */
bool usage_tick(struct usage *u, const struct usage_now *now);

/* Milliseconds until the hour ends, at most a minute. */
uint64_t usage_due_ms(const struct usage *u, const struct usage_now *now);

/* --- what happens ------------------------------------------------------ */

/* A device without a session is shown the portal. */
void usage_shown(struct usage *u, uint16_t zone, const struct mac *mac,
		 uint32_t platform);

/* Its tap lets it in, by a page of that language. */
void usage_accepted(struct usage *u, uint16_t zone, const struct mac *mac,
		    const char language[USAGE_LABEL_MAX]);

/* The session is in the kernel, or its limits have changed there. */
void usage_begin(struct usage *u, struct session *s, uint64_t now_ms);

/*
 * Its counters are as the kernel has them now; those that it comes with are
 * taken as they are. When all have been, usage_peak() takes how many they were.
 */
void usage_count(struct usage *u, struct session *s, uint64_t now_ms);
void usage_peak(struct usage *u);

/* It is over, for the reason it holds. */
void usage_end(struct usage *u, struct session *s, uint64_t now_ms);

/* --- what leaves ------------------------------------------------------- */

uint64_t usage_stream(const struct usage *u);

/* Released cells behind that number, at most max; header is left empty. */
size_t usage_read(const struct usage *u, uint64_t after,
		  struct ipc_usage_cell *out, size_t max);
void usage_forget(struct usage *u, uint64_t committed);

struct usage_health {
	bool is_kept; /* outlives a restart of netctl */
	bool time_is_known;
	bool is_counting;
	uint64_t waiting; /* figures */
	uint64_t lag_s;	  /* since the oldest was released */
};
struct usage_health usage_health(const struct usage *u,
				 const struct usage_now *now);

#endif
