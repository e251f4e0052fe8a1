/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A city's codes at one of its boxes: its records (voucher_record.h) as rows of
 * the same database as a box's own codes, so that they are used in the same way
 * (voucher.h); and what the box has still to do: tell the city of first uses
 * that were here, and end sessions of codes that are over. All of it outlives a
 * kill at any time.
 *
 * A record means the same however often it comes: codes are added, a revoke is
 * for good, of several first uses the earliest counts.
 */
#ifndef STADTTOR_PORTAL_VOUCHER_VOUCHER_CITY_H
#define STADTTOR_PORTAL_VOUCHER_VOUCHER_CITY_H

#include "portal/voucher/voucher.h"
#include "portal/voucher/voucher_record.h"

#define VOUCHER_CITY_CODES 65536		    /* that a box keeps */
#define VOUCHER_CITY_SIZE  (VOUCHER_CITY_CODES / 2) /* that a city makes */
#define VOUCHER_CITY_USES  16			    /* in one message */
#define VOUCHER_CITY_TAGS  64			    /* at once */
#define VOUCHER_CITY_HOLD  3 /* s; longer than netctl may take */

extern const struct voucher_city_hooks voucher_city_hooks;

struct voucher_text {
	const void *bytes;
	size_t len;
};

struct voucher_city_input {
	const struct voucher_text *text;
	size_t count;
	int64_t now_s;
};

struct voucher_city_result {
	size_t malformed; /* of no form that is known */
	size_t forged;	  /* neither the hub's nor a box's */
	size_t beyond;	  /* codes for which there is no room */
};

/* Takes records in one transaction; public_key: the city's. 0 or -errno. */
int voucher_city_take(struct voucher_db *db,
		      const uint8_t public_key[CRYPTO_ED25519],
		      const struct voucher_city_input *in,
		      struct voucher_city_result *out) MUST_CHECK;

/* First uses of here that the city has not confirmed, as one message. One of
 * the last seconds is not in it: its grant may fail, and then it was none. */
struct voucher_city_uses {
	size_t count;
	struct voucher_hash code[VOUCHER_CITY_USES];
	uint8_t bytes[VOUCHER_CITY_USES * VOUCHER_RECORD_USE];
};
int voucher_city_uses(struct voucher_db *db, int64_t now_s,
		      struct voucher_city_uses *out) MUST_CHECK;

/* The store has them; they are kept until they come back. */
int voucher_city_sent(struct voucher_db *db,
		      const struct voucher_city_uses *uses) MUST_CHECK;
/* All that have not come back are to be sent again. */
int voucher_city_again(struct voucher_db *db) MUST_CHECK;

/* Tags whose sessions are to end by now, each several times. */
int voucher_city_over(struct voucher_db *db, int64_t now_s,
		      uint64_t tag[VOUCHER_CITY_TAGS],
		      size_t *count) MUST_CHECK;
/* The first of them were told to netctl. */
int voucher_city_told(struct voucher_db *db,
		      const uint64_t tag[VOUCHER_CITY_TAGS],
		      size_t count) MUST_CHECK;

/* Batches that are long over go. */
int voucher_city_tidy(struct voucher_db *db, int64_t now_s) MUST_CHECK;

#endif
