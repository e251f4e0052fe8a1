/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Codes of a city: a hub's file, and what two boxes make of its records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "portal/voucher/voucher_batch.h"
#include "portal/voucher/voucher_city.h"
#include "portal/voucher/voucher_publish.h"
#include "portal/voucher/voucher_statement.h"
#include "tests/unit/vouchertime.h"

#define CODES	70 /* three records */
#define MINUTES 60
#define RECORDS 8
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

static char folder[64];
static const uint8_t seed[CRYPTO_ED25519] = { 3, 1, 4 };
static struct {
	struct voucher_key key;
	uint8_t public_key[CRYPTO_ED25519];
} keys = { .key = { { 1, 5, 9 }, true } };
static struct voucher_db *hub;
static struct vouchers *own[2], *box[2]; /* of the box, of the city */
static char codes[CODES][VOUCHER_CODE_MAX];
static struct voucher_batch batch;

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void open_box(int i)
{
	static const char *const name[] = { "first.city", "second.city" };
	struct voucher_settings s = { .file = (char *)"/nowhere/codes",
				      .key = (char *)"/nowhere/key",
				      .tries_per_minute = 600 };

	own[i] = vouchers_open(&s);
	box[i] = vouchers_open_city(path_of(name[i]), &keys.key,
				    &voucher_city_hooks);
	assert_non_null(own[i]);
	assert_non_null(box[i]);
	vouchers_use_clock(own[i], told_time, NULL);
	vouchers_use_clock(box[i], told_time, NULL);
	vouchers_set_city(own[i], box[i]);
}

static void close_box(int i)
{
	vouchers_free(own[i]);
	vouchers_free(box[i]);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/citycodes.XXXXXX");
	if (!mkdtemp(folder) || !crypto_ed25519_public(seed, keys.public_key) ||
	    voucher_db_open(&hub, path_of("hub"), &keys.key, VOUCHER_DB_MAKE) ||
	    voucher_publish_set_up(hub))
		return -1;
	now = (struct voucher_time){ .wall_s = time(NULL),
				     .since_ms = 5000000 };
	open_box(0);
	open_box(1);
	return 0;
}

static int tear_down(void **state)
{
	char command[128];
	int status;

	(void)state;
	close_box(0);
	close_box(1);
	voucher_db_close(hub);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	status = system(command);
	return status;
}

/* --- the hub ------------------------------------------------------------ */

static void make(void)
{
	batch = (struct voucher_batch){
		.label = "fair",
		.zone = "market",
		.created_s = now.wall_s,
		.valid_until_s = now.wall_s + 86400,
		.duration_s = MINUTES * 60,
		.devices = 3,
		.count = CODES,
	};
	assert_int_equal(voucher_batch_create(hub, &keys.key, &batch, codes),
			 0);
	assert_int_equal(voucher_publish_sign(hub, seed), 0);
}

static void revoke(const char *code)
{
	struct voucher_target t = { .batch = code ? 0 : batch.id };
	uint64_t *tags;
	size_t count;

	if (code)
		assert_int_equal(voucher_key_hash(&keys.key, code, &t.code), 0);
	assert_int_equal(
		voucher_batch_revoke(hub, &t, now.wall_s, &tags, &count), 0);
	free(tags);
	assert_int_equal(voucher_publish_sign(hub, seed), 0);
}

static size_t published(struct voucher_published *out)
{
	int64_t at = 0;
	size_t count = 0;

	for (; count < RECORDS; count++, at = out[count - 1].id) {
		assert_int_equal(voucher_publish_next(hub, at, &out[count]), 0);
		if (!out[count].id)
			break;
		assert_true(out[count].id > at);
	}
	return count;
}

/* --- a box -------------------------------------------------------------- */

static struct voucher_city_result take(int i, const void *bytes, size_t len)
{
	const struct voucher_text text = { bytes, len };
	const struct voucher_city_input in = { &text, 1, now.wall_s };
	struct voucher_city_result r;

	assert_int_equal(voucher_city_take(vouchers_borrow(box[i]),
					   keys.public_key, &in, &r),
			 0);
	return r;
}

/* All that the hub has published. */
static void read_all(int i)
{
	struct voucher_published p[RECORDS];
	size_t count = published(p);

	for (size_t k = 0; k < count; k++) {
		struct voucher_city_result r = take(i, p[k].bytes, p[k].len);

		assert_int_equal(r.forged + r.malformed + r.beyond, 0);
	}
}

static struct voucher_city_uses uses_of(int i)
{
	struct voucher_city_uses u;

	assert_int_equal(voucher_city_uses(vouchers_borrow(box[i]),
					   now.wall_s + VOUCHER_CITY_HOLD + 1,
					   &u),
			 0);
	return u;
}

/* To the hub; how many of them it had not known so. */
static size_t tell(const struct voucher_city_uses *u)
{
	const struct voucher_publish_time clock = { now.wall_s, now.wall_s };
	size_t changed;

	assert_int_equal(voucher_publish_uses(hub, u->bytes,
					      u->count * VOUCHER_RECORD_USE,
					      &clock, &changed),
			 0);
	return changed;
}

static enum voucher_answer try(int i, const char *code, struct voucher_pass *p)
{
	return vouchers_redeem(own[i], code, AF_INET, "market", p);
}

static struct voucher_pass redeem(int i, const char *code)
{
	struct voucher_pass p = { 0 };

	assert_int_equal(try(i, code, &p), VOUCHER_FINE);
	assert_true(p.is_citys);
	return p;
}

static void assert_answer(int i, const char *code, enum voucher_answer answer)
{
	struct voucher_pass p;

	assert_int_equal(try(i, code, &p), answer);
}

/* Tags that are to be ended by now, all told once. */
static size_t over(int i, uint64_t tag[VOUCHER_CITY_TAGS])
{
	struct voucher_db *db = vouchers_borrow(box[i]);
	size_t count;

	assert_int_equal(voucher_city_over(db, now.wall_s, tag, &count), 0);
	assert_int_equal(voucher_city_told(db, tag, count), 0);
	return count;
}

/* --- codes -------------------------------------------------------------- */

static void test_all_codes_are_good_at_each_box(void **state)
{
	struct voucher_pass p;

	(void)state;
	make();
	for (int i = 0; i < 2; i++)
		read_all(i);
	for (int i = 0; i < CODES; i++) {
		p = redeem(i % 2, codes[i]);
		assert_int_equal(p.devices, 3);
		assert_true(p.left_s <= MINUTES * 60 &&
			    p.left_s > MINUTES * 60 - 60);
	}
	assert_int_equal(
		vouchers_redeem(own[0], codes[0], AF_INET, "other", &p),
		VOUCHER_WRONG_ZONE);
}

static void test_nobody_knows_what_was_not_published(void **state)
{
	(void)state;
	make();
	assert_answer(0, codes[0], VOUCHER_UNKNOWN);
}

static void test_again_is_the_same_as_once(void **state)
{
	struct voucher_published p[RECORDS];
	struct voucher_pass first;

	(void)state;
	make();
	read_all(0);
	first = redeem(0, codes[0]);
	revoke(codes[1]);
	for (int turn = 0; turn < 3; turn++)
		read_all(0);
	assert_int_equal(published(p), 4);
	assert_int_equal(redeem(0, codes[0]).tag, first.tag);
	assert_answer(0, codes[1], VOUCHER_REVOKED);
	assert_int_equal(uses_of(0).count, 1);
}

static void test_another_citys_file_is_made_anew(void **state)
{
	(void)state;
	make();
	read_all(0);
	redeem(0, codes[0]);
	close_box(0);
	keys.key.byte[9] ^= 1;
	open_box(0);
	assert_answer(0, codes[0], VOUCHER_UNKNOWN);
	assert_int_equal(uses_of(0).count, 0);
	keys.key.byte[9] ^= 1;
}

static void test_it_outlives_a_restart(void **state)
{
	struct voucher_pass p;

	(void)state;
	make();
	read_all(0);
	p = redeem(0, codes[0]);
	close_box(0);
	open_box(0);
	assert_int_equal(redeem(0, codes[0]).tag, p.tag);
	redeem(0, codes[1]);
	assert_int_equal(uses_of(0).count, 2);
}

/* --- first uses --------------------------------------------------------- */

static void test_minutes_run_from_the_first_use_anywhere(void **state)
{
	struct voucher_city_uses u;
	struct voucher_pass p;

	(void)state;
	make();
	read_all(0);
	read_all(1);
	redeem(0, codes[0]);
	u = uses_of(0);
	assert_int_equal(u.count, 1);
	assert_int_equal(tell(&u), 1);
	read_all(1);
	pass(30 * 60);
	p = redeem(1, codes[0]);
	assert_false(p.is_first_use);
	assert_true(p.left_s > 29 * 60 && p.left_s <= 31 * 60);
	pass(31 * 60);
	assert_answer(1, codes[0], VOUCHER_USED_UP);
}

/* And who had been given more is ended in time. */
static void test_the_earlier_of_two_counts(void **state)
{
	uint64_t tag[VOUCHER_CITY_TAGS];
	struct voucher_city_uses early, late;
	struct voucher_pass p;

	(void)state;
	make();
	read_all(0);
	read_all(1);
	redeem(0, codes[0]);
	early = uses_of(0);
	pass(240); /* which a hub's clock may be behind */
	p = redeem(1, codes[0]);
	late = uses_of(1);
	assert_int_equal(tell(&late), 1);
	assert_int_equal(tell(&early), 1);
	assert_int_equal(tell(&late), 0);
	assert_int_equal(tell(&early), 0);
	read_all(1);
	assert_int_equal(uses_of(1).count, 0);
	assert_int_equal(redeem(1, codes[0]).tag, p.tag);
	pass(MINUTES * 60 - 241); /* within the minute that ends it */
	assert_int_equal(over(1, tag), 0);
	pass(61);
	assert_int_equal(over(1, tag), 1);
	assert_int_equal(tag[0], p.tag);
	assert_answer(1, codes[0], VOUCHER_USED_UP);
}

/* Nor does it lose what it has to tell. */
static void test_a_later_use_gives_nothing(void **state)
{
	struct voucher_city_uses late;

	(void)state;
	make();
	read_all(0);
	read_all(1);
	redeem(0, codes[0]);
	pass(240);
	redeem(1, codes[0]);
	late = uses_of(1);
	assert_int_equal(tell(&late), 1);
	read_all(0);
	assert_int_equal(uses_of(0).count, 1);
	pass(MINUTES * 60 - 180);
	assert_answer(0, codes[0], VOUCHER_USED_UP);
	redeem(1, codes[0]);
}

static void test_what_did_not_come_back_is_sent_again(void **state)
{
	struct voucher_city_uses u;

	(void)state;
	make();
	read_all(0);
	redeem(0, codes[0]);
	u = uses_of(0);
	assert_int_equal(voucher_city_sent(vouchers_borrow(box[0]), &u), 0);
	assert_int_equal(uses_of(0).count, 0);
	assert_int_equal(voucher_city_again(vouchers_borrow(box[0])), 0);
	u = uses_of(0);
	assert_int_equal(u.count, 1);
	assert_int_equal(tell(&u), 1);
	read_all(0);
	assert_int_equal(voucher_city_again(vouchers_borrow(box[0])), 0);
	assert_int_equal(uses_of(0).count, 0);
}

static void test_a_grant_that_fails_is_no_use(void **state)
{
	struct voucher_pass p;

	(void)state;
	make();
	read_all(0);
	p = redeem(0, codes[0]);
	vouchers_take_back(own[0], &p);
	assert_int_equal(uses_of(0).count, 0);
	pass(60);
	assert_true(redeem(0, codes[0]).is_first_use);
}

/* So that nothing is to be taken back that the city has heard of. */
static void test_a_use_is_told_when_its_grant_is_sure(void **state)
{
	struct voucher_city_uses u;

	(void)state;
	make();
	read_all(0);
	redeem(0, codes[0]);
	for (int s = 0; s <= VOUCHER_CITY_HOLD + 1; s++) {
		assert_int_equal(voucher_city_uses(vouchers_borrow(box[0]),
						   now.wall_s, &u),
				 0);
		assert_int_equal(u.count, s > VOUCHER_CITY_HOLD);
		pass(1);
	}
}

/* By whoever has one and many addresses. */
static void test_one_code_costs_no_more_than_its_tries(void **state)
{
	struct voucher_pass p;
	enum voucher_answer answer[100];
	int fine = 0;

	(void)state;
	make();
	read_all(0);
	for (int i = 0; i < 100; i++) {
		answer[i] = try(0, codes[0], &p);
		assert_int_equal(answer[i],
				 i < 60 ? VOUCHER_FINE : VOUCHER_WAIT);
	}
	for (int i = 1; i < 20; i++) /* or few that share its place */
		fine += try(0, codes[i], &p) == VOUCHER_FINE;
	assert_in_range(fine, 15, 19);
	pass(1);
	redeem(0, codes[0]);
	assert_answer(0, codes[0], VOUCHER_WAIT);
	pass(60);
	redeem(0, codes[0]);
}

/* --- taken back --------------------------------------------------------- */

static void test_sessions_of_what_is_revoked_end(void **state)
{
	uint64_t tag[VOUCHER_CITY_TAGS];
	struct voucher_pass p, other;

	(void)state;
	make();
	read_all(0);
	p = redeem(0, codes[0]);
	other = redeem(0, codes[1]);
	revoke(codes[0]);
	read_all(0);
	for (int turn = 0; turn < 3; turn++) {
		read_all(0);
		assert_int_equal(over(0, tag), 1);
		assert_int_equal(tag[0], p.tag);
	}
	assert_int_equal(over(0, tag), 0);
	revoke(NULL);
	read_all(0);
	assert_int_equal(over(0, tag), 2);
	assert_true(tag[0] == other.tag || tag[1] == other.tag);
	for (int i = 0; i < CODES; i++)
		assert_answer(0, codes[i], VOUCHER_REVOKED);
}

/* --- who lies ----------------------------------------------------------- */

/* What is written to it. */
static int changes(int i)
{
	return sqlite3_total_changes(vouchers_borrow(box[i])->db);
}

/* No bit of any record can be another: it is refused, or changes nothing, where
 * all that came before it is known. */
static void test_no_record_can_be_changed(void **state)
{
	struct voucher_published p[RECORDS];
	struct voucher_city_uses u;
	struct voucher_city_result r;
	size_t count, refused = 0, bits = 0;
	int before;

	(void)state;
	make();
	read_all(0);
	redeem(0, codes[0]);
	u = uses_of(0);
	tell(&u);
	revoke(codes[1]);
	revoke(NULL);
	count = published(p);
	assert_int_equal(count, 6);
	for (size_t k = 0; k < count; k++) {
		before = changes(1);
		for (size_t bit = 0; bit < p[k].len * 8; bit += 7, bits++) {
			p[k].bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			r = take(1, p[k].bytes, p[k].len);
			refused += r.forged + r.malformed;
			p[k].bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_int_equal(changes(1), before);
		take(1, p[k].bytes, p[k].len);
		assert_true(changes(1) > before);
	}
	assert_true(refused > bits * 9 / 10);
}

/* A store that lies may say it for ever, and a signature takes long. */
static void test_what_is_known_costs_no_signature(void **state)
{
	struct voucher_published p[RECORDS];
	struct voucher_city_uses u;
	struct voucher_city_result r;
	size_t count;

	(void)state;
	make();
	read_all(0);
	redeem(0, codes[0]);
	u = uses_of(0);
	tell(&u);
	revoke(codes[1]);
	revoke(NULL);
	read_all(0);
	count = published(p);
	for (size_t k = 0; k < count; k++) {
		p[k].bytes[p[k].len - 1] ^= 1; /* which nobody sees */
		r = take(0, p[k].bytes, p[k].len);
		assert_int_equal(r.forged + r.malformed, 0);
	}
}

/* Who has all that a box has. */
static void test_a_stolen_box_makes_no_code(void **state)
{
	static const uint8_t other[CRYPTO_ED25519] = { 9 };
	struct voucher_record r = {
		.kind = VOUCHER_RECORD_BATCH,
		.number = 7,
		.created_s = now.wall_s,
		.valid_until_s = now.wall_s + 3600,
		.duration_s = 3600,
		.devices = 1,
		.codes = 1,
	};
	uint8_t bytes[VOUCHER_RECORD_MAX];
	char code[VOUCHER_CODE_MAX];
	size_t len;

	(void)state;
	assert_int_equal(voucher_code_make(code), 0);
	assert_int_equal(voucher_key_hash(&keys.key, code, &r.code[0]), 0);
	for (int i = 0; i < 2; i++) {
		len = voucher_record_sign(&r, i ? seed : other, bytes);
		assert_int_equal(take(0, bytes, len).forged, i ? 0 : 1);
		assert_answer(0, code, i ? VOUCHER_FINE : VOUCHER_UNKNOWN);
	}
}

static struct voucher_city_uses claim(const uint8_t by[CRYPTO_ED25519],
				      int64_t first_s)
{
	const struct voucher_record r = { .kind = VOUCHER_RECORD_FIRST_USE,
					  .first_s = first_s };
	struct voucher_city_uses u = { .count = 1 };
	uint8_t bytes[VOUCHER_RECORD_MAX];

	assert_int_equal(voucher_record_sign(&r, by, bytes),
			 VOUCHER_RECORD_USE);
	memcpy(u.bytes, bytes, VOUCHER_RECORD_USE);
	return u;
}

static struct voucher_city_uses claim_now(const char *code)
{
	struct voucher_seed seed_of_code;

	assert_int_equal(voucher_key_seed(&keys.key, code, &seed_of_code), 0);
	return claim(seed_of_code.byte, now.wall_s);
}

/* Nor can it use one up whose hash it has, nor make one last. */
static void test_what_a_box_may_claim(void **state)
{
	static const uint8_t other[CRYPTO_ED25519] = { 9 };
	struct voucher_seed code;
	struct voucher_city_uses u;

	(void)state;
	make();
	assert_int_equal(voucher_key_seed(&keys.key, codes[0], &code), 0);
	u = claim(other, now.wall_s);
	assert_int_equal(tell(&u), 0);
	u = claim(code.byte, now.wall_s + 400);
	assert_int_equal(tell(&u), 0);
	u = claim(code.byte, batch.created_s - 301);
	assert_int_equal(tell(&u), 0);
	u = claim(code.byte, batch.created_s);
	assert_int_equal(tell(&u), 1);
	u = claim(code.byte, batch.created_s + 1);
	assert_int_equal(tell(&u), 0);
}

/* What was said elsewhere every box sees, and the store. */
static void test_a_box_says_no_other_time_of_anothers_code(void **state)
{
	struct voucher_published before[RECORDS], after[RECORDS];
	const struct voucher_publish_time clock = { now.wall_s, now.wall_s };
	struct voucher_city_uses u;
	size_t changed, count;

	(void)state;
	make();
	read_all(0);
	read_all(1);
	redeem(0, codes[0]);
	redeem(0, codes[1]);
	u = uses_of(0);
	assert_int_equal(tell(&u), 2);
	read_all(1);
	count = published(before);
	for (int i = 0; i < 5; i++)
		u.bytes[VOUCHER_RECORD_USE + 5 - i] =
			(uint8_t)((now.wall_s - 200) >> 8 * i);
	assert_int_equal(voucher_publish_uses(hub, u.bytes,
					      2 * VOUCHER_RECORD_USE, &clock,
					      &changed),
			 -EBADMSG);
	assert_int_equal(changed, 0);
	assert_int_equal(published(after), count);
	for (size_t k = 0; k < count; k++)
		assert_memory_equal(after[k].bytes, before[k].bytes,
				    before[k].len);
	assert_int_equal(
		take(1, u.bytes + VOUCHER_RECORD_USE, VOUCHER_RECORD_USE)
			.forged,
		1);
}

/* As a router's is after each power cut, until NTP has answered. */
static void test_a_clock_that_is_behind_shortens_no_code(void **state)
{
	struct voucher_city_uses u;
	struct voucher_pass p;

	(void)state;
	make();
	read_all(0);
	read_all(1);
	pass(20000);
	redeem(0, codes[0]);
	u = claim_now(codes[0]);
	now.wall_s -= 10000;
	assert_int_equal(take(1, u.bytes, VOUCHER_RECORD_USE).forged, 0);
	assert_answer(1, codes[0], VOUCHER_UNAVAILABLE);
	now.wall_s += 10000;
	p = redeem(1, codes[0]);
	assert_false(p.is_first_use);
	assert_true(p.left_s > MINUTES * 60 - 60);
}

/* Nor does one of the year 6000, which the hub would refuse. */
static void test_a_use_to_come_makes_none_last(void **state)
{
	struct voucher_city_uses u;
	struct voucher_seed code;
	struct voucher_pass p;

	(void)state;
	make();
	read_all(0);
	assert_int_equal(voucher_key_seed(&keys.key, codes[0], &code), 0);
	u = claim(code.byte, (1LL << 37) - 1);
	assert_int_equal(take(0, u.bytes, VOUCHER_RECORD_USE).forged, 0);
	assert_answer(0, codes[0], VOUCHER_UNAVAILABLE);
	pass(batch.valid_until_s - now.wall_s - 60);
	p = redeem(0, codes[0]);
	assert_false(p.is_first_use);
	assert_true(p.left_s <= 60);
}

/* What is over by one clock alone is neither over nor gone. */
static void test_a_hubs_clock_ends_nothing_alone(void **state)
{
	struct voucher_publish_time clock = { now.wall_s + 9000000,
					      now.wall_s };
	struct voucher_published last;
	struct voucher_city_uses u;
	size_t changed;

	(void)state;
	make();
	read_all(0);
	redeem(0, codes[0]);
	redeem(0, codes[1]);
	u = uses_of(0);
	u.count = 2;
	for (size_t i = 0; i < u.count; i++)
		assert_int_equal(voucher_publish_uses(
					 hub, u.bytes + i * VOUCHER_RECORD_USE,
					 VOUCHER_RECORD_USE, &clock, &changed),
				 0);
	assert_int_equal(voucher_publish_tidy(hub, clock.over_s), 0);
	assert_int_equal(voucher_publish_last(hub, &last), 0);
	assert_int_not_equal(last.id, 0);
	read_all(1);
	assert_false(redeem(1, codes[0]).is_first_use);
	now.wall_s -= 200; /* an earlier one, so the hub looks at it again */
	u = claim_now(codes[0]);
	now.wall_s += 200;
	assert_int_equal(tell(&u), 1);
}

static void test_a_box_has_room_for_so_many(void **state)
{
	struct voucher_record r = {
		.kind = VOUCHER_RECORD_BATCH,
		.number = 7,
		.created_s = now.wall_s,
		.valid_until_s = now.wall_s + 3600,
		.duration_s = 3600,
		.devices = 1,
		.codes = VOUCHER_RECORD_CODES,
	};
	uint8_t bytes[VOUCHER_RECORD_MAX];
	size_t len;

	(void)state;
	for (uint32_t n = 0; n <= VOUCHER_CITY_CODES; n += r.codes) {
		for (uint32_t i = 0; i < r.codes; i++) {
			uint32_t code = n + i;

			memcpy(r.code[i].byte, &code, sizeof(code));
		}
		len = voucher_record_sign(&r, seed, bytes);
		assert_int_equal(take(0, bytes, len).beyond,
				 n < VOUCHER_CITY_CODES ? 0 : r.codes);
	}
}

static void test_what_is_long_over_goes(void **state)
{
	struct voucher_published last;

	(void)state;
	make();
	read_all(0);
	redeem(0, codes[0]);
	pass(86400 + VOUCHER_KEEP_OVER_S + 60);
	assert_int_equal(voucher_city_tidy(vouchers_borrow(box[0]), now.wall_s),
			 0);
	assert_answer(0, codes[0], VOUCHER_UNKNOWN);
	assert_int_equal(uses_of(0).count, 0);
	read_all(0); /* it comes again, and is not taken */
	assert_answer(0, codes[0], VOUCHER_UNKNOWN);
	assert_int_equal(voucher_publish_tidy(hub, now.wall_s), 0);
	assert_int_equal(voucher_publish_last(hub, &last), 0);
	assert_int_equal(last.id, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_all_codes_are_good_at_each_box),
		TEST(test_nobody_knows_what_was_not_published),
		TEST(test_again_is_the_same_as_once),
		TEST(test_another_citys_file_is_made_anew),
		TEST(test_it_outlives_a_restart),
		TEST(test_minutes_run_from_the_first_use_anywhere),
		TEST(test_the_earlier_of_two_counts),
		TEST(test_a_later_use_gives_nothing),
		TEST(test_what_did_not_come_back_is_sent_again),
		TEST(test_a_grant_that_fails_is_no_use),
		TEST(test_a_use_is_told_when_its_grant_is_sure),
		TEST(test_one_code_costs_no_more_than_its_tries),
		TEST(test_a_hubs_clock_ends_nothing_alone),
		TEST(test_sessions_of_what_is_revoked_end),
		TEST(test_no_record_can_be_changed),
		TEST(test_what_is_known_costs_no_signature),
		TEST(test_a_stolen_box_makes_no_code),
		TEST(test_what_a_box_may_claim),
		TEST(test_a_box_says_no_other_time_of_anothers_code),
		TEST(test_a_clock_that_is_behind_shortens_no_code),
		TEST(test_a_use_to_come_makes_none_last),
		TEST(test_a_box_has_room_for_so_many),
		TEST(test_what_is_long_over_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
