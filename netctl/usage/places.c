/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/usage/places.h"

#define MINUTE_MS 60000

/* Of each kind. A train that arrives brings fewer in a minute. */
#define A_MINUTE 600 /* of a zone */
#define OWN	 256 /* of a zone, in the day */
#define SHARED	 22528

/* Noise of all pools of a day together is below what is left. */
_Static_assert(LEDGER_KINDS *(LEDGER_ZONES *OWN + SHARED) <=
		       LEDGER_DEVICES - 4096,
	       "there is a record for each place");

static void draw_pool(struct ledger *l, const struct cells_plan *plan,
		      const struct ledger_pool *p, int64_t places)
{
	places += plan->draw(
		usage_scale(USAGE_PLACES, plan->profile, plan->epsilon));
	ledger_set(l, &p->all, places > 0 ? (uint64_t)places : 0);
	ledger_set(l, &p->taken, 0);
	ledger_commit(l);
}

void places_begin_day(struct ledger *l, const struct cells_plan *plan)
{
	for (int kind = 0; kind < LEDGER_KINDS; kind++) {
		const struct ledger_places *p = &ledger_image(l)->places[kind];

		for (int zone = 0; zone < LEDGER_ZONES; zone++)
			draw_pool(l, plan, &p->own[zone], OWN);
		draw_pool(l, plan, &p->shared, SHARED);
	}
}

void places_begin_minute(struct ledger *l, const struct cells_plan *plan,
			 uint64_t boot_ms)
{
	const struct ledger_image *image = ledger_image(l);

	if (image->minute == boot_ms / MINUTE_MS + 1)
		return;
	for (int kind = 0; kind < LEDGER_KINDS; kind++)
		for (int zone = 0; zone < LEDGER_ZONES; zone++)
			draw_pool(l, plan, &image->places[kind].minute[zone],
				  A_MINUTE);
	ledger_set(l, &image->minute, boot_ms / MINUTE_MS + 1);
	ledger_commit(l);
}

static bool has_place(const struct ledger_pool *p)
{
	return p->taken < p->all;
}

bool places_take(struct ledger *l, enum ledger_kind kind, unsigned int zone)
{
	const struct ledger_places *p = &ledger_image(l)->places[kind];
	const struct ledger_pool *minute = &p->minute[zone];
	const struct ledger_pool *day =
		has_place(&p->own[zone]) ? &p->own[zone] : &p->shared;

	if (!has_place(minute) || !has_place(day) ||
	    !ledger_reserve(l, ledger_devices(l) + 1))
		return false;
	ledger_add(l, &minute->taken, 1);
	ledger_add(l, &day->taken, 1);
	return true;
}
