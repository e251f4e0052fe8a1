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
#include "common/similar.h"
#include "common/text.h"

static const struct {
	const char *text;
	bool is_plain;
	const char *shown; /* NULL: as it is */
} texts[] = {
	{ "", true, NULL },
	{ "Bochum", true, NULL },
	{ "Köln, Łódź, İzmir, Київ, العربية, 中文, 🏰", true, NULL },
	{ "\u200e\u061c", true, "<U+200E>\u061c" }, /* marks */
	{ "\u2018a\u2019", true, "<U+2018>a<U+2019>" },
	{ "\u201ea\u201c", true, "<U+201E>a<U+201C>" },
	{ "a\u00a0b\u3000", true, "a<U+00A0>b<U+3000>" },
	{ "\ufeffconfig", true, "<U+FEFF>config" },
	{ "a\u2013b\u00ad", true, "a<U+2013>b<U+00AD>" },
	{ "a\tb", false, "a?b" },
	{ "\x7f", false, "?" },
	{ "\xc2\x85", false, "??" },		    /* C1 */
	{ "\u202e.", false, "<U+202E>." },	    /* override */
	{ "\u202a", false, "<U+202A>" },	    /* embedding */
	{ "\u2066", false, "<U+2066>" },	    /* isolate */
	{ "\u2069", false, "<U+2069>" },	    /* its end */
	{ "\u2029", false, "<U+2029>" },	    /* paragraph */
	{ "\xe2\x80", false, "??" },		    /* cut */
	{ "\xf6l", false, "?l" },		    /* Latin-1 */
	{ "\x80", false, "?" },			    /* continuation */
	{ "\xc0\xaf", false, "??" },		    /* overlong */
	{ "\xe0\x80\xaf", false, "???" },	    /* overlong */
	{ "\xed\xa0\x80", false, "???" },	    /* surrogate */
	{ "\xf4\x90\x80\x80", false, "????" },	    /* beyond Unicode */
	{ "\xf8\x88\x80\x80\x80", false, "?????" }, /* no such form */
	{ "ok \xff ok", false, "ok ? ok" },
};

static void test_plain(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *shown =
			texts[i].shown ? texts[i].shown : texts[i].text;
		char copy[128];

		assert_int_equal(text_is_plain(texts[i].text),
				 texts[i].is_plain);
		snprintf(copy, sizeof(copy), "%s", texts[i].text);
		text_show(copy, sizeof(copy));
		assert_string_equal(copy, shown);
		assert_true(text_is_plain(copy));
	}
}

/* What becomes longer is cut between two characters. */
static void test_no_room(void **state)
{
	char text[12] = "ab\u00a0\u00a0";

	(void)state;
	text_show(text, 11);
	assert_string_equal(text, "ab<U+00A0>");
	text_show(text, 10);
	assert_string_equal(text, "ab<U+00A0");
}

static const struct {
	const char *word, *meant; /* NULL: nothing is near */
} near_misses[] = {
	{ "ratedown", "rate_down" },
	{ "rate-down", "rate_down" },
	{ "rate_donw", "rate_down" },
	{ "RATE_DOWN", "rate_down" },
	{ "rates_down", "rate_down" },
	{ "rate_dwn", "rate_down" },
	{ "rat_dwon", "rate_down" },
	{ "durations", "duration" },
	{ "duration", "duration" },
	{ "speed", NULL },
	{ "down", NULL },
	{ "", NULL },
	{ "x", NULL },
	{ "rate_down_of_all_the_devices_there_are", NULL },
};

static void test_near_misses(void **state)
{
	static const char *const words[] = { "device", "duration", "rate_up",
					     "rate_down", "quota" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(near_misses); i++) {
		struct similar s = similar_to(near_misses[i].word);
		char question[SIMILAR_QUESTION_MAX], wanted[64] = "";

		for (size_t w = 0; w < ARRAY_SIZE(words); w++)
			similar_offer(&s, words[w]);
		if (near_misses[i].meant)
			snprintf(wanted, sizeof(wanted), "; did you mean %s?",
				 near_misses[i].meant);
		assert_string_equal(similar_question(&s, question), wanted);
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
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_near_misses),
		cmocka_unit_test(test_contrast),
		cmocka_unit_test(test_colour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
