/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/config/settings_palette.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "common/array.h"
#include "common/colour.h"

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
	PAIR(colour_accent, SETTINGS_PALETTE_CARD, 0, "links on the card"),
	PAIR(colour_accent, "#eef3f2", 0, "links on the page's ground"),
	PAIR(colour_accent, SETTINGS_PALETTE_CARD, SETTINGS_PALETTE_TINT,
	     "links on a tile"),
	PAIR(colour_header, "#ffffff", 0, "the text of the header"),
	PAIR(colour_accent_dark, SETTINGS_PALETTE_CARD_DARK, 0,
	     "links on the dark card"),
	PAIR(colour_accent_dark, "#0f1719", 0, "links on the dark ground"),
	PAIR(colour_accent_dark, SETTINGS_PALETTE_CARD_DARK,
	     SETTINGS_PALETTE_TINT, "links on a dark tile"),
	PAIR(colour_header_dark, "#ffffff", 0, "the text of the dark header"),
#undef PAIR
};

bool settings_palette_check(const struct portal_settings *p, char *why,
			    size_t max)
{
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
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
