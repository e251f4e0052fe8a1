/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/usage/release.h"

#include <string.h>

#include "netctl/usage/disclosure.h"
#include "netctl/usage/outbox.h"
#include "netctl/usage/release_day.h"
#include "netctl/usage/release_share.h"

#define BIT(metric) DISCLOSURE_BIT(metric)

/* --- the hour ---------------------------------------------------------- */

struct in_zone {
	const struct ledger *l;
	unsigned int zone;
};

static size_t count_in_zone(const void *arg, uint64_t metrics)
{
	const struct in_zone *in = arg;
	size_t n = 0;

	for (size_t i = 0; i < release_share_visits(in->l->image); i++) {
		const struct ledger_visit *v = ledger_visit_at(in->l, i);

		n += visit_zone(v) == in->zone && v->bits & metrics;
	}
	return n;
}

/* false: there is nothing to say. */
static bool fill_row(struct ipc_usage_row *row, const struct ledger_zone *z,
		     uint64_t mask, unsigned int k)
{
	bool says_something = mask != 0;

	row->step = USAGE_HOUR;
	memcpy(row->zone, z->name, sizeof(row->zone));
	for (int m = 0; m < USAGE_RELEASED; m++)
		if (mask & BIT(m))
			row->value[m] = z->value[m];
	row->value[USAGE_PEAK] = disclosure_people(z->peak, k);
	return says_something || row->value[USAGE_PEAK];
}

static size_t draft_hour(struct ledger *l, unsigned int k)
{
	struct disclosure_bytes most[LEDGER_ZONES] = { { 0 } };
	size_t n = 0;

	release_share_find_most(l, most);
	for (unsigned int i = 0; i < LEDGER_ZONES; i++) {
		struct ledger_zone *z = &l->image->zone[i];
		const struct in_zone in = { l, i };
		const struct disclosure_batch batch = {
			.value = z->value,
			.contributors = z->contributors,
			.most = most[i],
			.count = count_in_zone,
			.arg = &in,
		};
		uint64_t mask;

		if (!z->name[0])
			continue;
		mask = disclosure_metrics(&batch, k);
		n += fill_row(outbox_draft_row(l, n), z, mask, k);
		ledger_set(l, &z->releasing, mask);
	}
	return n;
}

/* What a visit keeps of the hour that ends. */
static void visit_end_hour(struct ledger_image *image, struct ledger_visit *v)
{
	unsigned int zone = visit_zone(v);
	uint64_t released =
		zone < LEDGER_ZONES ? image->zone[zone].releasing : 0;

	v->bits &= ~(released | VISIT_IN_HOUR | VISIT_SHOWN);
	if (released & DISCLOSURE_BYTES)
		v->batch_up = v->batch_down = 0;
}

/* May be done twice. */
static void finish_hour(struct ledger *l)
{
	struct ledger_image *image = l->image;

	for (size_t i = 0; i < release_share_visits(image); i++)
		visit_end_hour(image, ledger_visit_at(l, i));
	for (size_t i = 0; i < LEDGER_ZONES; i++) {
		struct ledger_zone *z = &image->zone[i];

		for (int m = 0; m < USAGE_RELEASED; m++)
			if (z->releasing & BIT(m))
				z->value[m] = z->contributors[m] = 0;
		if (z->releasing & DISCLOSURE_BYTES)
			z->bound_up = z->bound_down = 0;
		z->peak = 0;
		ledger_set(l, &z->releasing, 0);
	}
	ledger_set(l, &image->hour_s, image->next_hour_s);
	ledger_set(l, &image->closing, CLOSING_NOTHING);
	ledger_commit(l);
}

void release_hour(struct ledger *l, unsigned int k, int64_t next_hour_s)
{
	struct ledger_image *image = l->image;

	/* no room, since nobody fetches: everything is carried on */
	if (outbox_room(l) > LEDGER_ZONES)
		outbox_stage(l, draft_hour(l, k), (int64_t)image->hour_s);
	ledger_set(l, &image->next_hour_s, (uint64_t)next_hour_s);
	ledger_set(l, &image->closing, CLOSING_HOUR);
	ledger_commit(l);
	finish_hour(l);
}

void release_resume(struct ledger *l, struct device_index *vs)
{
	switch ((enum ledger_closing)l->image->closing) {
	case CLOSING_NOTHING:
		return;
	case CLOSING_HOUR:
		finish_hour(l);
		return;
	case CLOSING_DAY:
		release_finish_day(l);
		device_index_rebuild(vs);
		return;
	}
}
