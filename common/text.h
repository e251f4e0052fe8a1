/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may stand in a text that people are shown. */
#ifndef STADTTOR_COMMON_TEXT_H
#define STADTTOR_COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_MALFORMED UINT32_MAX

/*
 * The character at *text, which it passes, 0 at the end; TEXT_MALFORMED, and
 * *text stays: no UTF-8 (RFC 3629).
 */
uint32_t text_next(const char **text);

/*
 * Well-formed UTF-8 without control characters and without those
 * that change the direction of what stands around them: embeddings, overrides
 * and isolates, U+202A to U+202E and U+2066 to U+2069, and the separators
 * U+2028 and U+2029, which end them. The marks that only speak for themselves
 * (U+200E, U+200F, U+061C) are fine.
 */
bool text_is_plain(const char *text);

/*
 * For errors that quote a file: what looks like a blank, like a straight quote
 * or like nothing at all becomes <U+00A0>, and every other byte that is not
 * plain a question mark. max: of the buffer; what does not fit is cut.
 */
void text_show(char *text, size_t max);

#endif
