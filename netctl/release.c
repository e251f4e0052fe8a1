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

/*
 * Members of a group share out the same sessions, so what is held back of it
 * shows in what is not. It is held back with the smallest of the others, until
 * k devices share that, too.
 */
static const uint64_t groups[] = {
	BIT(USAGE_EXPIRED) | BIT(USAGE_IDLE) | BIT(USAGE_QUOTA) |
		BIT(USAGE_LOGOUT) | BIT(USAGE_OPERATOR),
	BIT(USAGE_DWELL_5) | BIT(USAGE_DWELL_15) | BIT(USAGE_DWELL_30) |
		BIT(USAGE_DWELL_60) | BIT(USAGE_DWELL_120) |
		BIT(USAGE_DWELL_240) | BIT(USAGE_DWELL_MORE),
};
#define GROUPS (sizeof(groups) / sizeof(groups[0]))

/* The members of a group that have something and are not in the mask. */
static uint64_t held_of(const uint64_t *value, uint64_t mask, uint64_t group)
{
	uint64_t held = 0;

	for (int m = 0; m < USAGE_RELEASED; m++)
		if (group & ~mask & BIT(m) && value[m])
			held |= BIT(m);
	return held;
}

static uint64_t smallest_of(const uint64_t *value, uint64_t mask)
{
	int least = -1;

	for (int m = 0; m < USAGE_RELEASED; m++)
		if (mask & BIT(m) && (least < 0 || value[m] < value[least]))
			least = m;
	return least < 0 ? 0 : BIT(least);
}

/* Who is asked how many devices share at least one of those metrics. */
struct sharers {
	size_t (*count)(const struct sharers *who, uint64_t metrics);
	const struct ledger *l;
	unsigned int zone;
	const struct leftover *left;
};

static uint64_t without_remainders(uint64_t mask, const uint64_t *value,
				   const struct sharers *who, unsigned int k)
{
	for (size_t g = 0; g < GROUPS; g++) {
		uint64_t held = held_of(value, mask, groups[g]);

		while (held && mask & groups[g] && who->count(who, held) < k) {
			mask &= ~smallest_of(value, mask & groups[g]);
			held = held_of(value, mask, groups[g]);
		}
	}
	return mask;
}

static size_t count_in_zone(const struct sharers *who, uint64_t metrics)
{
	size_t n = 0;

	for (size_t i = 0; i < visits_of(who->l->image); i++) {
		const struct ledger_visit *v = ledger_visit_at(who->l, i);

		n += visit_zone(v) == who->zone && v->bits & metrics;
	}
	return n;
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
	struct sharers who = { .count = count_in_zone, .l = l };
	size_t n = 0;

	find_most(l, most);
	for (size_t i = 0; i < LEDGER_ZONES; i++) {
		struct ledger_zone *z = &l->image->zone[i];
		uint64_t mask;

		if (!z->name[0])
			continue;
		who.zone = (unsigned int)i;
		mask = without_remainders(ripe(z, &most[i], k), z->value, &who,
					  k);
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
	uint32_t
		*order; /* visits by device; NULL: no memory, nobody is known */
	size_t count;
	uint64_t value[USAGE_RELEASED]; /* of all zones */
	uint64_t contributors[USAGE_RELEASED];
	struct bytes most;
	uint32_t shown_zones; /* bit i: the zone's devices of the day go out */
	uint64_t hidden;      /* devices of the day in no such zone */
	uint64_t shared;      /* times that one is in a second such zone */
};

/* What a device has done in all zones together. */
struct device {
	uint64_t bits;
	struct bytes sum;
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
static struct device take_device(const struct ledger *l,
				 const struct leftover *left, size_t *i)
{
	uint64_t id = ledger_visit_at(l, left->order[*i])->id;
	struct device d = { 0 };

	for (; *i < left->count; (*i)++) {
		const struct ledger_visit *v =
			ledger_visit_at(l, left->order[*i]);

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
	take_larger(&left->most, d->sum.up, d->sum.down);
	if (!(d->bits & VISIT_IN_DAY))
		return;
	left->hidden += d->shown_zones == 0;
	left->shared += d->shown_zones > 1 ? d->shown_zones - 1 : 0;
}

static size_t count_in_box(const struct sharers *who, uint64_t metrics)
{
	size_t n = 0;

	for (size_t i = 0; who->left->order && i < who->left->count;) {
		struct device d = take_device(who->l, who->left, &i);

		n += (d.bits & metrics) != 0;
	}
	return n;
}

static void add_zones(const struct ledger *l, struct leftover *left,
		      unsigned int k)
{
	for (size_t i = 0; i < LEDGER_ZONES; i++) {
		const struct ledger_zone *z = &l->image->zone[i];

		for (int m = 0; m < USAGE_RELEASED; m++)
			left->value[m] += z->value[m];
		left->most.up += z->bound_up;
		left->most.down += z->bound_down;
		if (z->day_visitors >= k)
			left->shown_zones |= 1U << i;
	}
}

/* left->order is to be freed. */
static void find_contributors(const struct ledger *l, struct leftover *left,
			      unsigned int k)
{
	struct bytes bound;

	add_zones(l, left, k);
	bound = left->most;
	left->most = (struct bytes){ 0, 0 };
	left->count = visits_of(l->image);
	left->order = malloc((left->count + 1) * sizeof(*left->order));
	if (!left->order)
		return;
	for (size_t i = 0; i < left->count; i++)
		left->order[i] = (uint32_t)i;
	visit_sorted_by = ledger_visit_at(l, 0);
	qsort(left->order, left->count, sizeof(*left->order), compare_id);
	for (size_t i = 0; i < left->count;) {
		struct device d = take_device(l, left, &i);

		add_device(left, &d);
	}
	left->most.up += bound.up;
	left->most.down += bound.down;
}

/* --- the day: the box's row -------------------------------------------- */

static uint64_t ripe_of_box(const struct leftover *left, unsigned int k)
{
	struct bytes sum = { left->value[USAGE_BYTES_UP],
			     left->value[USAGE_BYTES_DOWN] };
	uint64_t mask = 0;

	for (int m = 0; m < USAGE_BYTES_UP; m++)
		if (left->contributors[m] >= k)
			mask |= BIT(m);
	if (left->contributors[USAGE_BYTES_UP] >= k &&
	    is_mixed(&left->most, &sum))
		mask |= BYTES;
	return mask;
}

/* Devices of the day: a figure of its own, carried on where few share it. */
static uint64_t day_visitors(struct ledger *l, uint64_t today,
			     uint64_t *carried, bool is_ripe)
{
	uint64_t sum = today + *carried;

	ledger_set(l, carried, is_ripe ? 0 : sum);
	return is_ripe ? sum : 0;
}

static bool is_none_or_many(uint64_t n, unsigned int k)
{
	return !n || n >= k;
}

/* Beside the zones' figures it must not tell of a few what those do not. */
static bool box_day_is_ripe(const struct ledger *l, const struct leftover *left,
			    unsigned int k)
{
	return l->image->box_day_visitors >= k && left->order &&
	       is_none_or_many(left->hidden, k) &&
	       is_none_or_many(left->shared, k);
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
	struct leftover left = { .order = NULL };
	struct sharers who = { .count = count_in_box, .l = l, .left = &left };
	uint64_t mask;

	find_contributors(l, &left, k);
	mask = without_remainders(ripe_of_box(&left, k), left.value, &who, k);
	row->step = USAGE_DAY;
	for (int m = 0; m < USAGE_RELEASED; m++)
		if (mask & BIT(m))
			row->value[m] = left.value[m];
	mark_released(l, mask);
	row->value[USAGE_DAY_VISITORS] = day_visitors(
		l, image->box_day_visitors, &image->box_day_carried,
		box_day_is_ripe(l, &left, k));
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

	for (size_t i = 0; i < visits_of(image); i++) {
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
