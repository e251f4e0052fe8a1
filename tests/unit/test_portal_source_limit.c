/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/array.h"
#include "common/siphash.h"
#include "portal/http/source_limit.h"

static struct addr address(const char *text)
{
	struct addr a;

	assert_true(addr_parse(&a, text));
	return a;
}

/* The first values of the reference implementation of SipHash-2-4. */
static void test_hash(void **state)
{
	static const uint64_t key[2] = { 0x0706050403020100,
					 0x0f0e0d0c0b0a0908 };
	uint8_t bytes[16];

	(void)state;
	for (uint8_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = i;
	assert_true(siphash(key, bytes, 0) == 0x726fdb47dd0e0e31);
	assert_true(siphash(key, bytes, 1) == 0x74f839c593dc67fd);
	assert_true(siphash(key, bytes, 8) == 0x93f5f5799a932462);
	assert_true(siphash(key, bytes, 15) == 0xa129ca6149be45e5);
}

static void test_share(void **state)
{
	struct source_limit *l = source_limit_new(SOURCE_ADDRESS, 2);
	struct addr a = address("192.0.2.1"), b = address("2001:db8::1");
	struct source_limit_share s[4] = { 0 };

	(void)state;
	assert_non_null(l);
	assert_true(source_limit_take(l, &a, &s[0]));
	assert_true(source_limit_take(l, &a, &s[1]));
	assert_false(source_limit_take(l, &a, &s[2]));
	assert_true(source_limit_take(l, &b, &s[3]));
	source_limit_give(l, &s[2]); /* it got nothing */
	assert_false(source_limit_take(l, &a, &s[2]));
	source_limit_give(l, &s[0]);
	source_limit_give(l, &s[0]);
	assert_true(source_limit_take(l, &a, &s[2]));
	assert_false(source_limit_take(l, &a, &s[0]));
	source_limit_set_max(l, 3);
	assert_true(source_limit_take(l, &a, &s[0]));
	source_limit_free(l);
}

static void test_sites(void **state)
{
	static const struct {
		const char *address;
		bool has_room_alone, has_room_at_site;
	} cases[] = {
		{ "2001:db8:1:2::7", false, false },
		{ "2001:db8:1:2:ffff:1:2:3", true, false },
		{ "2001:db8:1:3::7", true, true },
		{ "192.0.2.1", false, false },
		{ "192.0.2.2", true, true },
	};
	struct source_limit *alone = source_limit_new(SOURCE_ADDRESS, 1);
	struct source_limit *site = source_limit_new(SOURCE_SITE, 1);
	struct addr first[] = { address("2001:db8:1:2::7"),
				address("192.0.2.1") };
	struct source_limit_share s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		assert_true(source_limit_take(alone, &first[i], &s));
		assert_true(source_limit_take(site, &first[i], &s));
	}
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct addr a = address(cases[i].address);

		assert_int_equal(source_limit_take(alone, &a, &s),
				 cases[i].has_room_alone);
		assert_int_equal(source_limit_take(site, &a, &s),
				 cases[i].has_room_at_site);
	}
	source_limit_free(alone);
	source_limit_free(site);
}

/* A thousand busy devices do not get in the way of the next one. */
static void test_crowd(void **state)
{
	struct source_limit *l = source_limit_new(SOURCE_ADDRESS, 4);
	struct source_limit_share s;
	unsigned int refused = 0;

	(void)state;
	assert_non_null(l);
	for (unsigned int i = 0; i < 4000; i++) {
		struct addr a = address("10.0.0.0");

		a.byte[2] = (uint8_t)(i / 4 >> 8);
		a.byte[3] = (uint8_t)(i / 4);
		refused += !source_limit_take(l, &a, &s);
	}
	assert_true(refused < 400);
	source_limit_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_sites),
		cmocka_unit_test(test_crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
