/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What becomes of the entries of one poll: figures are counted in one
 * transaction of the database, records are mixed over all sites, and what has
 * been dealt with may be deleted. Knows no connection.
 *
 * A figure is counted once by site, stream and seq, whatever is sent twice and
 * whoever is killed when: the transaction that adds it moves the mark of its
 * stream, and only what is committed is deleted from the inbox. Records may
 * come twice, which means the same as once.
 */
#ifndef STADTTOR_HUB_INTAKE_INTAKE_H
#define STADTTOR_HUB_INTAKE_INTAKE_H

#include "hub/intake/codes.h"
#include "hub/intake/heartbeat.h"
#include "hub/intake/mix.h"
#include "hub/intake/sites.h"

/* Of one site. A stolen box may send what it likes. */
#define INTAKE_ENTRY_MAX FIGURES_BYTES_MAX
#define INTAKE_KEY_MAX	 (1024 * 1024)	    /* as the store weighs it */
#define INTAKE_TEXTS_MAX (32 * 1024 * 1024) /* to be handed on, of a poll */
#define INTAKE_POLL_MAX	 262144 /* entries of a poll, of all sites */

struct intake;

struct intake_time { /* of the store, and what follows from it */
	int64_t now_s;
	int64_t day; /* since 1970, shifted */
	uint8_t generation;
	int64_t over_s;	 /* what has ended by then is over by all clocks */
	bool is_sure;	 /* nobody's clock says something else */
	bool is_doubted; /* those of most boxes do */
};

struct intake_entry {
	const char *id; /* of the store's, not terminated */
	size_t id_len;
	const char *name; /* of its only field; NULL: it has several */
	size_t name_len;
	const char *value;
	size_t value_len;
};

/* All lent; sites may change between two polls. */
struct intake *intake_new(struct city_db *db, struct sites *sites,
			  struct codes *codes);
void intake_free(struct intake *in);

/* --- a poll ------------------------------------------------------------ */

void intake_begin(struct intake *in, const struct intake_time *time);

/* false: the poll is full; end it, and what was not taken comes again. */
bool intake_take(struct intake *in, struct site *s,
		 const struct intake_entry *e) MUST_CHECK;

/* The store's reply for this site alone is more than this hub can read. */
void intake_refuse_reply(struct intake *in, struct site *s);

/* Of what a site has in its inbox, or of heartbeats, in bytes; switches it off
 * if that is more than it may. */
void intake_weigh(struct intake *in, struct site *s, int64_t bytes);

/*
 * Whether another hub counts the same figures by what this one hands on: then
 * they are handed on before they are committed, so that the other has all that
 * a box is told about, whoever is killed when.
 */
void intake_hand_on(struct intake *in, bool is_wanted);

struct intake_text {
	const struct site *site;
	const char *text; /* not terminated */
	size_t len;
};
/* The next that is to be handed on, lent. false: that was the last. */
bool intake_next_text(struct intake *in, struct intake_text *out);

/* They could not be: no figure of this poll counts. */
void intake_hold_back(struct intake *in);

/* Whether the last commit was one. */
bool intake_is_committed(const struct intake *in);

/* Commits the figures, and mixes the records. Where the database fails, that is
 * logged, no figure was counted, and records go all the same. */
void intake_commit(struct intake *in);

/* The next batch of records for a day. 0: that was the last. */
size_t intake_batch(struct intake *in, int64_t *day,
		    uint8_t out[RECORD_BATCH * RECORD_BYTES]);

/* All batches are where boxes read them. */
void intake_delivered(struct intake *in);

#define INTAKE_DONE 16

/* The next entries of one site that have been dealt with and may be deleted,
 * lent. 0: those were the last. */
size_t intake_done(struct intake *in, const char *id[INTAKE_DONE],
		   struct site **site);

/* Drops what is left of the poll, a transaction that is open included. */
void intake_end(struct intake *in);

/* What a box says of itself: not a part of a poll, but of its time. */
void intake_take_beat(struct intake *in, struct site *s,
		      const struct intake_entry *e);

int64_t intake_day(const struct intake *in);
/* As of struct intake_time. */
int64_t intake_over_s(const struct intake *in);

/* Since the start. */
struct intake_stats {
	uint64_t records, stale, malformed;
	uint64_t cells, repeated, lost, untimely;
	uint64_t switched_off;
};
const struct intake_stats *intake_stats(const struct intake *in);

#endif
