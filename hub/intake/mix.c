/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/intake/mix.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/random.h"

bool mix_add(struct mix *m, int64_t day, const uint8_t bytes[RECORD_BYTES])
{
	struct mixed *grown;

	if (m->count == MIX_MAX)
		return false;
	grown = array_grow(m->record, &m->room, m->count + 1,
			   sizeof(*m->record));
	if (!grown)
		return false;
	m->record = grown;
	m->record[m->count].day = day;
	memcpy(m->record[m->count++].bytes, bytes, RECORD_BYTES);
	return true;
}

/* --- chance ------------------------------------------------------------ */

struct dice {
	uint32_t number[64]; /* as much as one call gives */
	size_t left;
};

/* 0 to below, each as likely: what is beyond the last whole round is thrown
 * again. */
static bool roll(struct dice *d, uint32_t below, uint32_t *out)
{
	uint32_t rest = (uint32_t)(0x100000000ULL % below);

	do {
		if (!d->left && !random_fill(d->number, sizeof(d->number)))
			return false;
		if (!d->left)
			d->left = ARRAY_SIZE(d->number);
		*out = d->number[--d->left];
	} while (*out > UINT32_MAX - rest);
	*out %= below;
	return true;
}

static int compare_days(const void *a, const void *b)
{
	int64_t x = ((const struct mixed *)a)->day;
	int64_t y = ((const struct mixed *)b)->day;

	return (x > y) - (x < y);
}

/* Sorted first: within a day, all orders are as likely (Fisher, Yates). */
bool mix_shuffle(struct mix *m)
{
	struct dice d = { .left = 0 };
	size_t first = 0;

	if (m->count)
		qsort(m->record, m->count, sizeof(*m->record), compare_days);
	for (size_t i = 0; i < m->count; i++) {
		struct mixed swap = m->record[i];
		uint32_t with;

		if (swap.day != m->record[first].day)
			first = i;
		if (!roll(&d, (uint32_t)(i - first) + 1, &with))
			return false;
		m->record[i] = m->record[first + with];
		m->record[first + with] = swap;
	}
	explicit_bzero(&d, sizeof(d));
	return true;
}

size_t mix_batch(const struct mix *m, size_t *at, int64_t *day,
		 uint8_t out[RECORD_BATCH * RECORD_BYTES])
{
	size_t count = 0;

	for (; *at < m->count && count < RECORD_BATCH; (*at)++) {
		const struct mixed *r = &m->record[*at];

		if (count && r->day != *day)
			break;
		*day = r->day;
		memcpy(out + count++ * RECORD_BYTES, r->bytes, RECORD_BYTES);
	}
	return count;
}

void mix_clear(struct mix *m)
{
	free(m->record);
	memset(m, 0, sizeof(*m));
}
