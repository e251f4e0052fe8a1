/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/array.h"
#include "portal/voucher/voucher_code.h"

#define SYMBOLS	  25
#define TYPED_MAX 512
/* Its second half and "https" have the form of a code. */
#define ONE_CODE "7K3P3M4W2K"
#define ANOTHER	 "CDFGH2345F"

/* Any valid code with these two symbols there; does not use how it is done. */
static void find_code(char code[VOUCHER_CODE_MAX], size_t at, char a,
		      size_t then, char b)
{
	size_t free_one = 0;
	char out[VOUCHER_CODE_MAX];

	assert_int_equal(voucher_code_make(code), 0);
	code[at] = a;
	code[then] = b;
	while (free_one == at || free_one == then)
		free_one++;
	for (size_t i = 0; i < SYMBOLS; i++) {
		code[free_one] = code_alphabet[i];
		if (voucher_code_find(code, out))
			return;
	}
	fail_msg("there is no code with %c and %c at %zu and %zu", a, b, at,
		 then);
}

static bool is_code(const char *text)
{
	char out[VOUCHER_CODE_MAX];

	return voucher_code_find(text, out);
}

static void test_every_substitution(void **state)
{
	char code[VOUCHER_CODE_MAX];

	(void)state;
	for (size_t at = 0; at < VOUCHER_CODE_SYMBOLS; at++)
		for (size_t a = 0; a < SYMBOLS; a++) {
			find_code(code, at, code_alphabet[a], at,
				  code_alphabet[a]);
			assert_true(is_code(code));
			for (size_t b = 0; b < SYMBOLS; b++) {
				code[at] = code_alphabet[b];
				assert_int_equal(is_code(code), a == b);
			}
		}
}

/* Neighbours, and symbols with one between them. */
static void test_every_transposition(void **state)
{
	char code[VOUCHER_CODE_MAX];

	(void)state;
	for (size_t apart = 1; apart <= 2; apart++)
		for (size_t at = 0; at + apart < VOUCHER_CODE_SYMBOLS; at++)
			for (size_t n = 0; n < SYMBOLS * SYMBOLS; n++) {
				char a = code_alphabet[n / SYMBOLS];
				char b = code_alphabet[n % SYMBOLS];

				find_code(code, at, a, at + apart, b);
				assert_true(is_code(code));
				code[at] = b;
				code[at + apart] = a;
				assert_int_equal(is_code(code), a == b);
			}
}

static void test_length(void **state)
{
	char code[VOUCHER_CODE_MAX], longer[VOUCHER_CODE_MAX + 1];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(voucher_code_make(code), 0);
		assert_int_equal(strlen(code), VOUCHER_CODE_SYMBOLS);
		for (size_t n = 0; n < SYMBOLS; n++) {
			snprintf(longer, sizeof(longer), "%s%c", code,
				 code_alphabet[n]);
			assert_false(is_code(longer));
		}
		code[VOUCHER_CODE_SYMBOLS - 1] = '\0';
		assert_false(is_code(code));
	}
	assert_false(is_code(""));
	assert_false(is_code("-"));
}

static void test_alphabet(void **state)
{
	(void)state;
	assert_int_equal(strlen(code_alphabet), SYMBOLS);
	for (const char *p = "01OILBSZUAE"; *p; p++)
		assert_null(strchr(code_alphabet, *p));
}

/* Each symbol as often as the others at each place: chi-square with 24
 * degrees of freedom is above 90 not once in a hundred million times. */
static void test_no_bias(void **state)
{
	static unsigned int seen[VOUCHER_CODE_SYMBOLS][SYMBOLS];
	const unsigned int each = 4000;
	char code[VOUCHER_CODE_MAX];

	(void)state;
	for (unsigned int i = 0; i < each * SYMBOLS; i++) {
		assert_int_equal(voucher_code_make(code), 0);
		for (size_t at = 0; at < VOUCHER_CODE_SYMBOLS; at++)
			seen[at]
			    [strchr(code_alphabet, code[at]) - code_alphabet]++;
	}
	for (size_t at = 0; at < VOUCHER_CODE_SYMBOLS; at++) {
		double chi = 0;

		for (size_t n = 0; n < SYMBOLS; n++) {
			double off = (double)seen[at][n] - each;

			chi += off * off / each;
		}
		assert_true(chi > 2 && chi < 90);
	}
}

static void test_text(void **state)
{
	char code[VOUCHER_CODE_MAX], text[VOUCHER_CODE_TEXT_MAX],
		out[VOUCHER_CODE_MAX];

	(void)state;
	assert_int_equal(voucher_code_make(code), 0);
	assert_ptr_equal(voucher_code_to_text(code, text), text);
	assert_int_equal(strlen(text), VOUCHER_CODE_SYMBOLS + 1);
	assert_int_equal(text[5], '-');
	assert_true(voucher_code_find(text, out));
	assert_string_equal(out, code);
}

/* In a valid code, another way to write one of its symbols. */
static void check_alike(char symbol, const char *written)
{
	char code[VOUCHER_CODE_MAX], typed[TYPED_MAX], out[VOUCHER_CODE_MAX];

	for (size_t at = 0; at < VOUCHER_CODE_SYMBOLS; at++) {
		find_code(code, at, symbol, at, symbol);
		snprintf(typed, sizeof(typed), "%.*s%s%s", (int)at, code,
			 written, code + at + 1);
		if (!voucher_code_find(typed, out))
			fail_msg("'%s' for %c is not taken", written, symbol);
		assert_string_equal(out, code);
	}
}

static void test_what_people_type(void **state)
{
	static const struct {
		char symbol;
		const char *written[12];
	} alike[] = {
		{ '8', { "B", "b", "В", "в", "Β", "β", "８", "Ｂ", "٨", "۸" } },
		{ '5', { "S", "s", "Ѕ", "ѕ", "５", "ｓ", "٥", "۵" } },
		{ '2', { "Z", "z", "Ζ", "ζ", "２", "Ｚ", "٢", "۲" } },
		{ '3', { "З", "з", "３", "٣", "۳" } },
		{ '4', { "４", "٤", "۴" } },
		{ '6', { "６", "٦", "۶" } },
		{ '7', { "７", "٧", "۷", "७", "৭", "๗", "𝟕", "𝟽" } },
		{ '9', { "９", "٩", "۹" } },
		{ 'Q',
		  { "O", "o", "0", "q", "О", "о", "Ο", "ο", "٠", "۰", "ｏ" } },
		{ 'V', { "U", "u", "v", "Ｕ" } },
		{ 'C', { "c", "С", "с", "ｃ" } },
		{ 'H', { "h", "Н", "н", "Η", "η" } },
		{ 'K', { "k", "К", "к", "Κ", "κ", "𝐊", "𝐤", "𝗞" } },
		{ 'M', { "m", "М", "м", "Μ", "μ" } },
		{ 'N', { "n", "Ν", "ν" } },
		{ 'P', { "p", "Р", "р", "Ρ", "ρ" } },
		{ 'T', { "t", "Т", "т", "Τ", "τ" } },
		{ 'X', { "x", "Х", "х", "Χ", "χ", "ｘ" } },
		{ 'Y', { "y", "У", "у", "Υ", "υ" } },
		{ 'J', { "j", "Ј", "ј", "ϳ" } },
		{ 'W', { "w", "ω" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(alike); i++)
		for (const char *const *w = alike[i].written; *w; w++)
			check_alike(alike[i].symbol, *w);
}

static void test_separators(void **state)
{
	static const char *const between[] = {
		" ",	    "-",      "_",	    ".",
		"  - ",	    "\t",     "\r\n",	    "\u00a0",
		"\u00ad",   "\u200b", "\u200e",	    "\u200f",
		"\u2010",   "\u2011", "\u2013",	    "\u2014",
		"\u2212",   "\u202a", "\u202e",	    "\u2066",
		"\u2069",   "\u3000", "\ufeff",	    "\uff0d",
		"\u061c",   "\u00b7", "\u2022",	    "\uff0e",
		"\x01",	    "\x7f",   "/",	    "\"",
		"'",	    "`",      "\u00b4",	    "\u201e",
		"\u201c",   "\u201d", "\u2018",	    "\u2019",
		"\u201a",   "\u00ab", "\u00bb",	    "\u2039",
		"\u203a",   "\u300c", "\u2026",	    "\u2012",
		"\u2015",   "\u2e3a", "\ufe58",	    "\ufe63",
		"\u30fc",   "\u058a", "\u2007",	    "\u202f",
		"\u205f",   "\u180e", "\u2060",	    "\u200c",
		"\xc2\x85", "\u2192", "\U0001f4f6", "\ufe0f\u20e3",
	};
	char code[VOUCHER_CODE_MAX], typed[TYPED_MAX], out[VOUCHER_CODE_MAX];

	(void)state;
	assert_int_equal(voucher_code_make(code), 0);
	for (size_t i = 0; i < ARRAY_SIZE(between); i++) {
		const char *b = between[i];

		snprintf(typed, sizeof(typed), "%s%.3s%s%.4s%s%s%s", b, code, b,
			 code + 3, b, code + 7, b);
		assert_true(voucher_code_find(typed, out));
		assert_string_equal(out, code);
	}
}

static void test_what_is_none(void **state)
{
	static const char *const bad[] = {
		"\xff",	    "\xc3",
		"\xe2\x80", "1",
		"l",	    "I",
		"A",	    "E",
		"ä",	    "Б",
		"Γ",	    "\u4e2d",
		"\xc0\x80", "\xf5\x80\x80\x80",
		"",	    " ",
		"-",
	};
	char code[VOUCHER_CODE_MAX], typed[TYPED_MAX],
		out[VOUCHER_CODE_MAX] = "as it was";

	(void)state;
	assert_int_equal(voucher_code_make(code), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		for (int at = 0; at < VOUCHER_CODE_SYMBOLS; at++) {
			snprintf(typed, sizeof(typed), "%.*s%s%s", at, code,
				 bad[i], code + at + 1);
			assert_false(voucher_code_find(typed, out));
		}
	assert_string_equal(out, "as it was");
}

/* @: a code as it is printed; all take it for that code. */
static const char *const pasted[] = {
	"@\t8 Stunden",
	"\t@\t",
	"\"@\"",
	"\u201e@\u201c",
	"Code: @",
	"Mein Code ist @.",
	"http://10.20.0.1/?code=@",
	"https://wifi.city.example/?code=@&lang=de#top",
	"<https://wifi.city.example/?lang=de&code=@>",
	"(@)",
	"Stadt-WLAN\r\nRathaus\r\n@\r\n8 Stunden ab der ersten Anmeldung\r\n"
	"f\u00fcr bis zu 3 Ger\u00e4te gleichzeitig\r\n"
	"G\u00fcltig bis 31.12.2026, 12:00 Uhr\r\n"
	"Mit dem WLAN verbinden, dann den QR-Code scannen oder den Code "
	"eintippen.",
	"Stadt-WLAN Rathaus @ http://10.20.0.1/?code=@",
	"\u041a\u043e\u0434: @",
	"@ https://wifi.city.example", /* five symbols follow */
};

/* Puts the code in the place of every @. */
static void paste(char typed[TYPED_MAX], const char *text, const char *code)
{
	size_t len = 0;

	for (; *text; text++)
		len += (size_t)snprintf(typed + len, TYPED_MAX - len, "%.*s",
					*text == '@' ? TYPED_MAX : 1,
					*text == '@' ? code : text);
}

static void test_pasted(void **state)
{
	static const char code[] = ONE_CODE;
	char text[VOUCHER_CODE_TEXT_MAX], typed[TYPED_MAX],
		out[VOUCHER_CODE_MAX];

	(void)state;
	voucher_code_to_text(code, text);
	for (size_t i = 0; i < ARRAY_SIZE(pasted); i++) {
		const char *const written[] = { code, text };

		for (size_t w = 0; w < ARRAY_SIZE(written); w++) {
			paste(typed, pasted[i], written[w]);
			if (!voucher_code_find(typed, out))
				fail_msg("%s", typed);
			assert_string_equal(out, code);
		}
		text[7] = text[7] == '2' ? '3' : '2'; /* a typing mistake */
		paste(typed, pasted[i], text);
		assert_false(voucher_code_find(typed, out));
		voucher_code_to_text(code, text);
	}
}

/* Which one is meant? */
static void test_two_codes(void **state)
{
	static const char *const between[] = { " ",    "-", "\t",
					       " or ", "",  "/?code=" };
	static const char one[] = ONE_CODE, two[] = ANOTHER;
	char text[VOUCHER_CODE_TEXT_MAX], typed[TYPED_MAX],
		out[VOUCHER_CODE_MAX];

	(void)state;
	voucher_code_to_text(two, text);
	for (size_t i = 0; i < ARRAY_SIZE(between); i++) {
		snprintf(typed, sizeof(typed), "%s%s%s", one, between[i], two);
		assert_false(is_code(typed));
		snprintf(typed, sizeof(typed), "%s%s%.5s %s", one, between[i],
			 two, two + 5);
		assert_false(is_code(typed));
		snprintf(typed, sizeof(typed), "%s%s%s", text, between[i], one);
		assert_false(is_code(typed));
	}
	snprintf(typed, sizeof(typed), "%s %s", two, text); /* the same */
	assert_true(voucher_code_find(typed, out));
	assert_string_equal(out, two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_substitution),
		cmocka_unit_test(test_every_transposition),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_alphabet),
		cmocka_unit_test(test_no_bias),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_what_people_type),
		cmocka_unit_test(test_separators),
		cmocka_unit_test(test_what_is_none),
		cmocka_unit_test(test_pasted),
		cmocka_unit_test(test_two_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
