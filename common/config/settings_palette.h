/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pages' palette: which of its colours the config's stand on or under. */
#ifndef STADTTOR_COMMON_CONFIG_SETTINGS_PALETTE_H
#define STADTTOR_COMMON_CONFIG_SETTINGS_PALETTE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/config/settings.h"

#define SETTINGS_PALETTE_TINT	   10 /* percent of the accent in a tile */
#define SETTINGS_PALETTE_CARD	   "#ffffff"
#define SETTINGS_PALETTE_CARD_DARK "#182326"

/* false: why names the pair that is not read well enough (WCAG 2.2, 1.4.3). */
bool settings_palette_check(const struct portal_settings *p, char *why,
			    size_t max);

#endif
