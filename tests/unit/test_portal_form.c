/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "portal/http/form.h"

static const struct {
	const char *body;
	bool is_fine;
	const char *terms; /* NULL: no such field */
} cases[] = {
	{ "", true, NULL },
	{ "terms=1", true, "1" },
	{ "&&terms=1&", true, "1" },
	{ "terms", true, "" },
	{ "terms=", true, "" },
	{ "=1", true, NULL },
	{ "%74erms=%31", true, "1" },
	{ "terms=a+b%2B", true, "a b+" },
	{ "terms=1=2", true, "1=2" },
	{ "terms=1&terms=2", true, "1" },
	{ "lang=de&terms=1", true, "1" },
	{ "Terms=1", true, NULL },
	{ "terms=%", false, NULL },
	{ "terms=%1", false, NULL },
	{ "terms=%g1", false, NULL },
	{ "terms=%00", false, NULL },
	{ "terms=1%0a%09", true, "1\n\t" },
	{ "a&b&c&d&e&f&g&h", true, NULL },
	{ "a&b&c&d&e&f&g&h&i", false, NULL },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = strlen(cases[i].body);
		char *exact = malloc(len ? len : 1);
		struct form f;
		const char *terms;

		assert_non_null(exact);
		memcpy(exact, cases[i].body, len);
		if (form_parse(&f, exact, len) != cases[i].is_fine)
			fail_msg("verdict on %s", cases[i].body);
		free(exact);
		if (!cases[i].is_fine)
			continue;
		terms = form_find(&f, "terms");
		if (!terms != !cases[i].terms ||
		    (terms && strcmp(terms, cases[i].terms)))
			fail_msg("terms of %s", cases[i].body);
	}
}

/* As much as a request can bring, in one field or in all of them. */
static void test_long(void **state)
{
	static char body[REQUEST_BODY_MAX + 2];
	struct form f;

	(void)state;
	memset(body, 'x', sizeof(body) - 1);
	body[1] = '=';
	assert_true(form_parse(&f, body, REQUEST_BODY_MAX));
	assert_int_equal(strlen(form_find(&f, "x")), REQUEST_BODY_MAX - 2);
	assert_false(form_parse(&f, body, REQUEST_BODY_MAX + 1));
	for (size_t i = 1; i < FORM_FIELDS; i++)
		body[i * 100] = '&';
	assert_true(form_parse(&f, body, REQUEST_BODY_MAX));
	assert_int_equal(f.count, FORM_FIELDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
