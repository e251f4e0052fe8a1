/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/voucher/voucher_code.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/array.h"
#include "common/random.h"
#include "common/text.h"

#define BASE	 25
#define HALF	 5   /* symbols before the dash */
#define UNBIASED 250 /* the largest multiple of BASE in a byte */

const char code_alphabet[] = "23456789CDFGHJKMNPQRTVWXY";
_Static_assert(sizeof(code_alphabet) == BASE + 1, "one value a symbol");

/* --- the check --------------------------------------------------------- */

/* The sum of the header, by Horner's rule. */
static unsigned int weigh(const uint8_t *value, size_t count)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < count; i++)
		sum = (sum * 2 + value[i]) % BASE;
	return sum;
}

static void build(char code[VOUCHER_CODE_MAX],
		  const uint8_t value[VOUCHER_CODE_SYMBOLS])
{
	for (size_t i = 0; i < VOUCHER_CODE_SYMBOLS; i++)
		code[i] = code_alphabet[value[i]];
	code[VOUCHER_CODE_SYMBOLS] = '\0';
}

int voucher_code_make(char code[VOUCHER_CODE_MAX])
{
	uint8_t value[VOUCHER_CODE_SYMBOLS];
	size_t count = 0;
	uint8_t byte;

	while (count < VOUCHER_CODE_SYMBOLS - 1) {
		if (!random_fill(&byte, 1))
			return -EIO;
		if (byte < UNBIASED)
			value[count++] = byte % BASE;
	}
	value[count] =
		(uint8_t)((BASE - weigh(value, count) * 2 % BASE) % BASE);
	build(code, value);
	return 0;
}

const char *voucher_code_to_text(const char code[VOUCHER_CODE_MAX],
				 char text[VOUCHER_CODE_TEXT_MAX])
{
	snprintf(text, VOUCHER_CODE_TEXT_MAX, "%.*s-%.*s", HALF, code, HALF,
		 code + HALF);
	return text;
}

/* --- what people type -------------------------------------------------- */

static bool is_in(uint32_t c, uint32_t first, uint32_t last)
{
	return c >= first && c <= last;
}

/* Beyond ASCII: spaces, dashes, quotes, dots, pictures, what nobody sees. */
static const struct {
	uint32_t first, last;
} separators[] = {
	{ 0x80, 0xa0 },	    { 0xa8, 0xa8 },	  { 0xab, 0xab },
	{ 0xad, 0xad },	    { 0xaf, 0xaf },	  { 0xb4, 0xb4 },
	{ 0xb7, 0xb8 },	    { 0xbb, 0xbb },	  { 0x2b0, 0x36f },
	{ 0x58a, 0x58a },   { 0x5be, 0x5be },	  { 0x60c, 0x60c },
	{ 0x61b, 0x61c },   { 0x640, 0x640 },	  { 0x66a, 0x66d },
	{ 0x6d4, 0x6d4 },   { 0x1680, 0x1680 },	  { 0x1806, 0x180f },
	{ 0x2000, 0x206f }, { 0x20d0, 0x20ff },	  { 0x2190, 0x2bff },
	{ 0x2e00, 0x2e7f }, { 0x3000, 0x3003 },	  { 0x3008, 0x3020 },
	{ 0x3030, 0x3030 }, { 0x30a0, 0x30a0 },	  { 0x30fb, 0x30fc },
	{ 0x3164, 0x3164 }, { 0xfe00, 0xfe6f },	  { 0xfeff, 0xfeff },
	{ 0xff01, 0xff0f }, { 0xff1a, 0xff20 },	  { 0xff3b, 0xff40 },
	{ 0xff5b, 0xff65 }, { 0xff70, 0xff70 },	  { 0xffa0, 0xffa0 },
	{ 0xfffc, 0xfffd }, { 0x1f000, 0x1faff }, { 0xe0000, 0xe01ef },
};

/* Whatever is no letter and no digit. */
static bool is_separator(uint32_t c)
{
	if (c < 0x80)
		return !isalnum((int)c);
	for (size_t i = 0; i < ARRAY_SIZE(separators); i++)
		if (is_in(c, separators[i].first, separators[i].last))
			return true;
	return false;
}

static const struct {
	uint32_t first;
	const char *latin; /* of first and what follows it; space: of none */
} alike[] = {
	{ 0x391, "AB  EZH IK MN O P  TY X " }, /* Greek */
	{ 0x3b1, "ab  ezh ik mn o p  ty x w" },
	{ 0x3dc, "FF" },
	{ 0x3f2, "cj" },
	{ 0x3f9, "C" },
	{ 0x405, "S" }, /* Cyrillic */
	{ 0x408, "J" },
	{ 0x410, "A B  E 3  K MHO PCTY X " },
	{ 0x430, "a b  e 3  k mho pcty x " },
	{ 0x455, "s" },
	{ 0x458, "j" },
	{ 0x474, "VV" },
	{ 0x4ae, "YY" },
	{ 0x4ba, "HH" },
	{ 0x500, "DD" },
	{ 0x50c, "GG" },
	{ 0x51a, "QQWW" },
};

/*
 * Of each writing, "0" comes first: Arabic, Persian, Devanagari, Bengali, Thai,
 * full width, and five of mathematics.
 */
static const uint32_t digits[] = {
	0x660,	 0x6f0,	  0x966,   0x9e6,   0xe50,   0xff10,
	0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6,
};

static uint32_t to_latin(uint32_t c)
{
	for (size_t i = 0; i < ARRAY_SIZE(digits); i++)
		if (is_in(c, digits[i], digits[i] + 9))
			return c - digits[i] + '0';
	for (size_t i = 0; i < ARRAY_SIZE(alike); i++)
		if (c >= alike[i].first &&
		    c - alike[i].first < strlen(alike[i].latin))
			return (unsigned char)alike[i]
				.latin[c - alike[i].first];
	if (is_in(c, 0xff21, 0xff3a) || is_in(c, 0xff41, 0xff5a))
		return c - 0xff21 + 'A';
	if (is_in(c, 0x1d400, 0x1d6a3)) /* bold, italic, ...: A-Z and a-z */
		return 'A' + (c - 0x1d400) % 26;
	return c;
}

/* Look-alikes of which the alphabet has the second one only. */
static uint32_t to_alphabet(uint32_t c)
{
	static const char pairs[] = "0QOQB8S5Z2UV";

	c = to_latin(c);
	if (is_in(c, 'a', 'z'))
		c -= 'a' - 'A';
	for (const char *p = pairs; *p; p += 2)
		if (c == (unsigned char)*p)
			return (unsigned char)p[1];
	return c;
}

/* The value of a symbol; -1: a letter or digit that is none. */
static int value_of(uint32_t c)
{
	const char *at;

	c = to_alphabet(c);
	at = c < 0x80 ? strchr(code_alphabet, (int)c) : NULL;
	return at ? (int)(at - code_alphabet) : -1;
}

/* --- a code in what was typed ------------------------------------------- */

#define NO_WORD 1000 /* longer than any code, as a length */

struct finder {
	uint8_t last[VOUCHER_CODE_SYMBOLS]; /* the last symbols, of all words */
	size_t word;			    /* length of this word */
	size_t before;			    /* of the one before it */
	size_t all;			    /* without separators */
	char code[VOUCHER_CODE_MAX];
	bool has_code, has_another;
};

static bool take_code(struct finder *f)
{
	char code[VOUCHER_CODE_MAX];

	if (weigh(f->last, VOUCHER_CODE_SYMBOLS))
		return false;
	build(code, f->last);
	if (f->has_code && strcmp(code, f->code))
		f->has_another = true;
	memcpy(f->code, code, sizeof(code));
	f->has_code = true;
	return true;
}

static void take_letter(struct finder *f, uint32_t c)
{
	int value = value_of(c);

	f->word += value < 0 ? NO_WORD : 1;
	f->all += value < 0 ? NO_WORD : 1;
	if (value < 0)
		return;
	memmove(f->last, f->last + 1, VOUCHER_CODE_SYMBOLS - 1);
	f->last[VOUCHER_CODE_SYMBOLS - 1] = (uint8_t)value;
}

/* A code is one word, or two halves as it is printed, of no other code. */
static void end_word(struct finder *f)
{
	bool is_code = f->word == VOUCHER_CODE_SYMBOLS ||
		       (f->word == HALF && f->before == HALF);

	if (!f->word)
		return;
	f->before = is_code && take_code(f) ? NO_WORD : f->word;
	f->word = 0;
}

/* Nothing else than a code: its symbols may be apart in any way. */
static void end_text(struct finder *f)
{
	end_word(f);
	if (f->all == VOUCHER_CODE_SYMBOLS)
		take_code(f);
}

bool voucher_code_find(const char *typed, char code[VOUCHER_CODE_MAX])
{
	struct finder f = { .word = 0 };
	bool is_one;

	while (*typed) {
		uint32_t c = text_next(&typed);

		if (c == TEXT_MALFORMED)
			return false;
		if (is_separator(c))
			end_word(&f);
		else
			take_letter(&f, c);
	}
	end_text(&f);
	is_one = f.has_code && !f.has_another;
	if (is_one)
		memcpy(code, f.code, sizeof(f.code));
	return is_one;
}
