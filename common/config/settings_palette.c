/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/config/settings_palette.h"

#include <math.h>
#include <stdio.h>

#include "common/array.h"
#include "common/colour.h"

const char *const settings_theme_words[] = { "gate", "brick", "forest", "river",
					     "plum", "slate", "amber",	NULL };

/* In the order of the words; "": the style's own. */
static const char *const themes[][SETTINGS_COLOURS] = {
	{ "", "", "", "" },
	{ "#8a2b1c", "#6e2015", "#ffb4a3", "#43160e" },
	{ "#1f5c34", "#17492a", "#8fd6a6", "#0f2e1a" },
	{ "#12508c", "#0d3d6e", "#9cc8f5", "#0b2742" },
	{ "#6a2a72", "#521f59", "#e3b1ea", "#31123a" },
	{ "#3a4148", "#2b3036", "#c9d1d9", "#1c2126" },
	{ "#7d4a00", "#633a00", "#f0c070", "#3d2500" },
};

static const char *const options[SETTINGS_COLOURS] = {
	[SETTINGS_ACCENT] = "colour_accent",
	[SETTINGS_HEADER] = "colour_header",
	[SETTINGS_ACCENT_DARK] = "colour_accent_dark",
	[SETTINGS_HEADER_DARK] = "colour_header_dark",
};

/* What of style.css the configured colours stand on or under. */
static const struct pair {
	enum settings_colour colour;
	const char *other;
	unsigned int tint; /* percent of the colour itself in the other */
	const char *what;  /* where the pair is seen */
} pairs[] = {
	{ SETTINGS_ACCENT, SETTINGS_PALETTE_CARD, 0, "links on the card" },
	{ SETTINGS_ACCENT, "#eef3f2", 0, "links on the page's ground" },
	{ SETTINGS_ACCENT, SETTINGS_PALETTE_CARD, SETTINGS_PALETTE_TINT,
	  "links on a tile" },
	{ SETTINGS_HEADER, "#ffffff", 0, "the text of the header" },
	{ SETTINGS_ACCENT_DARK, SETTINGS_PALETTE_CARD_DARK, 0,
	  "links on the dark card" },
	{ SETTINGS_ACCENT_DARK, "#0f1719", 0, "links on the dark ground" },
	{ SETTINGS_ACCENT_DARK, SETTINGS_PALETTE_CARD_DARK,
	  SETTINGS_PALETTE_TINT, "links on a dark tile" },
	{ SETTINGS_HEADER_DARK, "#ffffff", 0, "the text of the dark header" },
};

const char *settings_palette_colour(const struct portal_settings *p,
				    enum settings_colour colour)
{
	const char *const own[SETTINGS_COLOURS] = {
		[SETTINGS_ACCENT] = p->colour_accent,
		[SETTINGS_HEADER] = p->colour_header,
		[SETTINGS_ACCENT_DARK] = p->colour_accent_dark,
		[SETTINGS_HEADER_DARK] = p->colour_header_dark,
	};

	return *own[colour] ? own[colour] : themes[p->theme][colour];
}

bool settings_palette_check(const struct portal_settings *p, char *why,
			    size_t max)
{
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		const char *colour =
			settings_palette_colour(p, pairs[i].colour);
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
			 options[pairs[i].colour], colour, other, pairs[i].what,
			 floor(contrast * 100) / 100);
		return false;
	}
	return true;
}
