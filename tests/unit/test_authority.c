/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "common/array.h"
#include "common/authority.h"

static void hosts(void **state)
{
	static const struct {
		const char *text, *host; /* NULL: it has none */
	} cases[] = {
		{ "example.org", "example.org" },
		{ "example.org:8080", "example.org" },
		{ "example.org:", "example.org" }, /* RFC 3986: *DIGIT */
		{ "192.0.2.1:80", "192.0.2.1" },
		{ "[2001:db8::1]", "2001:db8::1" },
		{ "[2001:db8::1]:2080", "2001:db8::1" },
		{ "", NULL },
		{ ":80", NULL },
		{ "[]", NULL },
		{ "[2001:db8::1", NULL },
		{ "[2001:db8::1]80", NULL },
		{ "2001:db8::1", NULL }, /* an address has brackets */
		{ "example.org:80x", NULL },
		{ "example.org:-1", NULL },
		{ "example.org:80:80", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *text = cases[i].text, *want = cases[i].host;
		const char *host = NULL;
		size_t len = authority_host(text, strlen(text), &host);

		assert_int_equal(len, want ? strlen(want) : 0);
		if (want)
			assert_memory_equal(host, want, len);
	}
}

static void no_further_than_the_length(void **state)
{
	const char *host;

	(void)state;
	assert_int_equal(authority_host("abc:80/x:y", 6, &host), 3);
	assert_int_equal(authority_host("abc:80/x:y", 2, &host), 2);
	assert_int_equal(authority_host("[::1]", 4, &host), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts),
		cmocka_unit_test(no_further_than_the_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
