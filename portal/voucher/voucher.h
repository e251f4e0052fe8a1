/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Letting people in by a code. Synchronous; the auth method calls it from the
 * event loop and then asks netctl for the grant.
 *
 * A code's minutes run on the wall clock from its first use and end with the
 * validity of its batch at the latest. Where the clock is set while the portal
 * runs, as after a start without network, their end goes with it. The first use
 * is on the disk before VOUCHER_FINE is answered. How many devices share a code
 * is netctl's matter: the credential has the tag that they share, nothing here
 * keeps a device.
 *
 * Whoever guesses: netctl bounds the attempts of each device (see
 * netctl/server/code_attempts.h), and is asked before. Beyond that a code is
 * looked up only if fewer than tries_per_minute wrong codes came from all
 * together, which takes a crowd of devices, real or forged. IPv4 and IPv6 have
 * half each. Only codes that were never made count, not those that are over,
 * and a right one costs nobody anything; one of a city, which takes long to
 * look up, is looked up sixty times at once and then once a second. A person
 * whose try meets an empty half is told to wait, and competes with whoever
 * emptied it.
 *
 * With r wrong tries a minute a hit on one of n codes that are good takes
 * 25^9 / (n * r) minutes: at r = 60 it is 600 years for n = 200, and 12 years
 * for n = 10,000; the check symbol is no help, they know it as well as we do.
 */
#ifndef STADTTOR_PORTAL_VOUCHER_VOUCHER_H
#define STADTTOR_PORTAL_VOUCHER_VOUCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/config/settings.h"
#include "portal/voucher/voucher_code.h"
#include "portal/voucher/voucher_db.h"

enum voucher_answer {
	VOUCHER_FINE,
	VOUCHER_UNKNOWN, /* well-formed, but never made, or long gone */
	VOUCHER_EXPIRED, /* its batch is not valid any more */
	VOUCHER_USED_UP, /* its minutes are over */
	VOUCHER_REVOKED,
	VOUCHER_WAIT,	     /* too many tries, nothing was looked up */
	VOUCHER_UNAVAILABLE, /* database, key or clock cannot be relied on */
	VOUCHER_WRONG_ZONE,
};

struct voucher_pass {
	uint64_t tag;	  /* never 0; of all devices of the code */
	uint32_t devices; /* at once, 1..1000 */
	uint64_t left_s;  /* from now, at least 1 */
	int64_t id;	  /* of the code in the database */
	bool is_first_use;
	bool is_citys; /* of the other database */
};

struct voucher_time {
	int64_t wall_s;	   /* seconds since 1970 */
	uint64_t since_ms; /* milliseconds of a clock that never jumps */
};

struct vouchers;

/*
 * Never fails for the file's sake: what is not there yet or cannot be read is
 * looked for again, once a second at most, and also when the operator has put
 * another one in its place. NULL: no memory. Copies s.
 */
struct vouchers *vouchers_open(const struct voucher_settings *s);

/* What else is to be kept of a city's codes, in the same transaction. */
struct voucher_city_hooks {
	int (*set_up)(struct voucher_db *db);
	/* The code is used for the first time. */
	int (*begin)(struct voucher_db *db, const struct voucher_hash *code,
		     const struct voucher_seed *seed, int64_t now_s);
	/* And was not: its grant has failed. */
	int (*undo)(struct voucher_db *db, int64_t id);
};

/* Of the codes of a city: makes the file where there is none. */
struct vouchers *vouchers_open_city(const char *file,
				    const struct voucher_key *key,
				    const struct voucher_city_hooks *hooks);

/* What v does not know is looked for there, too. Lent; NULL: nowhere. */
void vouchers_set_city(struct vouchers *v, struct vouchers *city);

/*
 * Of those of a city: asked before a code is taken. true: this box's clock
 * cannot be relied on, so none of them is.
 */
void vouchers_doubt_clock(struct vouchers *v, bool (*is_off)(void *arg),
			  void *arg);

/* Its database, lent for a moment. NULL: it cannot be used, which is said. */
struct voucher_db *vouchers_borrow(struct vouchers *v);
/* The key of what was borrowed. */
const struct voucher_key *vouchers_key(const struct vouchers *v);
/* That has failed with err, which may be 0. */
void vouchers_return(struct vouchers *v, int err);

/*
 * code: in canonical form, see voucher_code_find(); family: AF_INET or
 * AF_INET6, of whoever sent it; zone: where. out is set with VOUCHER_FINE only.
 */
enum voucher_answer vouchers_redeem(struct vouchers *v,
				    const char code[VOUCHER_CODE_MAX],
				    int family, const char *zone,
				    struct voucher_pass *out);

/*
 * For each pass whose grant has failed, once: a first use is undone, unless
 * another device has come in by the code meanwhile. A pass that was granted is
 * not told of.
 */
void vouchers_take_back(struct vouchers *v, const struct voucher_pass *p);

/*
 * To be called every few minutes: of codes that are over the tag goes, by which
 * their sessions could be told.
 */
void vouchers_tidy(struct vouchers *v);
void vouchers_free(struct vouchers *v);

/* For tests: another clock than the machine's. */
void vouchers_use_clock(struct vouchers *v,
			struct voucher_time (*now)(void *arg), void *arg);

#endif
