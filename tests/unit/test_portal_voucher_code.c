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

#define SYMBOLS 25

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
		if (voucher_code_normalise(code, out))
			return;
	}
	fail_msg("there is no code with %c and %c at %zu and %zu", a, b, at,
		 then);
}

static bool is_code(const char *text)
{
	char out[VOUCHER_CODE_MAX];

	return voucher_code_normalise(text, out);
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
	assert_true(voucher_code_normalise(text, out));
	assert_string_equal(out, code);
}

/* In a valid code, another way to write one of its symbols. */
static void check_alike(char symbol, const char *written)
{
	char code[VOUCHER_CODE_MAX], typed[VOUCHER_CODE_TYPED_MAX],
		out[VOUCHER_CODE_MAX];

	for (size_t at = 0; at < VOUCHER_CODE_SYMBOLS; at++) {
		find_code(code, at, symbol, at, symbol);
		snprintf(typed, sizeof(typed), "%.*s%s%s", (int)at, code,
			 written, code + at + 1);
		if (!voucher_code_normalise(typed, out))
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
		{ '7', { "７", "٧", "۷" } },
		{ '9', { "９", "٩", "۹" } },
		{ 'Q',
		  { "O", "o", "0", "q", "О", "о", "Ο", "ο", "٠", "۰", "ｏ" } },
		{ 'V', { "U", "u", "v", "Ｕ" } },
		{ 'C', { "c", "С", "с", "ｃ" } },
		{ 'H', { "h", "Н", "н", "Η", "η" } },
		{ 'K', { "k", "К", "к", "Κ", "κ" } },
		{ 'M', { "m", "М", "м", "Μ", "μ" } },
		{ 'N', { "n", "Ν", "ν" } },
		{ 'P', { "p", "Р", "р", "Ρ", "ρ" } },
		{ 'T', { "t", "Т", "т", "Τ", "τ" } },
		{ 'X', { "x", "Х", "х", "Χ", "χ", "ｘ" } },
		{ 'Y', { "y", "У", "у", "Υ", "υ" } },
		{ 'J', { "j", "Ј", "ј" } },
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
		" ",	  "-",	    "_",      ".",	"  - ",	  "\t",
		"\r\n",	  "\u00a0", "\u00ad", "\u200b", "\u200e", "\u200f",
		"\u2010", "\u2011", "\u2013", "\u2014", "\u2212", "\u202a",
		"\u202e", "\u2066", "\u2069", "\u3000", "\ufeff", "\uff0d",
		"\u061c", "\u00b7", "\u2022", "\uff0e",
	};
	char code[VOUCHER_CODE_MAX], typed[VOUCHER_CODE_TYPED_MAX],
		out[VOUCHER_CODE_MAX];

	(void)state;
	assert_int_equal(voucher_code_make(code), 0);
	for (size_t i = 0; i < ARRAY_SIZE(between); i++) {
		const char *b = between[i];

		snprintf(typed, sizeof(typed), "%s%.3s%s%.4s%s%s%s", b, code, b,
			 code + 3, b, code + 7, b);
		assert_true(voucher_code_normalise(typed, out));
		assert_string_equal(out, code);
	}
}

static void test_what_is_none(void **state)
{
	static const char *const bad[] = {
		"",	      " ",
		"\xff",	      "\xc3",
		"\xe2\x80",   "/",
		"1",	      "l",
		"I",	      "A",
		"E",	      "ä",
		"Б",	      "Γ",
		"\u4e2d",     "\x01",
		"\x7f",	      "\xc0\x80",
		"\U0001f600", "%20",
		"<b>",	      "\xf5\x80\x80\x80",
	};
	char code[VOUCHER_CODE_MAX], typed[VOUCHER_CODE_TYPED_MAX],
		out[VOUCHER_CODE_MAX] = "as it was";

	(void)state;
	assert_int_equal(voucher_code_make(code), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		for (int at = 0; at < VOUCHER_CODE_SYMBOLS; at++) {
			snprintf(typed, sizeof(typed), "%.*s%s%s", at, code,
				 bad[i], code + at + 1);
			assert_false(voucher_code_normalise(typed, out));
		}
	assert_string_equal(out, "as it was");
}

static void test_too_long(void **state)
{
	char code[VOUCHER_CODE_MAX], typed[VOUCHER_CODE_TYPED_MAX + 2],
		out[VOUCHER_CODE_MAX];

	(void)state;
	assert_int_equal(voucher_code_make(code), 0);
	snprintf(typed, sizeof(typed), "%s%*s", code,
		 VOUCHER_CODE_TYPED_MAX - VOUCHER_CODE_SYMBOLS, "");
	assert_int_equal(strlen(typed), VOUCHER_CODE_TYPED_MAX);
	assert_true(voucher_code_normalise(typed, out));
	snprintf(typed, sizeof(typed), "%s%*s", code,
		 VOUCHER_CODE_TYPED_MAX - VOUCHER_CODE_SYMBOLS + 1, "");
	assert_false(voucher_code_normalise(typed, out));
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
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
