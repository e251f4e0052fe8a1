/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Colours as #rrggbb, and how well one is read on another. */
#ifndef STADTTOR_COMMON_COLOUR_H
#define STADTTOR_COMMON_COLOUR_H

#include <stdbool.h>

#define COLOUR_CONTRAST_MIN 4.5 /* WCAG 2.2, 1.4.3: text of normal size */

bool colour_is_valid(const char *text);

/* 1 to 21, by WCAG's relative luminance; both are valid colours. */
double colour_contrast(const char *a, const char *b);

/* "#ffffff" or "#000000", whichever is read better on it: 4.58 at least. */
const char *colour_of_text_on(const char *colour);

/* That share of a, in percent, and the rest of b: "#rrggbb" in out. */
#define COLOUR_MAX 8
const char *colour_mix(char out[COLOUR_MAX], const char *a,
		       unsigned int percent, const char *b);

#endif
