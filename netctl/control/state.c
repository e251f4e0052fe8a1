/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/state.h"

struct elements_zone state_elements_zone(const struct controller *c,
					 uint16_t zone)
{
	return (struct elements_zone){
		.name = c->settings->zone[zone].name,
		.mark_shift = (unsigned int)c->settings->gate.mark_shift,
		.policed = c->zone[zone].policed,
	};
}
