/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an account gets: "claim=value:down:up:duration", such as
 * "role=teacher:50mbit:20mbit:1d", or "*:down:up:duration" for all accounts.
 */
#ifndef STADTTOR_COMMON_CONFIG_TARIFF_H
#define STADTTOR_COMMON_CONFIG_TARIFF_H

#include <stdbool.h>

#include "common/ipc.h"

#define TARIFF_MAX 160 /* with the closing NUL */

struct tariff {
	char claim[TARIFF_MAX]; /* empty: of every account */
	char value[TARIFF_MAX];
	struct ipc_limits limits; /* 0: the zone's */
};

bool tariff_parse(const char *text, struct tariff *t);
bool tariff_is_valid(const char *text);

#endif
