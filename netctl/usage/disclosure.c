/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/usage/disclosure.h"

#include "common/array.h"

#define BIT(metric) DISCLOSURE_BIT(metric)
#define PEOPLE_STEP 5

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
#define GROUPS (ARRAY_SIZE(groups))

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

static uint64_t without_remainders(const struct disclosure_batch *b,
				   uint64_t mask, uint64_t group,
				   unsigned int k)
{
	uint64_t held = held_of(b->value, mask, group);

	while (held && mask & group && b->count(b->arg, held) < k) {
		mask &= ~smallest_of(b->value, mask & group);
		held = held_of(b->value, mask, group);
	}
	return mask;
}

bool disclosure_is_mixed(const struct disclosure_bytes *most,
			 const struct disclosure_bytes *sum)
{
	return most->up <= sum->up / 2 && most->down <= sum->down / 2;
}

uint64_t disclosure_people(uint64_t online, unsigned int k)
{
	return online < k ? 0 : online - online % PEOPLE_STEP;
}

void disclosure_raise(struct disclosure_bytes *most, uint64_t up, uint64_t down)
{
	if (up > most->up)
		most->up = up;
	if (down > most->down)
		most->down = down;
}

uint64_t disclosure_metrics(const struct disclosure_batch *b, unsigned int k)
{
	const struct disclosure_bytes sum = { b->value[USAGE_BYTES_UP],
					      b->value[USAGE_BYTES_DOWN] };
	uint64_t mask = 0;

	for (int m = 0; m < USAGE_BYTES_UP; m++)
		if (b->contributors[m] >= k)
			mask |= BIT(m);
	/* both directions have the same contributors */
	if (b->contributors[USAGE_BYTES_UP] >= k &&
	    disclosure_is_mixed(&b->most, &sum))
		mask |= DISCLOSURE_BYTES;
	for (size_t g = 0; g < GROUPS; g++)
		mask = without_remainders(b, mask, groups[g], k);
	return mask;
}

bool disclosure_is_none_or_many(uint64_t devices, unsigned int k)
{
	return !devices || devices >= k;
}
