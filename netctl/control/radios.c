/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/radios.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "netctl/control/hours.h"
#include "netctl/control/state.h"

/* Before the opening: where radar may be, a radio listens for a minute first.
 */
#define LEAD_S 300

static bool names(const struct zone_settings *z, const char *radio)
{
	for (size_t i = 0; i < z->night_radio.count; i++)
		if (!strcmp(z->night_radio.value[i], radio))
			return true;
	return false;
}

static uint32_t off_s(const struct controller *c, const char *radio)
{
	uint64_t least_s = IPC_UNLIMITED, left_s;

	for (size_t i = 0; i < c->settings->zones; i++) {
		if (!names(&c->settings->zone[i], radio))
			continue;
		left_s = hours_change_in_s(c, i);
		if (!c->zone[i].is_closed || !c->clock.is_known ||
		    left_s <= LEAD_S)
			return 0;
		if (left_s < least_s)
			least_s = left_s;
	}
	if (least_s - LEAD_S >= IPC_RADIO_OFF)
		return IPC_RADIO_OFF;
	return (uint32_t)(least_s - LEAD_S);
}

/* By a zone before that one, or before in its own list. */
static bool is_told(const struct controller *c, size_t zone, size_t nth)
{
	const struct conf_list *own = &c->settings->zone[zone].night_radio;
	const char *radio = own->value[nth];

	for (size_t i = 0; i < zone; i++)
		if (names(&c->settings->zone[i], radio))
			return true;
	for (size_t i = 0; i < nth; i++)
		if (!strcmp(own->value[i], radio))
			return true;
	return false;
}

void radios_each(const struct controller *c,
		 void (*on_radio)(const char *name, uint32_t off_s, void *arg),
		 void *arg)
{
	for (size_t z = 0; z < c->settings->zones; z++) {
		const struct conf_list *l = &c->settings->zone[z].night_radio;

		for (size_t i = 0; i < l->count; i++)
			if (!is_told(c, z, i))
				on_radio(l->value[i], off_s(c, l->value[i]),
					 arg);
	}
}
