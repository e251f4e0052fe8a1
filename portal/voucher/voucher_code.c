/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/voucher/voucher_code.h"

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

/* What people put between symbols, and marks that keyboards add unseen. */
static bool is_separator(uint32_t c)
{
	return c == ' ' || is_in(c, '\t', '\r') || is_in(c, ',', '.') ||
	       c == '_' || c == 0xa0 || c == 0xad || c == 0xb7 || c == 0x61c ||
	       is_in(c, 0x2000, 0x2015) || is_in(c, 0x2022, 0x202f) ||
	       is_in(c, 0x2060, 0x2069) || c == 0x2212 || c == 0x3000 ||
	       c == 0x30fb || c == 0xfe0f || c == 0xfeff || c == 0xff0d ||
	       c == 0xff0e;
}

static const struct {
	uint32_t first;
	const char *latin; /* of first and what follows it; space: of none */
} alike[] = {
	{ 0x391, "AB  EZH IK MN O P  TY X " }, /* Greek */
	{ 0x3b1, "ab  ezh ik mn o p  ty x w" },
	{ 0x405, "S" }, /* Cyrillic */
	{ 0x408, "J" },
	{ 0x410, "A B  E 3  K MHO PCTY X " },
	{ 0x430, "a b  e 3  k mho pcty x " },
	{ 0x455, "s" },
	{ 0x458, "j" },
	{ 0x4ae, "YY" },
	{ 0x51a, "QQWW" },
};

/* Of each writing, "0" comes first. */
static const uint32_t digits[] = { 0x660, 0x6f0, 0xff10 };

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
	return c;
}

/* Look-alikes of which the alphabet has the second one only. */
static uint32_t to_symbol(uint32_t c)
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

bool voucher_code_normalise(const char *typed, char code[VOUCHER_CODE_MAX])
{
	uint8_t value[VOUCHER_CODE_SYMBOLS];
	size_t count = 0;

	if (strnlen(typed, VOUCHER_CODE_TYPED_MAX + 1) > VOUCHER_CODE_TYPED_MAX)
		return false;
	while (*typed) {
		uint32_t c = text_next(&typed);
		const char *at;

		if (c == TEXT_MALFORMED)
			return false;
		if (is_separator(c))
			continue;
		c = to_symbol(c);
		at = c < 0x80 ? strchr(code_alphabet, (int)c) : NULL;
		if (!at || count == VOUCHER_CODE_SYMBOLS)
			return false;
		value[count++] = (uint8_t)(at - code_alphabet);
	}
	if (count < VOUCHER_CODE_SYMBOLS || weigh(value, count))
		return false;
	build(code, value);
	return true;
}
