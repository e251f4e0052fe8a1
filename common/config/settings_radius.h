/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of sections radius, and what must fit together about them. */
#ifndef STADTTOR_COMMON_CONFIG_SETTINGS_RADIUS_H
#define STADTTOR_COMMON_CONFIG_SETTINGS_RADIUS_H

#include "common/config/settings.h"

extern const struct conf_table settings_radius_table;

/* NULL: fine; else what is wrong with that section, or with that zone. */
const char *settings_radius_check(const struct settings *c, size_t radius);
const char *settings_radius_check_zone(const struct settings *c, size_t zone);

/* Whether all options of both say the same. */
bool settings_radius_is_same(const struct radius_settings *a,
			     const struct radius_settings *b);

/* The section of the zone's accounts; NULL: it has none. */
const struct radius_settings *settings_radius_of(const struct settings *c,
						 const struct zone_settings *z);

#endif
