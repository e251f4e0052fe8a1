/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/city/code_book.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "portal/util/hex.h"

#define AGAIN_MS 600000 /* what has not come back is sent again */
#define TIDY_MS	 3600000
#define OFF_S	 300 /* as netctl has it for records */
#define FORGED	 8   /* in one reply; each costs a slow box milliseconds */

struct code_book {
	struct city_link *link;
	struct voucher_key key;
	uint8_t public_key[CRYPTO_ED25519];
	struct vouchers *vouchers;
	struct voucher_city_uses uses; /* being written */
	bool is_writing;
	uint64_t again_ms, tidy_ms; /* when they are due */
	int64_t store_s;	    /* its clock at store_ms; 0: not known */
	uint64_t store_ms;
	bool said_forged, said_beyond;
};

/* --- the clock ---------------------------------------------------------- */

void code_book_see_store(struct code_book *b, int64_t store_s)
{
	b->store_s = store_s;
	b->store_ms = clock_ms();
}

/*
 * A router's clock is hours behind after a power cut, until NTP has answered.
 * A code that is begun by it has ended before it was typed, in all of the city.
 */
static bool clock_is_off(void *arg)
{
	const struct code_book *b = arg;
	int64_t store_s =
		b->store_s + (int64_t)((clock_ms() - b->store_ms) / 1000);

	return b->store_s && llabs(store_s - time(NULL)) > OFF_S;
}

/* --- life --------------------------------------------------------------- */

static bool take_keys(struct code_book *b, const char *digits)
{
	uint8_t bytes[sizeof(b->public_key) + sizeof(b->key.byte)];

	if (hex_parse(digits, bytes, sizeof(bytes)) != sizeof(bytes))
		return false;
	memcpy(b->public_key, bytes, sizeof(b->public_key));
	memcpy(b->key.byte, bytes + sizeof(b->public_key), sizeof(b->key.byte));
	b->key.is_citys = true;
	explicit_bzero(bytes, sizeof(bytes));
	return true;
}

struct code_book *code_book_new(struct city_link *link, const char *digits,
				const char *file)
{
	struct code_book *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->link = link;
	if (take_keys(b, digits))
		b->vouchers =
			vouchers_open_city(file, &b->key, &voucher_city_hooks);
	if (b->vouchers) {
		vouchers_doubt_clock(b->vouchers, clock_is_off, b);
		return b;
	}
	code_book_free(b);
	return NULL;
}

void code_book_free(struct code_book *b)
{
	if (!b)
		return;
	vouchers_free(b->vouchers);
	explicit_bzero(b, sizeof(*b));
	free(b);
}

struct vouchers *code_book_vouchers(const struct code_book *b)
{
	return b->vouchers;
}

/* --- from the store ----------------------------------------------------- */

static void say(struct code_book *b, const struct voucher_city_result *r)
{
	bool is_lie = r->forged || r->malformed;

	if (is_lie && !b->said_forged)
		log_warn("city: what the store says of codes is not the "
			 "city's; it is left alone");
	if (r->beyond && !b->said_beyond)
		log_warn("city: there are more than %d codes; no more of them "
			 "are taken",
			 VOUCHER_CITY_CODES);
	b->said_forged |= is_lie;
	b->said_beyond |= r->beyond != 0;
}

bool code_book_take(struct code_book *b, const struct voucher_text *text,
		    size_t count)
{
	const struct voucher_city_input in = { text, count, time(NULL) };
	struct voucher_db *db = vouchers_borrow(b->vouchers);
	struct voucher_city_result r = { 0 };
	int err;

	if (!db)
		return true;
	err = voucher_city_take(db, b->public_key, &in, &r);
	vouchers_return(b->vouchers, err);
	if (!err)
		say(b, &r);
	code_book_poll(b);
	return r.forged < FORGED;
}

/* --- to netctl ---------------------------------------------------------- */

static int end_sessions(struct code_book *b, struct voucher_db *db)
{
	uint64_t tag[VOUCHER_CITY_TAGS];
	size_t count, told = 0;
	int err = voucher_city_over(db, time(NULL), tag, &count);

	while (!err && told < count &&
	       !netctl_client_end_tag(b->link->netctl, tag[told]))
		told++;
	return err || !told ? err : voucher_city_told(db, tag, told);
}

/* --- to the city -------------------------------------------------------- */

/* What the store has not taken is written again with the next poll. */
static void on_written(const struct redisReply *reply, void *arg)
{
	struct code_book *b = arg;
	bool has_taken = city_link_has_taken(b->link, reply);
	struct voucher_db *db;

	b->is_writing = false;
	if (!has_taken)
		return;
	db = vouchers_borrow(b->vouchers);
	if (db)
		vouchers_return(b->vouchers, voucher_city_sent(db, &b->uses));
}

static int tell_uses(struct code_book *b, struct voucher_db *db)
{
	struct city_entry e = {
		.stream = "in",
		.field = "u",
		.bytes = b->uses.bytes,
	};
	int err = voucher_city_uses(db, time(NULL), &b->uses);

	e.len = b->uses.count * VOUCHER_RECORD_USE;
	if (!err && e.len)
		b->is_writing = city_link_add(b->link, &e, on_written, b) == 0;
	return err;
}

/* --- polls -------------------------------------------------------------- */

static bool is_due(uint64_t *at_ms, uint64_t every_ms)
{
	uint64_t now_ms = clock_ms();

	if (now_ms < *at_ms)
		return false;
	*at_ms = now_ms + every_ms;
	return true;
}

void code_book_connected(struct code_book *b)
{
	b->again_ms = 0;
	b->is_writing = false;
	b->said_forged = false;
}

void code_book_poll(struct code_book *b)
{
	bool is_tidying = is_due(&b->tidy_ms, TIDY_MS);
	struct voucher_db *db;
	int err = 0;

	if (is_tidying)
		vouchers_tidy(b->vouchers);
	db = vouchers_borrow(b->vouchers);
	if (!db)
		return;
	if (is_tidying && b->store_s && !clock_is_off(b))
		err = voucher_city_tidy(db, time(NULL));
	if (!err && is_due(&b->again_ms, AGAIN_MS))
		err = voucher_city_again(db);
	if (!err)
		err = end_sessions(b, db);
	if (!err && !b->is_writing && city_link_is_up(b->link))
		err = tell_uses(b, db);
	vouchers_return(b->vouchers, err);
}
