/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The code on a voucher: ten symbols, shown as XXXXX-XXXXX. Nothing here knows
 * what a code is good for.
 *
 * The 25 symbols are 23456789CDFGHJKMNPQRTVWXY. There is no 0, O, 1, I or L, of
 * B/8, S/5, Z/2 and U/V only one, and no vowel, so that no code is a word.
 *
 * The last symbol is a check. With values x0..x9 below 25,
 *	x0 * 2^9 + x1 * 2^8 + ... + x8 * 2 + x9 = 0 (mod 25).
 * One wrong symbol changes the sum by 2^k * d, two neighbours (or a symbol and
 * the next but one) that changed places by 2^k * d or 3 * 2^k * d, with d not
 * divisible by 25. As 2 and 3 have inverses modulo 25 none of it is 0: every
 * such mistake is found, and 24 of 25 of all others.
 *
 * Nine free symbols are 25^9 = 3.8e12 codes, 41.8 bits.
 */
#ifndef STADTTOR_PORTAL_VOUCHER_VOUCHER_CODE_H
#define STADTTOR_PORTAL_VOUCHER_VOUCHER_CODE_H

#include <stdbool.h>

#include "common/log.h"

#define VOUCHER_CODE_SYMBOLS 10
#define VOUCHER_CODE_MAX     (VOUCHER_CODE_SYMBOLS + 1) /* with the closing NUL */
#define VOUCHER_CODE_TEXT_MAX                                                  \
	(VOUCHER_CODE_SYMBOLS + 2) /* with dash and NUL                        \
				    */

extern const char code_alphabet[];

/* A random code in its canonical form, without the dash. 0 or -errno. */
int voucher_code_make(char code[VOUCHER_CODE_MAX]) MUST_CHECK;

/*
 * The code in what a person has typed or pasted, in UTF-8, in canonical form:
 * its symbols in any grouping and nothing else, or in a longer text, as a link
 * or all that stands on a card, one word of ten symbols or two of five.
 * Whatever is no letter and no digit separates. Either case; O and 0 for Q, B
 * for 8, S for 5, Z for 2, U for V; full-width and mathematical letters; digits
 * of other writings; Cyrillic and Greek letters that look like Latin ones.
 * false: none, or more than one; code is untouched.
 */
bool voucher_code_find(const char *typed, char code[VOUCHER_CODE_MAX]);

/* XXXXX-XXXXX; returns text. */
const char *voucher_code_to_text(const char code[VOUCHER_CODE_MAX],
				 char text[VOUCHER_CODE_TEXT_MAX]);

#endif
