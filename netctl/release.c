/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/release.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "netctl/outbox.h"

#define BIT(metric)  (1ULL << (metric))
#define BYTES	     (BIT(USAGE_BYTES_UP) | BIT(USAGE_BYTES_DOWN))
#define PEAK_STEP    5
#define OTHER	     "other"
#define PARTS_OF_DAY (1 + LEDGER_ZONES + USAGE_LABELS + USAGE_PLATFORMS + 2)

struct bytes {
	uint64_t up, down;
};

static void take_larger(struct bytes *most, uint64_t up, uint64_t down)
{
	if (up > most->up)
		most->up = up;
	if (down > most->down)
		most->down = down;
}

/* Nobody makes up more than half of a sum of bytes. */
static bool is_mixed(const struct bytes *most, const struct bytes *sum)
{
	return most->up <= sum->up / 2 && most->down <= sum->down / 2;
}

static size_t visits_of(const struct ledger_image *image)
{
	return image->visits[image->half];
}

/* --- the hour ---------------------------------------------------------- */

static void find_most(const struct ledger *l, struct bytes most[LEDGER_ZONES])
{
	for (size_t i = 0; i < visits_of(l->image); i++) {
		const struct ledger_visit *v = ledger_visit_at(l, i);
		unsigned int zone = visit_zone(v);

		if (zone < LEDGER_ZONES)
			take_larger(&most[zone], v->batch_up, v->batch_down);
	}
	/* who was there before may be the one who leads now */
	for (size_t i = 0; i < LEDGER_ZONES; i++) {
		most[i].up += l->image->zone[i].bound_up;
		most[i].down += l->image->zone[i].bound_down;
	}
}

/* The metrics of a zone that may go now. */
static uint64_t ripe(const struct ledger_zone *z, const struct bytes *most,
		     unsigned int k)
{
	struct bytes sum = { z->value[USAGE_BYTES_UP],
			     z->value[USAGE_BYTES_DOWN] };
	uint64_t mask = 0;

	for (int m = 0; m < USAGE_BYTES_UP; m++)
		if (z->contributors[m] >= k)
			mask |= BIT(m);
	/* both directions have the same contributors */
	if (z->contributors[USAGE_BYTES_UP] >= k && is_mixed(most, &sum))
		mask |= BYTES;
	return mask;
}

static uint64_t peak_shown(uint64_t peak, unsigned int k)
{
	return peak < k ? 0 : peak - peak % PEAK_STEP;
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
	row->value[USAGE_PEAK] = peak_shown(z->peak, k);
	return says_something || row->value[USAGE_PEAK];
}

static size_t draft_hour(struct ledger *l, unsigned int k)
{
	struct bytes most[LEDGER_ZONES] = { { 0 } };
	size_t n = 0;

	find_most(l, most);
	for (size_t i = 0; i < LEDGER_ZONES; i++) {
		struct ledger_zone *z = &l->image->zone[i];
		uint64_t mask;

		if (!z->name[0])
			continue;
		mask = ripe(z, &most[i], k);
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
	if (released & BYTES)
		v->batch_up = v->batch_down = 0;
}

/* May be done twice. */
static void finish_hour(struct ledger *l)
{
	struct ledger_image *image = l->image;

	for (size_t i = 0; i < visits_of(image); i++)
		visit_end_hour(image, ledger_visit_at(l, i));
	for (size_t i = 0; i < LEDGER_ZONES; i++) {
		struct ledger_zone *z = &image->zone[i];

		for (int m = 0; m < USAGE_RELEASED; m++)
			if (z->releasing & BIT(m))
				z->value[m] = z->contributors[m] = 0;
		if (z->releasing & BYTES)
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

/* --- the day: who contributed, in the box as a whole ------------------- */

struct leftover {
	uint64_t contributors[USAGE_RELEASED];
	struct bytes most;
};

static const struct ledger_visit *visit_sorted_by; /* qsort has no argument */

static int compare_id(const void *a, const void *b)
{
	uint64_t x = visit_sorted_by[*(const uint32_t *)a].id;
	uint64_t y = visit_sorted_by[*(const uint32_t *)b].id;

	return x < y ? -1 : x > y;
}

/* One device: the union of its zones' bits, and the sum of its bytes. */
static size_t add_device(struct leftover *left, const struct ledger *l,
			 const uint32_t *order, size_t i, size_t count)
{
	uint64_t id = ledger_visit_at(l, order[i])->id;
	struct bytes sum = { 0, 0 };
	uint64_t bits = 0;

	for (; i < count; i++) {
		const struct ledger_visit *v = ledger_visit_at(l, order[i]);

		if (v->id != id)
			break;
		bits |= v->bits;
		sum.up += v->batch_up;
		sum.down += v->batch_down;
	}
	for (int m = 0; id && m < USAGE_RELEASED; m++)
		left->contributors[m] += (bits & BIT(m)) != 0;
	take_larger(&left->most, sum.up, sum.down);
	return i;
}

static void find_contributors(const struct ledger *l, struct leftover *left)
{
	size_t count = visits_of(l->image);
	uint32_t *order = malloc((count + 1) * sizeof(*order));

	if (!order) {
		return; /* nobody is known to have contributed: carried on */
	}
	for (size_t i = 0; i < count; i++)
		order[i] = (uint32_t)i;
	visit_sorted_by = ledger_visit_at(l, 0);
	qsort(order, count, sizeof(*order), compare_id);
	for (size_t i = 0; i < count;)
		i = add_device(left, l, order, i, count);
	free(order);
}

/* --- the day: the box's row -------------------------------------------- */

static uint64_t left_of(const struct ledger_image *image, int m)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < LEDGER_ZONES; i++)
		sum += image->zone[i].value[m];
	return sum;
}

static uint64_t ripe_of_box(const struct ledger_image *image,
			    const struct leftover *left, unsigned int k)
{
	struct bytes most = left->most;
	struct bytes sum = { left_of(image, USAGE_BYTES_UP),
			     left_of(image, USAGE_BYTES_DOWN) };
	uint64_t mask = 0;

	for (size_t i = 0; i < LEDGER_ZONES; i++) {
		most.up += image->zone[i].bound_up;
		most.down += image->zone[i].bound_down;
	}
	for (int m = 0; m < USAGE_BYTES_UP; m++)
		if (left->contributors[m] >= k)
			mask |= BIT(m);
	if (left->contributors[USAGE_BYTES_UP] >= k && is_mixed(&most, &sum))
		mask |= BYTES;
	return mask;
}

/* Devices of the day: a figure of its own, carried on where few share it. */
static uint64_t day_visitors(struct ledger *l, uint64_t today,
			     uint64_t *carried, unsigned int k)
{
	uint64_t sum = today + *carried;

	ledger_set(l, carried, today >= k ? 0 : sum);
	return today >= k ? sum : 0;
}

/* What is released of the zones, while the day is being closed. */
static void mark_released(struct ledger *l, uint64_t mask)
{
	struct bytes most[LEDGER_ZONES] = { { 0 } };

	find_most(l, most);
	for (size_t i = 0; i < LEDGER_ZONES; i++) {
		struct ledger_zone *z = &l->image->zone[i];

		ledger_set(l, &z->releasing, mask);
		ledger_set(l, &z->bound_up, mask & BYTES ? 0 : most[i].up);
		ledger_set(l, &z->bound_down, mask & BYTES ? 0 : most[i].down);
	}
}

static bool draft_box(struct ledger *l, struct ipc_usage_row *row,
		      unsigned int k)
{
	struct ledger_image *image = l->image;
	struct leftover left = { { 0 }, { 0, 0 } };
	uint64_t mask;

	find_contributors(l, &left);
	mask = ripe_of_box(image, &left, k);
	row->step = USAGE_DAY;
	for (int m = 0; m < USAGE_RELEASED; m++)
		if (mask & BIT(m))
			row->value[m] = left_of(image, m);
	mark_released(l, mask);
	row->value[USAGE_DAY_VISITORS] = day_visitors(
		l, image->box_day_visitors, &image->box_day_carried, k);
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
			day_visitors(l, z->day_visitors, &z->day_carried, k);
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
	uint64_t rarely; /* devices with a label that fewer than k share */
};

static void draft_label(struct labels *d, const char *label, uint64_t value)
{
	struct ipc_usage_label *m = outbox_draft_label(d->l, d->n++);

	m->kind = d->kind;
	m->value = value;
	memcpy(m->label, label, strnlen(label, USAGE_LABEL_MAX - 1));
}

static void offer_label(struct labels *d, const char *label, uint64_t value)
{
	if (value >= d->k && strcmp(label, OTHER) != 0)
		draft_label(d, label, value);
	else
		d->rarely += value;
}

/* Rare ones are released together, or carried on. */
static void finish_labels(struct labels *d)
{
	uint64_t *carried = &d->l->image->other[d->kind];

	if (d->rarely >= d->k)
		draft_label(d, OTHER, d->rarely + *carried);
	ledger_set(d->l, carried, d->rarely >= d->k ? 0 : d->rarely + *carried);
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
	d.rarely = 0;
	for (int p = 0; p < USAGE_PLATFORMS; p++)
		offer_label(&d, usage_platform_to_string(p),
			    image->platform[p]);
	finish_labels(&d);
	return d.n;
}

/* --- the day: everybody is forgotten ----------------------------------- */

/* Only who is online goes on, without a name until it is seen again. */
static void copy_open(const struct ledger *l, uint64_t to)
{
	struct ledger_image *image = l->image;
	size_t n = 0;

	for (size_t i = 0; i < visits_of(image); i++) {
		const struct ledger_visit *v = ledger_visit_at(l, i);
		struct ledger_visit *copy = &image->visit[to][n];

		if (!v->handle)
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
static void finish_day(struct ledger *l)
{
	struct ledger_image *image = l->image;
	uint64_t other = !image->half;

	if (getrandom(image->key[other], sizeof(image->key[other]), 0) !=
	    (ssize_t)sizeof(image->key[other]))
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

void release_day(struct ledger *l, struct visits *vs, unsigned int k,
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
	finish_day(l);
	visits_rebuild(vs);
}

void release_resume(struct ledger *l, struct visits *vs)
{
	switch ((enum ledger_closing)l->image->closing) {
	case CLOSING_NOTHING:
		return;
	case CLOSING_HOUR:
		finish_hour(l);
		return;
	case CLOSING_DAY:
		finish_day(l);
		visits_rebuild(vs);
		return;
	}
}
