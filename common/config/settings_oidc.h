/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts by OpenID Connect: the options, and what must fit together. */
#ifndef STADTTOR_COMMON_CONFIG_SETTINGS_OIDC_H
#define STADTTOR_COMMON_CONFIG_SETTINGS_OIDC_H

#include "common/config/conf.h"
#include "common/config/settings.h"

extern const struct conf_table settings_oidc_table;

/* NULL: fine; else what is wrong, and what is allowed. nth: unused. */
const char *settings_oidc_check(const struct settings *c, size_t nth);
const char *settings_oidc_check_zone(const struct settings *c, size_t zone);

#endif
