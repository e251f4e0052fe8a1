/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What comes to a box from its city: files of keys, keys of new generations,
 * and records, by somebody who has no key and by somebody who has. Input: any
 * bytes, taken as each of these; records in pieces of 16 bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/city/city_keys.h"
#include "netctl/roam/roam.h"
#include "tests/fuzz/fuzzcheck.h"

#define DAY	20787
#define NOON	(DAY * 86400LL + 43200)
#define IDS_MAX 56 /* of a table that is soon full */

static const struct city_keys keys = { .generation = 1, .day = DAY - 1 };

static void try_file(const uint8_t *data, size_t size)
{
	uint8_t built[CITY_KEYS_SIZE];
	struct city_keys k;

	if (!city_keys_parse(data, size, &k))
		return;
	city_keys_build(&k, built);
	CHECK(!memcmp(built, data, sizeof(built)));
}

static void try_generation(const uint8_t *data, size_t size)
{
	struct city_wrapped_key w = { 0 };
	struct city_keys k = keys;

	memcpy(&w, data, size < sizeof(w) ? size : sizeof(w));
	CHECK(!city_keys_unwrap(&k, &w)); /* nobody guesses a tag */
	CHECK(city_keys_are_equal(&k, &keys));
}

/* The tag of the day's key, so that what is before it is looked at. */
static void sign(uint8_t bytes[RECORD_SIZE])
{
	struct city_keys k = keys;
	struct hmac_key day;
	struct record r;
	uint8_t signed_bytes[RECORD_SIZE];

	if (!record_parse(bytes, &r) || !city_keys_advance(&k, DAY))
		return;
	hmac_key_init(&day, k.key, sizeof(k.key));
	record_build(&r, &day, signed_bytes);
	CHECK(!memcmp(signed_bytes, bytes, 11));
	memcpy(bytes, signed_bytes, RECORD_SIZE);
}

/* What is new is found, and is not new again. */
static void try_record(struct roam *r, const uint8_t bytes[RECORD_SIZE])
{
	struct record record, again;
	struct roam_known known;
	size_t count = roam_count(r);
	enum roam_taken taken = roam_take(r, bytes, &record);

	CHECK(roam_count(r) <= 2 * 64);
	if (taken < ROAM_NEW) {
		CHECK(roam_count(r) == count);
		return;
	}
	CHECK(roam_take(r, bytes, &again) == ROAM_OLD);
	if (record.day == (uint16_t)DAY) {
		CHECK(roam_find_today(r, record.id, &known));
		CHECK(known.turn == record.turn && known.age == record.age);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct roam *r = roam_new(&keys, IDS_MAX);

	CHECK(r);
	roam_set_time(r, NOON);
	try_file(data, size);
	try_generation(data, size);
	for (; size >= RECORD_SIZE; data += RECORD_SIZE, size -= RECORD_SIZE) {
		uint8_t bytes[RECORD_SIZE];

		memcpy(bytes, data, sizeof(bytes));
		try_record(r, bytes);
		sign(bytes);
		try_record(r, bytes);
	}
	roam_free(r);
	return 0;
}
