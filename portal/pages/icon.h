/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pictures on tiles, drawn as one line each. */
#ifndef STADTTOR_PORTAL_PAGES_ICON_H
#define STADTTOR_PORTAL_PAGES_ICON_H

#include <stdint.h>

/* icon: of settings_icon_words. The path in an SVG of 20 by 20. */
const char *icon_path(uint64_t icon);

#endif
