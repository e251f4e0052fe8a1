/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The keys of a city's box: that of a day, from which those of later days
 * follow and none of earlier ones, and that which the key of a new generation
 * comes wrapped in. `stadttor city join` writes the file first; netctl, whose
 * it is, writes it anew each day, so that who steals a box learns nothing of
 * the days before.
 */
#ifndef STADTTOR_COMMON_CITY_CITY_KEYS_H
#define STADTTOR_COMMON_CITY_CITY_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/log.h"
#include "common/privs.h"

#define CITY_KEY_SIZE	   32
#define CITY_SHIFT_MAX_S   86399
#define CITY_KEYS_FILE	   "netctl/keys" /* in the city's folder */
#define CITY_KEYS_SIZE	   88		 /* of the file */
#define CITY_WRAP_TAG_SIZE 16

struct city_keys {
	uint8_t generation;
	uint32_t day;	  /* of the key: city_day() */
	uint32_t shift_s; /* after midnight UTC, when a day begins */
	uint8_t key[CITY_KEY_SIZE];
	uint8_t wrap[CITY_KEY_SIZE]; /* W, of this box alone */
};

/* A key of a new generation as it lies in the store. */
struct city_wrapped_key {
	uint8_t generation;
	uint16_t day;
	uint8_t ct[CITY_KEY_SIZE];
	uint8_t tag[CITY_WRAP_TAG_SIZE];
};

/* The city's day that holds that time (seconds since 1970, UTC). */
uint32_t city_day(int64_t utc_s, uint32_t shift_s);

/* When it begins, likewise. */
int64_t city_day_start(uint32_t day, uint32_t shift_s);

/* K of the next day: HMAC(K, "next\0"). W goes on in the same way. */
void city_key_next(uint8_t key[CITY_KEY_SIZE]);

/* Forward to that day. false: it has passed, and nothing is changed. */
bool city_keys_advance(struct city_keys *k, uint32_t day) MUST_CHECK;

bool city_keys_are_equal(const struct city_keys *a, const struct city_keys *b);

/* The bytes of the file. false: they are none, or damaged. */
void city_keys_build(const struct city_keys *k, uint8_t out[CITY_KEYS_SIZE]);
bool city_keys_parse(const uint8_t *bytes, size_t len,
		     struct city_keys *k) MUST_CHECK;

/* 0 or -errno; -ENOENT: no file; -EBADMSG: none of ours, or damaged. */
int city_keys_read(const char *path, struct city_keys *k) MUST_CHECK;

/*
 * Whole or not at all, on the disk when it returns; mode 0600. owner: whose it
 * is to be, NULL: the caller's. 0 or -errno.
 */
int city_keys_write(const char *path, const struct city_keys *k,
		    const struct privs_user *owner) MUST_CHECK;

/* For the box with that W. */
void city_key_wrap(const uint8_t wrap[CITY_KEY_SIZE],
		   const uint8_t key[CITY_KEY_SIZE],
		   struct city_wrapped_key *w);

/* A box may have been away for as many generations at once. */
#define CITY_GENERATIONS_MAX 8

/*
 * Takes the key of a new generation, and the W behind it. false: it is not for
 * this box, not genuine, or of none of the next generations; nothing is
 * changed.
 */
bool city_keys_unwrap(struct city_keys *k,
		      const struct city_wrapped_key *w) MUST_CHECK;

#endif
