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
