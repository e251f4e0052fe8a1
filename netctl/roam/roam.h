/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What this box knows of the devices that its city has let in, today and
 * yesterday: believes records that others made, makes its own. Owns the keys,
 * the tables of ids and the records that are to be sent; knows no session, no
 * file and no clock.
 */
#ifndef STADTTOR_NETCTL_ROAM_ROAM_H
#define STADTTOR_NETCTL_ROAM_ROAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/city/city_keys.h"
#include "common/log.h"
#include "netctl/roam/record.h"
#include "netctl/roam/unsent.h"

/* Boxes whose clocks differ by less agree on what is said at a day's turn. */
#define ROAM_SKEW_S 300

struct roam;

/* A day's table holds at least ids_max devices. NULL: no memory. */
struct roam *roam_new(const struct city_keys *keys, size_t ids_max);
void roam_free(struct roam *r);

/*
 * The time, in seconds since 1970, UTC; nothing is believed or made before it
 * was told.
 */
void roam_set_time(struct roam *r, int64_t utc_s);

/* It is not known any more. What is known of devices stays. */
void roam_forget_time(struct roam *r);

/* false: there is no time, or the key is of a day that is still to come. */
bool roam_is_on(const struct roam *r);
uint32_t roam_today(const struct roam *r);

/*
 * The keys as they are to be written down: of yesterday, or the first day that
 * there is. true: they are others than the last time, or since the start.
 */
bool roam_advance(struct roam *r, struct city_keys *keys);

/*
 * Takes the key of a new generation. What the old one let in ends by itself;
 * its records shut out until the end of the next day, and let in nobody more.
 */
bool roam_unwrap(struct roam *r, const struct city_wrapped_key *w) MUST_CHECK;

/* The same of a network by another name is another device. */
struct roam_device {
	const char *network;
	struct mac mac;
};

/* The id under today's key, which that day's records have. */
void roam_id(const struct roam *r, const struct roam_device *d,
	     uint8_t id[RECORD_ID_SIZE]);

struct roam_known {
	uint32_t day; /* today or yesterday */
	uint8_t age;  /* on that day: days since the accept */
	uint8_t terms;
	uint8_t turn; /* odd: shut out */
};

/* Says again what another has said; it is no word of the device's person. */
bool roam_is_renewal(const struct roam_known *known);

/*
 * The newest that is known of the device; a renewal gives way to the log-out
 * that its box had not heard of. false: nothing.
 */
bool roam_find(const struct roam *r, const struct roam_device *d,
	       struct roam_known *known);

/* The same of an id of today, and of today's records alone. */
bool roam_find_today(const struct roam *r, const uint8_t id[RECORD_ID_SIZE],
		     struct roam_known *known);

/*
 * The day until whose end the device is in by what is known; 0: it is not, or
 * has accepted other terms. accept_days: that the chain may last.
 */
uint32_t roam_last_day(const struct roam_known *known, uint8_t terms,
		       uint32_t accept_days);

/*
 * Makes today's record of the id, and believes it. 0, -ENOMEM, or -ENOSPC: too
 * many wait to be sent. known: day is not looked at.
 */
int roam_make(struct roam *r, const uint8_t id[RECORD_ID_SIZE],
	      const struct roam_known *known) MUST_CHECK;

enum roam_taken {
	ROAM_REFUSED, /* nobody of the city made it */
	ROAM_OLD,     /* known, or of another day or generation */
	ROAM_NEW,
	ROAM_NEW_REVOKE,  /* of today; the record tells whose */
	ROAM_LATE_REVOKE, /* as an id of before: some renewal is none */
};

/* A record of another box. */
enum roam_taken roam_take(struct roam *r, const uint8_t bytes[RECORD_SIZE],
			  struct record *record);

struct unsent *roam_unsent(struct roam *r);
uint8_t roam_generation(const struct roam *r);
uint32_t roam_key_day(const struct roam *r);
size_t roam_count(const struct roam *r);  /* devices of today, all days' */
size_t roam_memory(const struct roam *r); /* bytes of the tables */
bool roam_is_full(const struct roam *r);  /* some record did not fit today */

#endif
