/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/config/tariff.h"

#include <stdio.h>
#include <string.h>

#include "common/config/settings.h"
#include "common/quantity.h"

/* Cuts off what follows the last colon; NULL: there is none. */
static char *cut_last(char *text)
{
	char *colon = strrchr(text, ':');

	if (!colon)
		return NULL;
	*colon = '\0';
	return colon + 1;
}

static bool take_rate(const char *text, uint64_t *bps)
{
	return text && quantity_parse_rate(text, bps) &&
	       (!*bps || *bps >= SETTINGS_RATE_MIN_BPS);
}

/* The value may have colons of its own. */
static bool take_limits(char *text, struct ipc_limits *l)
{
	const char *duration = cut_last(text);
	const char *up = cut_last(text);
	const char *down = cut_last(text);

	return duration && quantity_parse_seconds(duration, &l->duration_s) &&
	       l->duration_s <= SETTINGS_DURATION_MAX_S &&
	       take_rate(up, &l->up_bps) && take_rate(down, &l->down_bps);
}

bool tariff_parse(const char *text, struct tariff *t)
{
	char *sign;

	memset(t, 0, sizeof(*t));
	if (strlen(text) >= sizeof(t->claim))
		return false;
	memcpy(t->claim, text, strlen(text));
	if (!take_limits(t->claim, &t->limits))
		return false;
	if (!strcmp(t->claim, "*")) {
		*t->claim = '\0';
		return true;
	}
	sign = strchr(t->claim, '=');
	if (!sign)
		return false;
	*sign = '\0';
	snprintf(t->value, sizeof(t->value), "%s", sign + 1);
	return *t->claim && *t->value;
}

bool tariff_is_valid(const char *text)
{
	struct tariff t;

	return tariff_parse(text, &t);
}
