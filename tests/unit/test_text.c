/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/array.h"
#include "common/colour.h"
#include "common/text.h"

static const struct {
	const char *text;
	const char *cleaned; /* NULL: it is plain */
} texts[] = {
	{ "", NULL },
	{ "Bochum", NULL },
	{ "Köln, Łódź, İzmir, Київ, العربية, 中文, 🏰", NULL },
	{ "\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", NULL }, /* marks */
	{ "a\tb", "a?b" },
	{ "\x7f", "?" },
	{ "\xc2\x85", "??" },		     /* C1 */
	{ "\xe2\x80\xae.", "???." },	     /* override */
	{ "\xe2\x80\xaa", "???" },	     /* embedding */
	{ "\xe2\x81\xa6", "???" },	     /* isolate */
	{ "\xe2\x81\xa9", "???" },	     /* its end */
	{ "\xe2\x80\xa9", "???" },	     /* paragraph */
	{ "\xe2\x80", "??" },		     /* cut */
	{ "\xf6l", "?l" },		     /* Latin-1 */
	{ "\x80", "?" },		     /* continuation */
	{ "\xc0\xaf", "??" },		     /* overlong */
	{ "\xe0\x80\xaf", "???" },	     /* overlong */
	{ "\xed\xa0\x80", "???" },	     /* surrogate */
	{ "\xf4\x90\x80\x80", "????" },	     /* beyond Unicode */
	{ "\xf8\x88\x80\x80\x80", "?????" }, /* no such form */
	{ "ok \xff ok", "ok ? ok" },
};

static void test_plain(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char copy[128];

		if (text_is_plain(texts[i].text) == (texts[i].cleaned != NULL))
			fail_msg("text %zu", i);
		snprintf(copy, sizeof(copy), "%s", texts[i].text);
		text_clean(copy);
		assert_string_equal(copy, texts[i].cleaned ? texts[i].cleaned
							   : texts[i].text);
		assert_true(text_is_plain(copy));
	}
}

/* The examples of WCAG's own tools. */
static void test_contrast(void **state)
{
	(void)state;
	assert_true(fabs(colour_contrast("#ffffff", "#000000") - 21) < 0.001);
	assert_true(fabs(colour_contrast("#777777", "#ffffff") - 4.478) < 0.01);
	assert_true(fabs(colour_contrast("#ffffff", "#767676") - 4.542) < 0.01);
	assert_true(fabs(colour_contrast("#ff0000", "#ffffff") - 3.998) < 0.01);
	assert_string_equal(colour_of_text_on("#ffcc00"), "#000000");
	assert_string_equal(colour_of_text_on("#0a5a61"), "#ffffff");
	for (unsigned int grey = 0; grey < 256; grey++) {
		char colour[8];

		snprintf(colour, sizeof(colour), "#%02x%02x%02x", grey, grey,
			 grey);
		assert_true(
			colour_contrast(colour, colour_of_text_on(colour)) >=
			COLOUR_CONTRAST_MIN);
	}
}

static void test_colour(void **state)
{
	(void)state;
	assert_true(colour_is_valid("#0a5A61"));
	assert_false(colour_is_valid("#0a5a6"));
	assert_false(colour_is_valid("#0a5a611"));
	assert_false(colour_is_valid("#0a5a6g"));
	assert_false(colour_is_valid("0a5a611"));
	assert_false(colour_is_valid(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_contrast),
		cmocka_unit_test(test_colour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
