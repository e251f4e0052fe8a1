/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/usage/release_share.h"

#include "netctl/usage/device_index.h"

size_t release_share_visits(const struct ledger_image *image)
{
	return image->visits[image->half];
}

void release_share_find_most(const struct ledger *l,
			     struct disclosure_bytes most[LEDGER_ZONES])
{
	for (size_t i = 0; i < release_share_visits(l->image); i++) {
		const struct ledger_visit *v = ledger_visit_at(l, i);
		unsigned int zone = visit_zone(v);

		if (zone < LEDGER_ZONES)
			disclosure_raise(&most[zone], v->batch_up,
					 v->batch_down);
	}
	/* who was there before may be the one who leads now */
	for (size_t i = 0; i < LEDGER_ZONES; i++) {
		most[i].up += l->image->zone[i].bound_up;
		most[i].down += l->image->zone[i].bound_down;
	}
}
