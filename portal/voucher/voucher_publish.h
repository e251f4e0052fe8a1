/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A city's codes on its hub: beside the codes themselves the records that boxes
 * are to have, in the order in which they are published. root makes what is
 * signed, by the command; the hub's daemon, which has no key, hands it on and
 * adds first uses, which boxes have tagged.
 *
 * The id of a record is its time in milliseconds, or later, and the store's id
 * of its entry: it never comes twice, also where an older copy of the database
 * was put back.
 */
#ifndef STADTTOR_PORTAL_VOUCHER_VOUCHER_PUBLISH_H
#define STADTTOR_PORTAL_VOUCHER_VOUCHER_PUBLISH_H

#include "portal/voucher/voucher_record.h"
#include "portal/voucher/voucher_db.h"

int voucher_publish_set_up(struct voucher_db *db) MUST_CHECK;

/* Signs what has no record yet: batches, and what of them was revoked. */
int voucher_publish_sign(struct voucher_db *db,
			 const uint8_t seed[CRYPTO_ED25519]) MUST_CHECK;

/* How many codes boxes have to keep. */
int voucher_publish_count(struct voucher_db *db, int64_t now_s,
			  int64_t *out) MUST_CHECK;

/* Two clocks, as one of them may be wrong. */
struct voucher_publish_time {
	int64_t now_s;	/* what boxes' clocks show, too */
	int64_t over_s; /* what has ended by then is over for good */
};

/* First uses of a box, len bytes; in one transaction. changed: how many say
 * more than was known. -EBADMSG: they have not the form, or one that would
 * change something is not signed by its code; then none is taken. */
int voucher_publish_uses(struct voucher_db *db, const void *bytes, size_t len,
			 const struct voucher_publish_time *time,
			 size_t *changed) MUST_CHECK;

struct voucher_published {
	int64_t id; /* 0: none */
	size_t len;
	uint8_t bytes[VOUCHER_RECORD_MAX];
};

/* The first behind that id, and the last of all. */
int voucher_publish_next(struct voucher_db *db, int64_t after,
			 struct voucher_published *out) MUST_CHECK;
int voucher_publish_last(struct voucher_db *db,
			 struct voucher_published *out) MUST_CHECK;

/* Of batches that are long over the records go. */
int voucher_publish_tidy(struct voucher_db *db, int64_t over_s) MUST_CHECK;

#endif
