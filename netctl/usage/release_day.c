/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/usage/release_day.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "netctl/usage/outbox.h"
#include "netctl/usage/release_share.h"

#define BIT(metric)  DISCLOSURE_BIT(metric)
#define OTHER	     "other"
#define PARTS_OF_DAY (1 + LEDGER_ZONES + USAGE_LABELS + USAGE_PLATFORMS + 2)

/* --- the day: who contributed, in the box as a whole ------------------- */

struct leftover {
	const struct ledger *l;
	uint32_t
		*order; /* visits by device; NULL: no memory, nobody is known */
	size_t count;
	uint64_t value[USAGE_RELEASED]; /* of all zones */
	uint64_t contributors[USAGE_RELEASED];
	struct disclosure_bytes most;
	uint32_t shown_zones; /* bit i: the zone's devices of the day go out */
	uint64_t hidden;      /* devices of the day in no such zone */
	uint64_t shared;      /* times that one is in a second such zone */
};

/* What a device has done in all zones together. */
struct device {
	uint64_t bits;
	struct disclosure_bytes sum;
	unsigned int shown_zones;
};

static const struct ledger_visit *visit_sorted_by; /* qsort has no argument */

static int compare_id(const void *a, const void *b)
{
	uint64_t x = visit_sorted_by[*(const uint32_t *)a].id;
	uint64_t y = visit_sorted_by[*(const uint32_t *)b].id;

	return x < y ? -1 : x > y;
}

/* The device at place *i of the order, which it passes. */
static struct device take_device(const struct leftover *left, size_t *i)
{
	uint64_t id = ledger_visit_at(left->l, left->order[*i])->id;
	struct device d = { 0 };

	for (; *i < left->count; (*i)++) {
		const struct ledger_visit *v =
			ledger_visit_at(left->l, left->order[*i]);

		if (v->id != id)
			break;
		d.bits |= id ? v->bits : 0;
		d.sum.up += v->batch_up;
		d.sum.down += v->batch_down;
		d.shown_zones += id && v->bits & VISIT_IN_DAY &&
				 left->shown_zones & 1U << visit_zone(v);
	}
	return d;
}

static void add_device(struct leftover *left, const struct device *d)
{
	for (int m = 0; m < USAGE_RELEASED; m++)
		left->contributors[m] += (d->bits & BIT(m)) != 0;
	disclosure_raise(&left->most, d->sum.up, d->sum.down);
	if (!(d->bits & VISIT_IN_DAY))
		return;
	left->hidden += d->shown_zones == 0;
	left->shared += d->shown_zones > 1 ? d->shown_zones - 1 : 0;
}

static size_t count_in_box(const void *arg, uint64_t metrics)
{
	const struct leftover *left = arg;
	size_t n = 0;

	for (size_t i = 0; left->order && i < left->count;) {
		struct device d = take_device(left, &i);

		n += (d.bits & metrics) != 0;
	}
	return n;
}

static void add_zones(struct leftover *left, unsigned int k)
{
	for (size_t i = 0; i < LEDGER_ZONES; i++) {
		const struct ledger_zone *z = &left->l->image->zone[i];

		for (int m = 0; m < USAGE_RELEASED; m++)
			left->value[m] += z->value[m];
		left->most.up += z->bound_up;
		left->most.down += z->bound_down;
		if (z->day_visitors >= k)
			left->shown_zones |= 1U << i;
	}
}

/* left->order is to be freed. */
static void find_contributors(struct leftover *left, unsigned int k)
{
	struct disclosure_bytes bound;

	add_zones(left, k);
	bound = left->most;
	left->most = (struct disclosure_bytes){ 0, 0 };
	left->count = release_share_visits(left->l->image);
	left->order = malloc((left->count + 1) * sizeof(*left->order));
	if (!left->order)
		return;
	for (size_t i = 0; i < left->count; i++)
		left->order[i] = (uint32_t)i;
	visit_sorted_by = ledger_visit_at(left->l, 0);
	qsort(left->order, left->count, sizeof(*left->order), compare_id);
	for (size_t i = 0; i < left->count;) {
		struct device d = take_device(left, &i);

		add_device(left, &d);
	}
	left->most.up += bound.up;
	left->most.down += bound.down;
}

/* --- the day: the box's row -------------------------------------------- */

/* Devices of the day: a figure of its own, carried on where few share it. */
static uint64_t day_visitors(struct ledger *l, uint64_t today,
			     uint64_t *carried, bool is_ripe)
{
	uint64_t sum = today + *carried;

	ledger_set(l, carried, is_ripe ? 0 : sum);
	return is_ripe ? sum : 0;
}

/* Compared with the zones' figures it must not reveal fewer than k. */
static bool box_day_is_ripe(const struct leftover *left, unsigned int k)
{
	return left->l->image->box_day_visitors >= k && left->order &&
	       disclosure_is_none_or_many(left->hidden, k) &&
	       disclosure_is_none_or_many(left->shared, k);
}

/* What is released of the zones, while the day is being closed. */
static void mark_released(struct ledger *l, uint64_t mask)
{
	struct disclosure_bytes most[LEDGER_ZONES] = { { 0 } };

	release_share_find_most(l, most);
	for (size_t i = 0; i < LEDGER_ZONES; i++) {
		struct ledger_zone *z = &l->image->zone[i];

		ledger_set(l, &z->releasing, mask);
		ledger_set(l, &z->bound_up,
			   mask & DISCLOSURE_BYTES ? 0 : most[i].up);
		ledger_set(l, &z->bound_down,
			   mask & DISCLOSURE_BYTES ? 0 : most[i].down);
	}
}

static bool draft_box(struct ledger *l, struct ipc_usage_row *row,
		      unsigned int k)
{
	struct ledger_image *image = l->image;
	struct leftover left = { .l = l };
	struct disclosure_batch batch = {
		.value = left.value,
		.contributors = left.contributors,
		.count = count_in_box,
		.arg = &left,
	};
	uint64_t mask;

	find_contributors(&left, k);
	batch.most = left.most;
	mask = disclosure_metrics(&batch, k);
	row->step = USAGE_DAY;
	for (int m = 0; m < USAGE_RELEASED; m++)
		if (mask & BIT(m))
			row->value[m] = left.value[m];
	mark_released(l, mask);
	row->value[USAGE_DAY_VISITORS] = day_visitors(
		l, image->box_day_visitors, &image->box_day_carried,
		box_day_is_ripe(&left, k));
	free(left.order);
	return mask || row->value[USAGE_DAY_VISITORS];
}

static size_t draft_zones(struct ledger *l, size_t n, unsigned int k)
{
	for (size_t i = 0; i < LEDGER_ZONES; i++) {
		struct ledger_zone *z = &l->image->zone[i];
		struct ipc_usage_row *row;

		if (!z->name[0])
			continue;
		row = outbox_draft_row(l, n);
		row->step = USAGE_DAY;
		memcpy(row->zone, z->name, sizeof(row->zone));
		row->value[USAGE_DAY_VISITORS] =
			day_visitors(l, z->day_visitors, &z->day_carried,
				     z->day_visitors >= k);
		n += row->value[USAGE_DAY_VISITORS] != 0;
	}
	return n;
}

/* --- the day: languages and platforms ---------------------------------- */

struct labels {
	struct ledger *l;
	unsigned int k;
	enum usage_kind kind;
	size_t n;	 /* drafts so far */
	uint64_t rarely; /* devices whose labels go together */
	size_t count;
	struct {
		const char *label;
		uint64_t value;
		bool is_rare;
	} offer[USAGE_LABELS];
};

static void draft_label(struct labels *d, const char *label, uint64_t value)
{
	struct ipc_usage_label *m = outbox_draft_label(d->l, d->n++);

	m->kind = d->kind;
	m->value = value;
	memcpy(m->label, label, strnlen(label, USAGE_LABEL_MAX - 1));
}

static void make_rare(struct labels *d, size_t i)
{
	d->offer[i].is_rare = true;
	d->rarely += d->offer[i].value;
}

static void offer_label(struct labels *d, const char *label, uint64_t value)
{
	size_t i = d->count++;

	d->offer[i].label = label;
	d->offer[i].value = value;
	d->offer[i].is_rare = false;
	if (value < d->k || !strcmp(label, OTHER))
		make_rare(d, i);
}

/* false: there is none left. */
static bool make_smallest_rare(struct labels *d)
{
	size_t least = d->count;

	for (size_t i = 0; i < d->count; i++)
		if (!d->offer[i].is_rare &&
		    (least == d->count ||
		     d->offer[i].value < d->offer[least].value))
			least = i;
	if (least == d->count)
		return false;
	make_rare(d, least);
	return true;
}

/*
 * Rare ones are released together, with the smallest of the others where they
 * are too few for that; or all is carried on.
 */
static void finish_labels(struct labels *d)
{
	uint64_t *carried = &d->l->image->other[d->kind];

	while (d->rarely && d->rarely < d->k && make_smallest_rare(d))
		;
	for (size_t i = 0; i < d->count; i++)
		if (!d->offer[i].is_rare)
			draft_label(d, d->offer[i].label, d->offer[i].value);
	if (d->rarely >= d->k)
		draft_label(d, OTHER, d->rarely + *carried);
	ledger_set(d->l, carried, d->rarely >= d->k ? 0 : d->rarely + *carried);
	d->rarely = 0;
	d->count = 0;
}

static size_t draft_labels(struct ledger *l, size_t n, unsigned int k)
{
	const struct ledger_image *image = l->image;
	struct labels d = { .l = l, .k = k, .kind = USAGE_LANGUAGE, .n = n };

	for (size_t i = 0; i < image->languages; i++)
		offer_label(&d, image->language[i].label,
			    image->language[i].value);
	finish_labels(&d);
	d.kind = USAGE_PLATFORM;
	for (int p = 0; p < USAGE_PLATFORMS; p++)
		offer_label(&d, usage_platform_to_string(p),
			    image->platform[p]);
	finish_labels(&d);
	return d.n;
}

/* --- the day: everybody is forgotten ----------------------------------- */

/* Only who is online goes on, without a name until it is seen again. */
static void copy_open(struct ledger *l, uint64_t to)
{
	struct ledger_image *image = l->image;
	size_t n = 0;

	for (size_t i = 0; i < release_share_visits(image); i++) {
		const struct ledger_visit *v = ledger_visit_at(l, i);
		struct ledger_visit *copy = &image->visit[to][n];

		if (!v->handle || !ledger_reserve(l, to, n + 1))
			continue;
		*copy = *v;
		copy->id = 0;
		copy->bits &= VISIT_ZONE_MASK | VISIT_PLATFORM_MASK;
		copy->batch_up = copy->batch_down = 0;
		n++;
	}
	image->visits[to] = n;
}

static void zone_end_day(struct ledger *l, struct ledger_zone *z)
{
	for (int m = 0; m < USAGE_RELEASED; m++)
		if (z->releasing & BIT(m))
			z->value[m] = 0;
	memset(z->contributors, 0, sizeof(z->contributors));
	z->day_visitors = 0;
	ledger_set(l, &z->releasing, 0);
}

/* May be done twice, until the last commit; then nothing is left to do. */
void release_finish_day(struct ledger *l)
{
	struct ledger_image *image = l->image;
	uint64_t other = !image->half;

	if (!random_fill(image->key[other], sizeof(image->key[other])))
		fatal("usage: no randomness for the key of the day");
	copy_open(l, other);
	for (size_t i = 0; i < LEDGER_ZONES; i++)
		zone_end_day(l, &image->zone[i]);
	memset(image->language, 0, sizeof(image->language));
	memset(image->platform, 0, sizeof(image->platform));
	ledger_set(l, &image->languages, 0);
	ledger_set(l, &image->box_day_visitors, 0);
	ledger_set(l, &image->half, other);
	ledger_set(l, &image->day_s, image->next_day_s);
	ledger_set(l, &image->closing, CLOSING_NOTHING);
	ledger_commit(l);
	ledger_wipe_other_half(l);
}

void release_day(struct ledger *l, struct device_index *vs, unsigned int k,
		 int64_t next_day_s)
{
	struct ledger_image *image = l->image;
	size_t n;

	if (outbox_room(l) < PARTS_OF_DAY) {
		log_warn("usage: nobody fetches the figures; those of this day "
			 "are added to the next");
		k = UINT_MAX;
	}
	n = draft_box(l, outbox_draft_row(l, 0), k);
	n = draft_zones(l, n, k);
	n = draft_labels(l, n, k);
	outbox_stage(l, n, (int64_t)image->day_s);
	ledger_set(l, &image->next_day_s, (uint64_t)next_day_s);
	ledger_set(l, &image->closing, CLOSING_DAY);
	ledger_commit(l);
	release_finish_day(l);
	device_index_rebuild(vs);
}
