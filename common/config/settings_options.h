/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every option of the config, once: the tables that settings.c works by. */
#ifndef STADTTOR_COMMON_CONFIG_SETTINGS_OPTIONS_H
#define STADTTOR_COMMON_CONFIG_SETTINGS_OPTIONS_H

#include <stddef.h>

#include "common/array.h"
#include "common/config/conf.h"

#define AT(type, field) .offset = offsetof(struct type, field)
#define TABLE(type, options)                                                   \
	{                                                                      \
		type, options, ARRAY_SIZE(options), NULL                       \
	}

extern const struct conf_table settings_gate_table;
extern const struct conf_table settings_uplink_table;
extern const struct conf_table settings_zone_table;
extern const struct conf_table settings_usage_table;
extern const struct conf_table settings_admin_table;
extern const struct conf_table settings_city_table;
extern const struct conf_table settings_device_table;

/* of settings_pages.c: what people see */
extern const struct conf_table settings_portal_table;
extern const struct conf_table settings_legal_table;
extern const struct conf_table settings_voucher_table;
extern const struct conf_table settings_tile_table;
extern const struct conf_table settings_text_table;

#endif
