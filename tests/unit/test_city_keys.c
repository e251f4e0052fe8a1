/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/city/city_keys.h"
#include "common/sha256.h"

static struct city_keys some_keys(void)
{
	struct city_keys k = { .generation = 7,
			       .day = 20787,
			       .shift_s = 3 * 3600 };

	memset(k.key, 0x11, sizeof(k.key));
	memset(k.wrap, 0x22, sizeof(k.wrap));
	return k;
}

static void days_begin_with_the_shift(void **state)
{
	const int64_t midnight = 20787 * 86400LL;

	(void)state;
	assert_int_equal(city_day(midnight, 0), 20787);
	assert_int_equal(city_day(midnight - 1, 0), 20786);
	assert_int_equal(city_day(midnight + 3 * 3600 - 1, 3 * 3600), 20786);
	assert_int_equal(city_day(midnight + 3 * 3600, 3 * 3600), 20787);
	assert_int_equal(city_day_start(20787, 3 * 3600), midnight + 3 * 3600);
	assert_int_equal(city_day(0, 3 * 3600), 0);
	assert_int_equal(city_day(-5, 0), 0);
}

/* The same key whether the box was awake each day or slept for weeks. */
static void weeks_asleep(void **state)
{
	struct city_keys a = some_keys(), b = a;
	uint8_t once[SHA256_SIZE];

	(void)state;
	hmac_sha256(a.key, sizeof(a.key), "next\0", 5, once);
	for (uint32_t day = 20788; day <= 20787 + 21; day++)
		assert_true(city_keys_advance(&a, day));
	assert_true(city_keys_advance(&b, 20787 + 21));
	assert_memory_equal(a.key, b.key, sizeof(a.key));
	assert_int_equal(a.day, 20787 + 21);
	assert_memory_equal(a.wrap, b.wrap, sizeof(a.wrap));
	b = some_keys();
	assert_true(city_keys_advance(&b, 20788));
	assert_memory_equal(b.key, once, sizeof(b.key));
}

static void no_way_back(void **state)
{
	struct city_keys k = some_keys(), before = k;

	(void)state;
	assert_false(city_keys_advance(&k, 20786));
	assert_memory_equal(&k, &before, sizeof(k));
	assert_true(city_keys_advance(&k, 20787));
	assert_memory_equal(&k, &before, sizeof(k));
}

static void the_file_comes_back(void **state)
{
	char dir[] = "/tmp/stadttor-keys-XXXXXX", path[64], fresh[72];
	struct city_keys k = some_keys(), found = { 0 };
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/keys", dir);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	assert_int_equal(city_keys_read(path, &found), -ENOENT);
	assert_int_equal(symlink("/dev/null", fresh), 0); /* left by somebody */
	assert_int_equal(city_keys_write(path, &k, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, CITY_KEYS_SIZE);
	assert_int_equal(access(fresh, F_OK), -1);
	assert_int_equal(city_keys_read(path, &found), 0);
	assert_memory_equal(&found, &k, sizeof(k));
	k.day++;
	assert_int_equal(city_keys_write(path, &k, NULL), 0);
	assert_int_equal(city_keys_read(path, &found), 0);
	assert_int_equal(found.day, k.day);
	unlink(path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(city_keys_read(path, &found), -ELOOP);
	unlink(path);
	rmdir(dir);
	assert_int_equal(city_keys_write(path, &k, NULL), -ENOENT);
}

/* Each bit that flips, each byte that is missing or too many. */
static void damage_is_seen(void **state)
{
	uint8_t bytes[CITY_KEYS_SIZE + 1] = { 0 };
	struct city_keys k = some_keys();

	(void)state;
	city_keys_build(&k, bytes);
	assert_true(city_keys_parse(bytes, CITY_KEYS_SIZE, &k));
	for (size_t i = 0; i < 8 * CITY_KEYS_SIZE; i++) {
		bytes[i / 8] ^= (uint8_t)(1U << i % 8);
		assert_false(city_keys_parse(bytes, CITY_KEYS_SIZE, &k));
		bytes[i / 8] ^= (uint8_t)(1U << i % 8);
	}
	for (size_t len = 0; len < CITY_KEYS_SIZE; len++)
		assert_false(city_keys_parse(bytes, len, &k));
	assert_false(city_keys_parse(bytes, CITY_KEYS_SIZE + 1, &k));
	k.shift_s = CITY_SHIFT_MAX_S + 1;
	city_keys_build(&k, bytes);
	assert_false(city_keys_parse(bytes, CITY_KEYS_SIZE, &k));
}

static void a_new_generation(void **state)
{
	struct city_keys k = some_keys(), other = k, before = k;
	struct city_wrapped_key w = { .generation = 8, .day = 20790 };
	uint8_t fresh[CITY_KEY_SIZE], next_wrap[CITY_KEY_SIZE];

	(void)state;
	memset(fresh, 0x33, sizeof(fresh));
	city_key_wrap(k.wrap, fresh, &w);
	assert_memory_not_equal(w.ct, fresh, sizeof(fresh));
	other.wrap[0] ^= 1; /* another box */
	assert_false(city_keys_unwrap(&other, &w));
	memcpy(next_wrap, k.wrap, sizeof(next_wrap));
	city_key_next(next_wrap);
	assert_true(city_keys_unwrap(&k, &w));
	assert_memory_equal(k.key, fresh, sizeof(fresh));
	assert_memory_equal(k.wrap, next_wrap, sizeof(next_wrap));
	assert_int_equal(k.generation, 8);
	assert_int_equal(k.day, 20790);
	before = k;
	assert_false(city_keys_unwrap(&k, &w)); /* again */
	assert_memory_equal(&k, &before, sizeof(k));
}

/* Off while boxes were removed: the newest key alone is in the store. */
static void several_generations_at_once(void **state)
{
	(void)state;
	for (uint8_t ahead = 1; ahead <= CITY_GENERATIONS_MAX + 1; ahead++) {
		struct city_keys k = some_keys();
		struct city_wrapped_key w = {
			.generation = (uint8_t)(k.generation + ahead),
			.day = 20790
		};
		uint8_t fresh[CITY_KEY_SIZE] = { 1 }, wrap[CITY_KEY_SIZE];

		memcpy(wrap, k.wrap, sizeof(wrap));
		for (uint8_t i = 1; i < ahead; i++)
			city_key_next(wrap);
		city_key_wrap(wrap, fresh, &w);
		assert_int_equal(city_keys_unwrap(&k, &w),
				 ahead <= CITY_GENERATIONS_MAX);
		if (ahead > CITY_GENERATIONS_MAX)
			continue;
		city_key_next(wrap);
		assert_memory_equal(k.wrap, wrap, sizeof(wrap));
		assert_memory_equal(k.key, fresh, sizeof(fresh));
		assert_int_equal(k.generation, w.generation);
	}
}

static void forged_generations(void **state)
{
	struct city_wrapped_key w = { .generation = 8, .day = 20790 };
	struct city_keys k = some_keys(), before = k;
	uint8_t fresh[CITY_KEY_SIZE] = { 1 };

	(void)state;
	city_key_wrap(k.wrap, fresh, &w);
	for (size_t i = 0; i < sizeof(w.ct); i++) {
		w.ct[i] ^= 1;
		assert_false(city_keys_unwrap(&k, &w));
		w.ct[i] ^= 1;
	}
	for (size_t i = 0; i < sizeof(w.tag); i++) {
		w.tag[i] ^= 1;
		assert_false(city_keys_unwrap(&k, &w));
		w.tag[i] ^= 1;
	}
	w.day++;
	assert_false(city_keys_unwrap(&k, &w));
	w.day--;
	w.generation = 9; /* by the W of the one before */
	city_key_wrap(k.wrap, fresh, &w);
	assert_false(city_keys_unwrap(&k, &w));
	assert_memory_equal(&k, &before, sizeof(k));
	k.generation = 255; /* and round */
	w.generation = 0;
	city_key_wrap(k.wrap, fresh, &w);
	assert_true(city_keys_unwrap(&k, &w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(days_begin_with_the_shift),
		cmocka_unit_test(weeks_asleep),
		cmocka_unit_test(no_way_back),
		cmocka_unit_test(the_file_comes_back),
		cmocka_unit_test(damage_is_seen),
		cmocka_unit_test(a_new_generation),
		cmocka_unit_test(several_generations_at_once),
		cmocka_unit_test(forged_generations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
