/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pages' palette: its colours, and what the config's stand on or under. */
#ifndef STADTTOR_COMMON_CONFIG_SETTINGS_PALETTE_H
#define STADTTOR_COMMON_CONFIG_SETTINGS_PALETTE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/config/settings.h"

#define SETTINGS_PALETTE_TINT	   10 /* percent of the accent in a tile */
#define SETTINGS_PALETTE_CARD	   "#ffffff"
#define SETTINGS_PALETTE_CARD_DARK "#182326"

enum settings_colour {
	SETTINGS_ACCENT,
	SETTINGS_HEADER,
	SETTINGS_ACCENT_DARK,
	SETTINGS_HEADER_DARK,
	SETTINGS_COLOURS
};

/* That of the config, of its theme, or "": the style's own. */
const char *settings_palette_colour(const struct portal_settings *p,
				    enum settings_colour colour);

/* false: why names the pair that is not read well enough (WCAG 2.2, 1.4.3). */
bool settings_palette_check(const struct portal_settings *p, char *why,
			    size_t max);

#endif
