/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <libnftnl/udata.h>

#include "netctl/session/elements.h"

#define OLD_LEN 64 /* of the version before tags */

static const struct session whole = {
	.slot = 4711,
	.reduced = true,
	.handle = 0x0123456789abcdef,
	.granted_ms = 98765,
	.limits = { 3600, 600, IPC_UNLIMITED, 5000000, 1000000 },
	.tag = 0xfedcba9876543210,
	.terms = 65535,
};

/* What netctl finds in the kernel after a restart. */
static struct element element_of(const void *user_data, size_t len)
{
	return (struct element){
		.mac = { { 2, 0, 0, 0, 0, 7 } },
		.packets = 3,
		.bytes = 300,
		.left_ms = 5000,
		.user_data = user_data,
		.user_data_len = len,
	};
}

static void assert_same(const struct session *a, const struct session *b)
{
	assert_int_equal(a->slot, b->slot);
	assert_int_equal(a->reduced, b->reduced);
	assert_true(a->handle == b->handle);
	assert_true(a->granted_ms == b->granted_ms);
	assert_memory_equal(&a->limits, &b->limits, sizeof(a->limits));
}

static void test_round_trip(void **state)
{
	unsigned char bytes[ELEMENTS_USER_DATA_MAX];
	struct element e = element_of(bytes, elements_build(&whole, bytes));
	struct session s = { 0 };

	(void)state;
	assert_true(elements_parse(&e, 1000, &s));
	assert_same(&s, &whole);
	assert_true(s.tag == whole.tag);
	assert_int_equal(s.terms, whole.terms);
	assert_memory_equal(&s.mac, &e.mac, sizeof(s.mac));
	assert_int_equal(s.ends_ms, 6000);
	assert_int_equal(s.up_packets, 3);
	assert_int_equal(s.up_bytes, 300);
	e.left_ms = UINT64_MAX;
	assert_true(elements_parse(&e, 1000, &s));
	assert_true(s.ends_ms == UINT64_MAX);
}

/* Other types have a meaning for nft, which would print them. */
static void test_is_one_attribute_unknown_to_nft(void **state)
{
	unsigned char bytes[ELEMENTS_USER_DATA_MAX];
	size_t len = elements_build(&whole, bytes);

	(void)state;
	assert_true(bytes[0] > NFTNL_UDATA_SET_ELEM_MAX);
	assert_int_equal(bytes[1], len - 2);
}

static void put(unsigned char *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
}

/* Byte for byte as the version before wrote it. */
static void build_old(unsigned char bytes[OLD_LEN])
{
	const uint64_t limits[5] = { 3600, 600, IPC_UNLIMITED, 5000000,
				     1000000 };
	const uint16_t slot = 4711;

	memset(bytes, 0, OLD_LEN);
	bytes[0] = 1; /* its version */
	bytes[1] = 1; /* reduced */
	memcpy(bytes + 2, &slot, sizeof(slot));
	put(bytes + 8, 0x0123456789abcdef);
	put(bytes + 16, 98765);
	for (size_t i = 0; i < 5; i++)
		put(bytes + 24 + 8 * i, limits[i]);
}

static void test_version_before_is_adopted(void **state)
{
	unsigned char bytes[OLD_LEN];
	struct element e = element_of(bytes, sizeof(bytes));
	struct session s = { .tag = 1, .terms = 1 };

	(void)state;
	build_old(bytes);
	assert_true(elements_parse(&e, 1000, &s));
	assert_same(&s, &whole);
	assert_true(s.tag == 0);
	assert_int_equal(s.terms, 0);
	assert_int_equal(s.ends_ms, 6000);
}

/* A stranger's element, or one of a version to come. */
static void test_others_are_not_adopted(void **state)
{
	unsigned char now[ELEMENTS_USER_DATA_MAX + 1] = { 0 };
	unsigned char old[ELEMENTS_USER_DATA_MAX + 1] = { 0 };
	size_t len = elements_build(&whole, now);
	struct element e = element_of(now, 0);
	struct session s = { 0 };

	(void)state;
	build_old(old);
	for (size_t i = 0; i < sizeof(now); i++) {
		e.user_data_len = i;
		e.user_data = now;
		assert_int_equal(elements_parse(&e, 0, &s), i == len);
		e.user_data = old;
		assert_int_equal(elements_parse(&e, 0, &s), i == OLD_LEN);
	}
	e = element_of(now, len);
	for (unsigned int i = 0; i < 256; i++) {
		now[2] = (unsigned char)i; /* the version */
		assert_int_equal(elements_parse(&e, 0, &s), i == 2);
		now[2] = 2;
		old[0] = (unsigned char)i;
		e = element_of(old, OLD_LEN);
		assert_int_equal(elements_parse(&e, 0, &s), i == 1);
		e = element_of(now, len);
	}
	now[0]++;
	assert_false(elements_parse(&e, 0, &s));
	now[0]--;
	memset(now + 8, 0, 8); /* no handle */
	assert_false(elements_parse(&e, 0, &s));
	e.user_data = NULL;
	assert_false(elements_parse(&e, 0, &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_is_one_attribute_unknown_to_nft),
		cmocka_unit_test(test_version_before_is_adopted),
		cmocka_unit_test(test_others_are_not_adopted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
