/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/allowance.h"

#include "netctl/control/pending.h"
#include "netctl/control/roaming.h"
#include "netctl/control/state.h"
#include "netctl/roam/spent.h"

#define SPENT_MAX 10000

static struct spent *spent_today(struct controller *c)
{
	if (!c->spent)
		c->spent = spent_new(SPENT_MAX);
	if (!c->spent)
		fatal("no memory");
	spent_set_day(c->spent, roaming_today(c));
	return c->spent;
}

static struct roam_device device_of(const struct controller *c,
				    const struct mac *mac)
{
	return (struct roam_device){
		.network = c->settings->portal.network,
		.mac = *mac,
	};
}

void allowance_end(struct controller *c, struct session *s,
		   enum session_reason reason)
{
	struct roam_device d = device_of(c, &s->mac);

	if (roaming_is_on(c, s->zone) && spent_add(spent_today(c), &d))
		log_warn("city: too many have used up their time or data "
			 "today; guests of the city have to tap");
	pending_end(c, s, reason);
}

void allowance_tapped(struct controller *c, const struct session *s)
{
	struct roam_device d = device_of(c, &s->mac);

	if (roaming_is_on(c, s->zone))
		spent_remove(spent_today(c), &d);
}

bool allowance_is_spent(struct controller *c, const struct mac *mac)
{
	struct roam_device d = device_of(c, mac);

	return spent_has(spent_today(c), &d);
}

void allowance_free(struct controller *c)
{
	spent_free(c->spent);
	c->spent = NULL;
}
