/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/colour.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool colour_is_valid(const char *text)
{
	return strlen(text) == 7 && *text == '#' &&
	       strspn(text + 1, "0123456789abcdefABCDEF") == 6;
}

static double luminance(const char *colour)
{
	static const double weight[] = { 0.0722, 0.7152, 0.2126 };
	unsigned long rgb = strtoul(colour + 1, NULL, 16);
	double sum = 0;

	for (int i = 0; i < 3; i++, rgb >>= 8) {
		double c = (double)(rgb & 0xff) / 255;

		c = c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
		sum += weight[i] * c;
	}
	return sum;
}

double colour_contrast(const char *a, const char *b)
{
	double x = luminance(a), y = luminance(b);

	return x > y ? (x + 0.05) / (y + 0.05) : (y + 0.05) / (x + 0.05);
}

const char *colour_of_text_on(const char *colour)
{
	return colour_contrast(colour, "#ffffff") >=
			       colour_contrast(colour, "#000000")
		       ? "#ffffff"
		       : "#000000";
}

const char *colour_mix(char out[COLOUR_MAX], const char *a,
		       unsigned int percent, const char *b)
{
	unsigned long x = strtoul(a + 1, NULL, 16);
	unsigned long y = strtoul(b + 1, NULL, 16);
	unsigned int mixed[3];

	for (int i = 2; i >= 0; i--, x >>= 8, y >>= 8)
		mixed[i] = (unsigned int)((x & 0xff) * percent +
					  (y & 0xff) * (100 - percent) + 50) /
			   100;
	snprintf(out, COLOUR_MAX, "#%02x%02x%02x", mixed[0] & 0xff,
		 mixed[1] & 0xff, mixed[2] & 0xff);
	return out;
}

/* What of style.css the configured colours stand on or under. */
static const struct pair {
	size_t offset; /* of the option in struct portal_settings */
	const char *option;
	const char *other;
	unsigned int tint; /* percent of the colour itself in the other */
	const char *what;  /* where the pair is seen */
} pairs[] = {
#define PAIR(field, other, tint, what)                                         \
	{                                                                      \
		offsetof(struct portal_settings, field), #field, other, tint,  \
			what                                                   \
	}
	PAIR(colour_accent, COLOUR_CARD, 0, "links on the card"),
	PAIR(colour_accent, "#eef3f2", 0, "links on the page's ground"),
	PAIR(colour_accent, COLOUR_CARD, COLOUR_TINT, "links on a tile"),
	PAIR(colour_header, "#ffffff", 0, "the text of the header"),
	PAIR(colour_accent_dark, COLOUR_CARD_DARK, 0, "links on the dark card"),
	PAIR(colour_accent_dark, "#0f1719", 0, "links on the dark ground"),
	PAIR(colour_accent_dark, COLOUR_CARD_DARK, COLOUR_TINT,
	     "links on a dark tile"),
	PAIR(colour_header_dark, "#ffffff", 0, "the text of the dark header"),
#undef PAIR
};

bool colour_check(const struct portal_settings *p, char *why, size_t max)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const char *colour =
			*(char *const *)((const char *)p + pairs[i].offset);
		char other[COLOUR_MAX];
		double contrast;

		if (!*colour)
			continue;
		colour_mix(other, colour, pairs[i].tint, pairs[i].other);
		contrast = colour_contrast(colour, other);
		if (contrast >= COLOUR_CONTRAST_MIN)
			continue;
		snprintf(why, max,
			 "%s '%s' and %s (%s) have a contrast of %.2f:1; at "
			 "least 4.5:1 is needed",
			 pairs[i].option, colour, other, pairs[i].what,
			 floor(contrast * 100) / 100);
		return false;
	}
	return true;
}
