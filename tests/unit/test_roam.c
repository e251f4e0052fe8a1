/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two boxes of a city, and what they believe of each other's records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/random.h"
#include "netctl/roam/ids.h"
#include "netctl/roam/roam.h"
#include "netctl/roam/spent.h"

#define DAY	20787
#define SHIFT_S 10800
#define NOON	(DAY * 86400LL + 43200)

static const struct roam_device phone = { "Stadt", { { 2, 0, 0, 0, 0, 7 } } };

static struct city_keys keys_of(uint32_t day)
{
	struct city_keys k = { .generation = 1,
			       .day = DAY - 30,
			       .shift_s = SHIFT_S };

	memset(k.key, 0x11, sizeof(k.key));
	memset(k.wrap, 0x22, sizeof(k.wrap));
	assert_true(city_keys_advance(&k, day));
	return k;
}

static struct roam *box_at(int64_t utc_s)
{
	struct city_keys k = keys_of(DAY - 1);
	struct roam *r = roam_new(&k, 1000);

	assert_non_null(r);
	roam_set_time(r, utc_s);
	return r;
}

static void make(struct roam *r, const struct roam_device *d, uint8_t age,
		 uint8_t turn)
{
	const struct roam_known known = { .age = age,
					  .turn = turn,
					  .terms = 3 };
	uint8_t id[RECORD_ID_SIZE];

	roam_id(r, d, id);
	assert_int_equal(roam_make(r, id, &known), 0);
}

/* The last that it made. */
static void last_of(struct roam *r, uint8_t bytes[RECORD_SIZE])
{
	struct ipc_city_record m[64];
	size_t n = unsent_read(roam_unsent(r), 0, m, 64);

	assert_true(n);
	memcpy(bytes, m[n - 1].record, RECORD_SIZE);
}

static enum roam_taken carry(struct roam *from, struct roam *to)
{
	uint8_t bytes[RECORD_SIZE];
	struct record record;

	last_of(from, bytes);
	return roam_take(to, bytes, &record);
}

static bool knows(struct roam *r, const struct roam_device *d)
{
	struct roam_known known;

	return roam_find(r, d, &known) &&
	       roam_last_day(&known, 3, 30) >= roam_today(r);
}

/* --- records -------------------------------------------------------------- */

/* As Python's hmac makes them of the description in record.h. */
static void the_bytes_are_these(void **state)
{
	static const uint8_t expected[RECORD_SIZE] = { 0x12, 0x09, 0x51, 0x34,
						       0xfa, 0x37, 0x22, 0x25,
						       0xa5, 0x0c, 0x03, 0x98,
						       0x0d, 0xc3, 0xc6, 0x0a };
	struct record r = { .kind = RECORD_RENEW,
			    .generation = 9,
			    .day = 0x5134,
			    .age = 12,
			    .terms = 3 };
	uint8_t key[32], out[RECORD_SIZE];
	struct hmac_key k;

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	hmac_key_init(&k, key, sizeof(key));
	record_id(&k, "Stadt", &phone.mac, r.id);
	record_build(&r, &k, out);
	assert_memory_equal(out, expected, sizeof(out));
	assert_true(record_is_genuine(out, &k));
	assert_true(record_parse(out, &r));
	assert_int_equal(r.age, 12);
}

static void forms(void **state)
{
	static const struct {
		uint8_t first, count;
		bool is_good;
	} cases[] = {
		{ 0x11, 0, true },   { 0x11, 2, true },	   { 0x11, 254, true },
		{ 0x11, 1, false },  { 0x12, 1, true },	   { 0x12, 127, true },
		{ 0x12, 0, false },  { 0x12, 128, false }, { 0x13, 1, true },
		{ 0x13, 255, true }, { 0x13, 2, false },   { 0x10, 0, false },
		{ 0x14, 0, false },  { 0x01, 0, false },   { 0x21, 0, false },
		{ 0xff, 1, false },
	};
	struct record r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t bytes[RECORD_SIZE] = {
			cases[i].first, [9] = cases[i].count
		};

		assert_int_equal(record_parse(bytes, &r), cases[i].is_good);
	}
}

static void a_tap_is_known_elsewhere(void **state)
{
	struct roam *a = box_at(NOON), *b = box_at(NOON + 60);
	struct roam_device other = phone, abroad = phone;

	(void)state;
	other.mac.byte[5]++;
	abroad.network = "Stad";
	assert_false(knows(b, &phone));
	make(a, &phone, 0, 0);
	assert_true(knows(a, &phone));
	assert_int_equal(carry(a, b), ROAM_NEW);
	assert_int_equal(carry(a, b), ROAM_OLD);
	assert_int_equal(carry(a, a),
			 ROAM_OLD); /* it comes back by the store */
	assert_true(knows(b, &phone));
	assert_false(knows(b, &other));
	assert_false(knows(b, &abroad));
	assert_int_equal(roam_count(b), 1);
	roam_free(a);
	roam_free(b);
}

static void other_terms_ask_again(void **state)
{
	struct roam *a = box_at(NOON);
	struct roam_known known;

	(void)state;
	make(a, &phone, 0, 0);
	assert_true(roam_find(a, &phone, &known));
	assert_int_equal(roam_last_day(&known, 3, 30), DAY + 30);
	assert_int_equal(roam_last_day(&known, 4, 30), 0);
	known.age = 29;
	assert_int_equal(roam_last_day(&known, 3, 30), DAY + 1);
	known.turn = 1;
	assert_int_equal(roam_last_day(&known, 3, 30), 0);
	roam_free(a);
}

/* Each bit of it, by a box that has the keys, and by one that has others. */
static void forgeries(void **state)
{
	struct roam *a = box_at(NOON), *b = box_at(NOON);
	struct city_keys k = keys_of(DAY - 1);
	uint8_t bytes[RECORD_SIZE];
	struct record record;
	struct roam *thief;

	(void)state;
	k.key[0] ^= 1;
	thief = roam_new(&k, 1000);
	roam_set_time(thief, NOON);
	make(a, &phone, 0, 0);
	last_of(a, bytes);
	assert_int_equal(roam_take(thief, bytes, &record), ROAM_REFUSED);
	for (size_t i = 0; i < 8 * RECORD_SIZE; i++) {
		bytes[i / 8] ^= (uint8_t)(1U << i % 8);
		assert_true(roam_take(b, bytes, &record) <= ROAM_OLD);
		bytes[i / 8] ^= (uint8_t)(1U << i % 8);
	}
	assert_int_equal(roam_count(b), 0);
	assert_int_equal(roam_take(b, bytes, &record), ROAM_NEW);
	roam_free(a);
	roam_free(b);
	roam_free(thief);
}

/* A hundred thousand: none is believed, none costs memory. */
static void many_lies(void **state)
{
	struct roam *b = box_at(NOON);
	size_t before = roam_memory(b);
	uint8_t bytes[RECORD_SIZE] = { 0x11, 1, DAY >> 8, DAY & 255 };
	struct record record;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		memcpy(bytes + 4, &i, sizeof(i));
		assert_int_equal(roam_take(b, bytes, &record), ROAM_REFUSED);
	}
	assert_int_equal(roam_count(b), 0);
	assert_int_equal(roam_memory(b), before);
	roam_free(b);
}

/* --- days ----------------------------------------------------------------- */

static void a_record_lasts_until_the_end_of_tomorrow(void **state)
{
	struct roam *a = box_at(NOON);
	int64_t turn = city_day_start(DAY + 1, SHIFT_S);

	(void)state;
	make(a, &phone, 0, 0);
	roam_set_time(a, turn - 1);
	assert_int_equal(roam_today(a), DAY);
	assert_true(knows(a, &phone));
	roam_set_time(a, turn);
	assert_int_equal(roam_today(a), DAY + 1);
	assert_true(knows(a, &phone));
	roam_set_time(a, turn + 86400 - 1);
	assert_true(knows(a, &phone));
	roam_set_time(a, turn + 86400);
	assert_false(knows(a, &phone));
	assert_int_equal(roam_count(a), 0);
	roam_free(a);
}

/* Clocks differ by less than five minutes; no more than that is forgiven. */
static void a_day_that_is_still_to_come(void **state)
{
	int64_t turn = city_day_start(DAY + 1, SHIFT_S);
	struct roam *a = box_at(turn), *b = box_at(turn - ROAM_SKEW_S - 1);
	struct roam *late = box_at(turn + 86400);

	(void)state;
	make(a, &phone, 0, 0);
	assert_int_equal(carry(a, b), ROAM_OLD);
	assert_int_equal(roam_count(b), 0);
	roam_set_time(b, turn - ROAM_SKEW_S);
	assert_int_equal(carry(a, b), ROAM_NEW);
	assert_false(knows(b, &phone)); /* not today */
	roam_set_time(b, turn);
	assert_true(knows(b, &phone));
	assert_int_equal(carry(a, late), ROAM_NEW); /* of its yesterday */
	assert_true(knows(late, &phone));
	make(late, &phone, 1, 0);
	assert_int_equal(carry(late, a), ROAM_OLD);
	roam_free(a);
	roam_free(b);
	roam_free(late);
}

static void thirty_days_of_coming_back(void **state)
{
	struct roam *a = box_at(NOON);
	struct roam_known known;

	(void)state;
	make(a, &phone, 0, 0);
	for (int day = 1; day <= 30; day++) {
		roam_set_time(a, NOON + day * 86400LL);
		assert_true(knows(a, &phone));
		make(a, &phone, (uint8_t)day, 0);
	}
	roam_set_time(a, NOON + 31 * 86400LL);
	assert_true(roam_find(a, &phone, &known));
	assert_false(knows(a, &phone));
	roam_free(a);
}

static void no_time_no_word(void **state)
{
	struct city_keys k = keys_of(DAY);
	struct roam *r = roam_new(&k, 1000);

	(void)state;
	assert_false(roam_is_on(r));
	roam_set_time(r, NOON - 86400); /* before the key's day */
	assert_false(roam_is_on(r));
	roam_set_time(r, 0);
	assert_false(roam_is_on(r));
	roam_set_time(r, NOON);
	assert_true(roam_is_on(r));
	make(r, &phone, 0, 0);
	roam_forget_time(r);
	assert_false(roam_is_on(r));
	roam_set_time(r, NOON + 60);
	assert_true(knows(r, &phone));
	roam_free(r);
}

/* What is written is yesterday's key; a clock that was ahead spoils nothing. */
static void the_file_follows(void **state)
{
	struct city_keys k = keys_of(DAY - 1), expected, file;
	struct roam *r = roam_new(&k, 1000);

	(void)state;
	assert_false(roam_advance(r, &file));
	roam_set_time(r, NOON);
	assert_false(roam_advance(r, &file));
	roam_set_time(r, NOON + 400 * 86400LL);
	assert_true(roam_is_on(r));
	roam_set_time(r, NOON + 21 * 86400LL);
	assert_true(roam_is_on(r));
	assert_true(roam_advance(r, &file));
	assert_false(roam_advance(r, &file));
	expected = keys_of(DAY + 20);
	assert_true(city_keys_are_equal(&file, &expected));
	roam_free(r);
}

/* --- shut out ------------------------------------------------------------- */

/* In whatever order they come, and however often, the last word holds. */
static void turns(void **state)
{
	static const uint8_t orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 },
					     { 1, 0, 2 }, { 1, 2, 0 },
					     { 2, 0, 1 }, { 2, 1, 0 } };
	struct roam *a = box_at(NOON);
	struct ipc_city_record m[3];
	struct record record;

	(void)state;
	for (uint8_t turn = 0; turn < 3; turn++)
		make(a, &phone, 0, turn);
	assert_int_equal(unsent_read(roam_unsent(a), 0, m, 3), 3);
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		struct roam *b = box_at(NOON);
		uint8_t last;

		for (size_t k = 0; k < 2; k++)
			roam_take(b, m[orders[i][k]].record, &record);
		last = orders[i][0] > orders[i][1] ? orders[i][0]
						   : orders[i][1];
		assert_int_equal(knows(b, &phone), last % 2 == 0);
		roam_take(b, m[orders[i][2]].record, &record);
		assert_true(knows(b, &phone));
		roam_take(b, m[1].record, &record);
		assert_true(knows(b, &phone));
		roam_free(b);
	}
	roam_free(a);
}

static void a_log_out_today_outweighs_yesterday(void **state)
{
	struct roam *a = box_at(NOON), *b = box_at(NOON);

	(void)state;
	make(b, &phone, 0, 0);
	assert_int_equal(carry(b, a), ROAM_NEW);
	roam_set_time(a, NOON + 86400);
	roam_set_time(b, NOON + 86400);
	make(b, &phone, 0, 1);
	assert_int_equal(carry(b, a), ROAM_NEW_REVOKE);
	assert_false(knows(a, &phone));
	roam_set_time(a, NOON + 2 * 86400);
	assert_false(knows(a, &phone));
	roam_free(a);
	roam_free(b);
}

static void a_late_log_out_outweighs_a_renewal(void **state)
{
	struct roam *a = box_at(NOON), *b = box_at(NOON + 86400);

	(void)state;
	make(a, &phone, 0, 1);
	make(b, &phone, 1, 0);
	assert_true(knows(b, &phone));
	assert_int_equal(carry(a, b), ROAM_LATE_REVOKE);
	assert_false(knows(b, &phone));
	make(a, &phone, 0, 2); /* and was back that day */
	assert_int_equal(carry(a, b), ROAM_NEW);
	assert_true(knows(b, &phone));
	make(a, &phone, 0, 3);
	assert_int_equal(carry(a, b), ROAM_LATE_REVOKE);
	make(b, &phone, 0, 0); /* an accept of today */
	assert_true(knows(b, &phone));
	roam_free(a);
	roam_free(b);
}

/* --- generations ---------------------------------------------------------- */

static void a_new_generation(void **state)
{
	struct city_wrapped_key w = { .generation = 2, .day = DAY };
	struct city_keys k = keys_of(DAY - 1), file;
	struct roam *a = box_at(NOON), *b = box_at(NOON),
		    *stolen = box_at(NOON);
	uint8_t fresh[CITY_KEY_SIZE] = { 0x33 };
	struct roam_device second = phone;

	(void)state;
	second.mac.byte[5]++;
	city_key_wrap(k.wrap, fresh, &w);
	make(a, &phone, 0, 0);
	assert_int_equal(carry(a, b), ROAM_NEW);
	assert_true(roam_unwrap(a, &w));
	assert_true(roam_unwrap(b, &w));
	assert_false(roam_unwrap(b, &w));
	assert_true(roam_advance(a, &file));
	assert_int_equal(file.generation, 2);
	assert_true(knows(b, &phone)); /* ends by itself */
	make(a, &second, 0, 0);
	assert_int_equal(carry(a, b), ROAM_NEW);
	assert_true(knows(b, &second));
	assert_int_equal(carry(a, stolen), ROAM_OLD);
	make(b, &phone, 0, 1); /* and can be taken back */
	assert_false(knows(b, &phone));
	roam_set_time(b, NOON + 86400);
	assert_true(knows(b, &second));
	roam_set_time(b, NOON + 2 * 86400);
	assert_int_equal(roam_count(b), 0);
	/* from then on nothing of the stolen box is believed */
	roam_set_time(stolen, NOON + 2 * 86400);
	make(stolen, &phone, 0, 0);
	assert_int_equal(carry(stolen, b), ROAM_OLD);
	assert_false(knows(b, &phone));
	roam_free(a);
	roam_free(b);
	roam_free(stolen);
}

/* What whoever stole a box may say with the key of before: who is out. */
static void the_old_generation_only_shuts_out(void **state)
{
	struct city_wrapped_key w = { .generation = 2, .day = DAY };
	struct city_keys k = keys_of(DAY - 1);
	struct roam *b = box_at(NOON), *stolen = box_at(NOON);
	uint8_t fresh[CITY_KEY_SIZE] = { 0x33 };
	struct roam_device second = phone;

	(void)state;
	second.mac.byte[5]++;
	city_key_wrap(k.wrap, fresh, &w);
	make(stolen, &phone, 0, 0);
	assert_int_equal(carry(stolen, b), ROAM_NEW);
	assert_true(roam_unwrap(b, &w));
	make(stolen, &second, 0, 0);
	assert_int_equal(carry(stolen, b), ROAM_OLD);
	make(stolen, &second, 0, 2);
	assert_int_equal(carry(stolen, b), ROAM_OLD);
	assert_false(knows(b, &second));
	roam_set_time(b, NOON + 86400);
	roam_set_time(stolen, NOON + 86400);
	make(stolen, &second, 1, 0);
	assert_int_equal(carry(stolen, b), ROAM_OLD);
	assert_false(knows(b, &second));
	assert_true(knows(b, &phone)); /* as before */
	make(stolen, &phone, 0, 1);
	assert_true(carry(stolen, b) >= ROAM_NEW);
	assert_false(knows(b, &phone));
	roam_free(b);
	roam_free(stolen);
}

/* --- bounds --------------------------------------------------------------- */

static void a_full_table(void **state)
{
	struct ids *t = ids_new(100);
	struct ids_entry e = { .age = 5 }, found;
	size_t room = 0, memory;

	(void)state;
	for (;; room++) {
		memcpy(e.id, &room, sizeof(e.id));
		if (ids_put(t, &e))
			break;
	}
	assert_true(room >= 100 && room < 200);
	assert_int_equal(ids_put(t, &e), -ENOSPC);
	assert_int_equal(ids_count(t), room);
	assert_false(ids_find(t, e.id, &found));
	memory = ids_memory(t);
	memset(e.id, 0, sizeof(e.id));
	e.turn = 1; /* one that is in it can be shut out all the same */
	assert_int_equal(ids_put(t, &e), 0);
	assert_true(ids_find(t, e.id, &found));
	assert_int_equal(found.turn, 1);
	assert_int_equal(found.age, 5);
	assert_int_equal(ids_memory(t), memory);
	ids_free(t);
}

static void ten_thousand(void **state)
{
	struct ids *t = ids_new(1000000);
	struct ids_entry e = { 0 }, found;

	(void)state;
	for (uint32_t i = 0; i < 10000; i++) {
		memcpy(e.id, &i, sizeof(i));
		e.terms = (uint8_t)i;
		assert_int_equal(ids_put(t, &e), 0);
	}
	for (uint32_t i = 0; i < 10000; i++) {
		memcpy(e.id, &i, sizeof(i));
		assert_true(ids_find(t, e.id, &found));
		assert_int_equal(found.terms, (uint8_t)i);
	}
	assert_true(ids_memory(t) <= 200000);
	ids_free(t);
}

static void what_waits_to_be_sent(void **state)
{
	struct unsent *u = unsent_new();
	uint8_t bytes[RECORD_SIZE] = { 0 };
	struct ipc_city_record m[4];

	(void)state;
	assert_int_equal(unsent_read(u, 0, m, 4), 0);
	for (int i = 1; i <= 5; i++) {
		bytes[0] = (uint8_t)i;
		assert_int_equal(unsent_put(u, bytes), 0);
	}
	assert_int_equal(unsent_read(u, 0, m, 4), 4);
	assert_int_equal(m[0].seq, 1);
	assert_int_equal(m[0].more, 3);
	assert_int_equal(m[3].record[0], 4);
	assert_int_equal(unsent_read(u, 4, m, 4), 1);
	assert_int_equal(unsent_read(u, UINT64_MAX, m, 4), 0);
	unsent_forget(u, 3);
	assert_int_equal(unsent_count(u), 2);
	assert_int_equal(unsent_read(u, 0, m, 4), 2);
	assert_int_equal(m[0].seq, 4);
	assert_int_equal(m[0].record[0], 4);
	unsent_forget(u, 1);
	assert_int_equal(unsent_count(u), 2);
	unsent_forget(u, UINT64_MAX);
	assert_int_equal(unsent_count(u), 0);
	assert_int_equal(unsent_put(u, bytes), 0);
	assert_int_equal(unsent_read(u, 0, m, 4), 1);
	assert_int_equal(m[0].seq, 6);
	for (int i = 1; i < UNSENT_MAX; i++)
		assert_int_equal(unsent_put(u, bytes), 0);
	assert_int_equal(unsent_put(u, bytes), -ENOSPC);
	unsent_free(u);
}

static void who_has_used_up_the_day(void **state)
{
	struct spent *s = spent_new(50);
	struct roam_device d = phone;
	unsigned int fits = 0;

	(void)state;
	spent_set_day(s, DAY);
	assert_false(spent_has(s, &phone));
	assert_false(spent_add(s, &phone));
	assert_true(spent_has(s, &phone));
	spent_set_day(s, DAY);
	assert_true(spent_has(s, &phone));
	spent_remove(s, &phone);
	assert_false(spent_has(s, &phone));
	d.mac.byte[4] = 1;
	for (; fits < 200; fits++) {
		d.mac.byte[5] = (uint8_t)fits;
		if (spent_has(s, &d))
			break; /* though nobody said so */
		if (spent_add(s, &d))
			assert_true(fits >= 50);
	}
	assert_true(fits >= 50 && fits < 100);
	assert_false(spent_has(s, &phone)); /* has tapped since */
	spent_set_day(s, DAY + 1);
	assert_false(spent_has(s, &d));
	spent_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bytes_are_these),
		cmocka_unit_test(forms),
		cmocka_unit_test(a_tap_is_known_elsewhere),
		cmocka_unit_test(other_terms_ask_again),
		cmocka_unit_test(forgeries),
		cmocka_unit_test(many_lies),
		cmocka_unit_test(a_record_lasts_until_the_end_of_tomorrow),
		cmocka_unit_test(a_day_that_is_still_to_come),
		cmocka_unit_test(thirty_days_of_coming_back),
		cmocka_unit_test(no_time_no_word),
		cmocka_unit_test(the_file_follows),
		cmocka_unit_test(turns),
		cmocka_unit_test(a_log_out_today_outweighs_yesterday),
		cmocka_unit_test(a_late_log_out_outweighs_a_renewal),
		cmocka_unit_test(a_new_generation),
		cmocka_unit_test(the_old_generation_only_shuts_out),
		cmocka_unit_test(a_full_table),
		cmocka_unit_test(ten_thousand),
		cmocka_unit_test(what_waits_to_be_sent),
		cmocka_unit_test(who_has_used_up_the_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
