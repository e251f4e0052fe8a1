/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counting use without keeping anything about anybody. Takes in what happens
 * to sessions, adds it up in the ledger, and closes hours and days. What
 * leaves is in the outbox, shared by at least k devices.
 *
 * Zones are named by their index in the settings last applied.
 */
#ifndef STADTTOR_NETCTL_USAGE_USAGE_H
#define STADTTOR_NETCTL_USAGE_USAGE_H

#include "common/config/settings.h"
#include "netctl/session/session.h"
#include "netctl/usage/ledger.h"
#include "netctl/usage/outbox.h"

struct usage;

/* The clocks at one moment, in milliseconds; wall since 1970. */
struct usage_now {
	uint64_t boot_ms;
	int64_t wall_ms;
};
struct usage_now usage_now(void);

/*
 * Opens the ledger of the settings for that owner, before privileges are
 * dropped. NULL: no memory, said in the log.
 */
struct usage *usage_new(const struct settings *s, uid_t uid, gid_t gid);
void usage_free(struct usage *u);

/* Zones, k and series of other settings; what is counted so far stays. */
void usage_apply(struct usage *u, const struct settings *s);

/*
 * Closes hours and days that are over. true: a batch is ready. What was
 * counted before belongs to the hour that ends, so counters are read first.
 */
bool usage_tick(struct usage *u, const struct usage_now *now);

/* Milliseconds until the hour ends, at most a minute. */
uint64_t usage_due_ms(const struct usage *u, const struct usage_now *now);

/* --- what happens ------------------------------------------------------ */

/* A device without a session is shown the portal. */
void usage_shown(struct usage *u, uint16_t zone, const struct mac *mac,
		 uint32_t platform);

/* Its tap lets it in; language: as of usage_label_is_valid(), else none. */
void usage_accepted(struct usage *u, uint16_t zone, const struct mac *mac,
		    const char language[USAGE_LABEL_MAX]);

/* The session is in the kernel, or its limits have changed there. */
void usage_begin(struct usage *u, const struct session *s);

/* Its counters are as the kernel has them now. */
void usage_count(struct usage *u, const struct session *s);

/* It is over, for the reason it holds. */
void usage_end(struct usage *u, const struct session *s, uint64_t now_ms);

/* So many devices are online at once in that zone. */
void usage_peak(struct usage *u, uint16_t zone, uint32_t online);

/* Once after a start: sessions that are gone from the table have ended. */
void usage_reconcile(struct usage *u, struct session_table *t, uint64_t now_ms);

/* --- what leaves ------------------------------------------------------- */

uint64_t usage_stream(const struct usage *u);
bool usage_find_batch(const struct usage *u, uint64_t after, uint64_t boot_ms,
		      struct outbox_batch *batch);
union ledger_part usage_part(const struct usage *u, uint64_t i);
void usage_forget(struct usage *u, uint64_t committed);

struct usage_health {
	bool is_kept; /* outlives a restart of netctl */
	bool time_is_known;
	uint64_t waiting; /* batches */
	uint64_t lag_s;	  /* age of the oldest */
};
struct usage_health usage_health(const struct usage *u,
				 const struct usage_now *now);

#endif
