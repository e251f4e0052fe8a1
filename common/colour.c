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

/* What of style.css the configured colours stand on or under. */
static const struct pair {
	size_t offset; /* of the option in struct portal_settings */
	const char *option;
	const char *other;
	const char *what; /* where the pair is seen */
} pairs[] = {
#define PAIR(field, other, what)                                               \
	{                                                                      \
		offsetof(struct portal_settings, field), #field, other, what   \
	}
	PAIR(colour_accent, "#ffffff", "links on the card"),
	PAIR(colour_accent, "#eef3f2", "links on the page's ground"),
	PAIR(colour_accent, "#e2f0ee", "links on a tile"),
	PAIR(colour_header, "#ffffff", "the text of the header"),
	PAIR(colour_accent_dark, "#182326", "links on the dark card"),
	PAIR(colour_accent_dark, "#0f1719", "links on the dark ground"),
	PAIR(colour_accent_dark, "#1d3235", "links on a dark tile"),
	PAIR(colour_header_dark, "#ffffff", "the text of the dark header"),
#undef PAIR
};

bool colour_check(const struct portal_settings *p, char *why, size_t max)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const char *colour =
			*(char *const *)((const char *)p + pairs[i].offset);
		double contrast;

		if (!*colour)
			continue;
		contrast = colour_contrast(colour, pairs[i].other);
		if (contrast >= COLOUR_CONTRAST_MIN)
			continue;
		snprintf(why, max,
			 "%s '%s' and %s (%s) have a contrast of %.2f:1; at "
			 "least 4.5:1 is needed",
			 pairs[i].option, colour, pairs[i].other, pairs[i].what,
			 floor(contrast * 100) / 100);
		return false;
	}
	return true;
}
