/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must fit together in a config whose single values are all right. */
#ifndef STADTTOR_COMMON_CONFIG_SETTINGS_CHECK_H
#define STADTTOR_COMMON_CONFIG_SETTINGS_CHECK_H

#include "common/config/settings.h"

/*
 * Fills in the ceilings that are not given. false: error holds "LINE: what is
 * wrong"; f is the file that c was filled from.
 */
bool settings_check(struct settings *c, const struct uci_file *f,
		    char error[UCI_ERROR_MAX]) MUST_CHECK;

#endif
