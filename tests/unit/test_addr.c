/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "common/addr.h"
#include "common/array.h"

static void parse_accepts(void **state)
{
	static const struct {
		const char *text, *canonical;
		int family;
		size_t len;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1", AF_INET, 4 },
		{ "0.0.0.0", "0.0.0.0", AF_INET, 4 },
		{ "255.255.255.255", "255.255.255.255", AF_INET, 4 },
		{ "2001:db8::1", "2001:db8::1", AF_INET6, 16 },
		{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1", AF_INET6, 16 },
		{ "::", "::", AF_INET6, 16 },
		{ "fe80::1", "fe80::1", AF_INET6, 16 },
	};
	char text[ADDR_TEXT_MAX];
	struct addr a;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_true(addr_parse(&a, cases[i].text));
		assert_int_equal(a.family, cases[i].family);
		assert_int_equal(addr_len(&a), cases[i].len);
		assert_int_equal(a.ifindex, 0);
		assert_string_equal(addr_to_string(&a, text),
				    cases[i].canonical);
	}
}

static void parse_refuses(void **state)
{
	static const char *const cases[] = {
		"",	      " ",	    "192.0.2",	   "192.0.2.256",
		"192.0.2.1 ", " 192.0.2.1", "192.0.2.01",  "192.0.2.1/24",
		"1.2.3.4.5",  ":::",	    "2001:db8::g", "fe80::1%lo",
		"localhost",  "0x7f000001",
	};
	const struct addr before = { .family = AF_INET, .byte = { 9 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct addr a = before;

		if (addr_parse(&a, cases[i]))
			fail_msg("'%s' was taken", cases[i]);
		assert_memory_equal(&a, &before, sizeof(a));
	}
}

static void prefix_table(void **state)
{
	static const struct {
		const char *text;
		bool good;
		unsigned int prefix;
	} cases[] = {
		{ "192.0.2.0/24", true, 24 },
		{ "192.0.2.1", true, 32 },
		{ "192.0.2.1/32", true, 32 },
		{ "0.0.0.0/0", true, 0 },
		{ "10.128.0.0/9", true, 9 },
		{ "2001:db8::/32", true, 32 },
		{ "2001:db8::1", true, 128 },
		{ "::/0", true, 0 },
		{ "192.0.2.1/24", false, 0 },
		{ "10.128.0.0/8", false, 0 },
		{ "2001:db8::1/127", false, 0 },
		{ "192.0.2.0/33", false, 0 },
		{ "2001:db8::/129", false, 0 },
		{ "192.0.2.0/", false, 0 },
		{ "192.0.2.0/-1", false, 0 },
		{ "192.0.2.0/+1", false, 0 },
		{ "192.0.2.0/ 24", false, 0 },
		{ "192.0.2.0/24 ", false, 0 },
		{ "192.0.2.0/24/24", false, 0 },
		{ "192.0.2.0/99999999999999999999999", false, 0 },
		{ "192.0.2.0/4294967320", false, 0 },
		{ "/24", false, 0 },
		{ "", false, 0 },
		{ "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000/8",
		  false, 0 },
	};
	const struct addr before = { .family = AF_INET, .byte = { 9 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct addr a = before;
		unsigned int prefix = 77;

		if (addr_parse_prefix(&a, &prefix, cases[i].text) !=
		    cases[i].good)
			fail_msg("'%s'", cases[i].text);
		assert_int_equal(prefix, cases[i].good ? cases[i].prefix : 77);
		if (!cases[i].good)
			assert_memory_equal(&a, &before, sizeof(a));
	}
}

static void sockaddr_table(void **state)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr other = { .sa_family = AF_UNIX };
	char text[ADDR_TEXT_MAX];
	struct addr a, b;

	(void)state;
	inet_pton(AF_INET, "192.0.2.7", &four.sin_addr);
	assert_true(addr_from_sockaddr(&a, (struct sockaddr *)&four));
	assert_string_equal(addr_to_string(&a, text), "192.0.2.7");

	inet_pton(AF_INET6, "::ffff:192.0.2.7", &six.sin6_addr);
	assert_true(addr_from_sockaddr(&b, (struct sockaddr *)&six));
	assert_true(addr_equal(&a, &b));

	inet_pton(AF_INET6, "fe80::7", &six.sin6_addr);
	six.sin6_scope_id = 3;
	assert_true(addr_from_sockaddr(&a, (struct sockaddr *)&six));
	assert_string_equal(addr_to_string(&a, text), "fe80::7");
	assert_int_equal(a.ifindex, 3);
	assert_false(addr_equal(&a, &b));

	assert_false(addr_from_sockaddr(&a, &other));
	assert_int_equal(addr_len(&a), 0);
	assert_string_equal(addr_to_string(&a, text), "none");
}

static void equal_looks_at_the_length(void **state)
{
	struct addr a, b;

	(void)state;
	assert_true(addr_parse(&a, "192.0.2.7"));
	b = a;
	b.byte[4] = 1; /* behind the address */
	assert_true(addr_equal(&a, &b));
	b.byte[3]++;
	assert_false(addr_equal(&a, &b));
}

static void within(void **state)
{
	static const struct {
		const char *address, *net;
		unsigned int prefix;
		bool is_within;
	} cases[] = {
		{ "192.0.2.7", "192.0.2.0", 24, true },
		{ "192.0.3.7", "192.0.2.0", 24, false },
		{ "192.0.3.7", "192.0.2.0", 23, true },
		{ "192.0.2.7", "192.0.2.7", 32, true },
		{ "192.0.2.7", "192.0.2.6", 32, false },
		{ "192.0.2.7", "192.0.2.6", 31, true },
		{ "192.0.2.7", "0.0.0.0", 0, true },
		{ "2001:db8:1::7", "2001:db8::", 47, true },
		{ "2001:db8:2::7", "2001:db8::", 47, false },
		{ "::c000:207", "192.0.2.0", 0, false }, /* another family */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct addr a, net;

		assert_true(addr_parse(&a, cases[i].address));
		assert_true(addr_parse(&net, cases[i].net));
		assert_int_equal(addr_is_within(&a, &net, cases[i].prefix),
				 cases[i].is_within);
	}
}

static void mac_text(void **state)
{
	const struct mac m = { { 0x02, 0x00, 0xab, 0xcd, 0xef, 0x0f } };
	char text[ADDR_TEXT_MAX];

	(void)state;
	assert_string_equal(mac_to_string(&m, text), "02:00:ab:cd:ef:0f");
}

static void network(void **state)
{
	static const struct {
		const char *text;
		unsigned int prefix;
		const char *net;
	} cases[] = {
		{ "192.0.2.77", 24, "192.0.2.0" },
		{ "192.0.2.77", 32, "192.0.2.77" },
		{ "192.0.2.77", 31, "192.0.2.76" },
		{ "192.0.2.77", 25, "192.0.2.0" },
		{ "192.0.2.200", 25, "192.0.2.128" },
		{ "255.255.255.255", 1, "128.0.0.0" },
		{ "255.255.255.255", 0, "0.0.0.0" },
		{ "2001:db8:1::77", 64, "2001:db8:1::" },
		{ "2001:db8:1::77", 127, "2001:db8:1::76" },
		{ "ffff::ffff", 3, "e000::" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[ADDR_TEXT_MAX];
		struct addr a;

		assert_true(addr_parse(&a, cases[i].text));
		a = addr_network(&a, cases[i].prefix);
		assert_string_equal(addr_to_string(&a, text), cases[i].net);
	}
}

static void mac_parse(void **state)
{
	static const struct mac expected = { { 2, 0, 0xab, 0xcd, 0xef, 15 } };
	static const char *const good[] = {
		"02:00:ab:cd:ef:0f",
		"02-00-AB-CD-EF-0F",
		"0200.abcd.ef0f",
		"0200abCDef0F",
	};
	static const char *const bad[] = {
		"",
		"02:00:ab:cd:ef",
		"02:00:ab:cd:ef:0",
		"02:00:ab:cd:ef:0f:",
		"02:00-ab:cd:ef:0f",
		"0200:abcd:ef0f",
		"02.00.ab.cd.ef.0f",
		"02:00:ab:cd:ef:0g",
		"0200abcdef0",
		"0200abcdef0f0",
		":2:00:ab:cd:ef:0f",
		"0200.abcd-ef0f",
	};
	struct mac m = { { 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		memset(&m, 0, sizeof(m));
		assert_true(mac_parse_part(&m, good[i], strlen(good[i])));
		assert_memory_equal(&m, &expected, sizeof(m));
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (mac_parse_part(&m, bad[i], strlen(bad[i])))
			fail_msg("%s", bad[i]);
	assert_memory_equal(&m, &expected, sizeof(m)); /* untouched */
}

static void mac_of_a_device(void **state)
{
	static const struct {
		struct mac mac;
		bool is_device;
	} cases[] = {
		{ { { 2, 0, 0, 0, 0, 1 } }, true },
		{ { { 0, 0, 0, 0, 0, 1 } }, true },
		{ { { 0 } }, false },
		{ { { 1, 0, 0x5e, 0, 0, 1 } }, false },
		{ { { 255, 255, 255, 255, 255, 255 } }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(mac_is_device(&cases[i].mac),
				 cases[i].is_device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_accepts),
		cmocka_unit_test(parse_refuses),
		cmocka_unit_test(prefix_table),
		cmocka_unit_test(sockaddr_table),
		cmocka_unit_test(equal_looks_at_the_length),
		cmocka_unit_test(within),
		cmocka_unit_test(network),
		cmocka_unit_test(mac_text),
		cmocka_unit_test(mac_parse),
		cmocka_unit_test(mac_of_a_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
