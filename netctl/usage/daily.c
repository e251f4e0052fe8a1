/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/usage/daily.h"

#include <string.h>

#include "common/siphash.h"

#define ALL 1000 /* of a share */

#define NOWHERE LEDGER_DAILIES

static uint64_t id_of(const struct ledger *l, const struct daily_device *d)
{
	uint8_t bytes[IPC_ZONE_NAME_MAX + sizeof(d->mac)] = { 0 };
	size_t len = strnlen(d->zone, IPC_ZONE_NAME_MAX);

	memcpy(bytes, d->zone, len);
	memcpy(bytes + IPC_ZONE_NAME_MAX, &d->mac, sizeof(d->mac));
	return siphash(ledger_image(l)->key, bytes, sizeof(bytes));
}

static uint32_t find(const struct ledger_image *image, uint64_t id)
{
	for (uint32_t i = 0; i < image->dailies; i++)
		if (image->daily[i].id == id)
			return i;
	return NOWHERE;
}

/* NOWHERE: all have had their day. */
static uint32_t find_least(const struct ledger_image *image)
{
	uint64_t least = ALL;
	uint32_t at = NOWHERE;

	for (uint32_t i = 0; i < image->dailies; i++)
		if (image->daily[i].share < least) {
			least = image->daily[i].share;
			at = i;
		}
	return at;
}

static bool is_open(const struct ledger_image *image)
{
	return image->period[USAGE_DAY].is_open != 0;
}

/* --- how much ----------------------------------------------------------- */

static uint64_t minus(uint64_t limit, uint64_t had)
{
	if (limit == UINT64_MAX)
		return limit;
	return limit > had ? limit - had : 0;
}

static uint64_t share_of(uint64_t limit, uint64_t had)
{
	if (limit == UINT64_MAX)
		return 0;
	return had >= limit ? ALL
			    : (uint64_t)(ALL * (double)had / (double)limit);
}

/* Of time or data, whichever is more. */
static uint64_t share(const struct daily_amount *limit, uint64_t ms,
		      uint64_t bytes)
{
	uint64_t of_time = share_of(limit->ms, ms);
	uint64_t of_data = share_of(limit->bytes, bytes);

	return of_time > of_data ? of_time : of_data;
}

static struct daily_amount left_of(const struct daily_device *d,
				   const struct ledger_daily *r)
{
	return (struct daily_amount){ minus(d->limit.ms, r->ms),
				      minus(d->limit.bytes, r->bytes) };
}

bool daily_is_known(const struct ledger *l, const struct daily_device *d)
{
	const struct ledger_image *image = ledger_image(l);

	return is_open(image) && find(image, id_of(l, d)) != NOWHERE;
}

/* true: there is a place, or somebody makes room. */
static bool has_room(struct ledger *l)
{
	const struct ledger_image *image = ledger_image(l);

	return ledger_reserve_dailies(l, image->dailies + 1) ||
	       find_least(image) != NOWHERE;
}

struct daily_amount daily_left(struct ledger *l, const struct daily_device *d)
{
	const struct ledger_image *image = ledger_image(l);
	uint32_t at;

	if (!is_open(image))
		return d->limit;
	at = find(image, id_of(l, d));
	if (at != NOWHERE)
		return left_of(d, &image->daily[at]);
	return has_room(l) ? d->limit : (struct daily_amount){ 0, 0 };
}

/* --- a record ----------------------------------------------------------- */

static uint32_t make(struct ledger *l, uint64_t id)
{
	const struct ledger_image *image = ledger_image(l);
	uint32_t at = (uint32_t)image->dailies;

	if (!ledger_reserve_dailies(l, (size_t)at + 1))
		at = find_least(image);
	else
		ledger_add(l, &image->dailies, 1);
	if (at == NOWHERE)
		return at;
	ledger_set(l, &image->daily[at].id, id);
	ledger_set(l, &image->daily[at].ms, 0);
	ledger_set(l, &image->daily[at].bytes, 0);
	ledger_set(l, &image->daily[at].share, 0);
	return at;
}

static bool find_or_make(struct ledger *l, uint64_t id, uint32_t *at)
{
	const struct ledger_image *image = ledger_image(l);

	if (*at >= image->dailies || image->daily[*at].id != id)
		*at = find(image, id);
	if (*at == NOWHERE)
		*at = make(l, id);
	return *at != NOWHERE;
}

bool daily_take(struct ledger *l, const struct daily_device *d,
		const struct daily_amount *more, uint32_t *at,
		struct daily_amount *left)
{
	const struct ledger_image *image = ledger_image(l);
	const struct ledger_daily *r;

	if (!is_open(image) || !find_or_make(l, id_of(l, d), at))
		return false;
	r = &image->daily[*at];
	ledger_add(l, &r->ms, more->ms);
	ledger_add(l, &r->bytes, more->bytes);
	ledger_set(l, &r->share,
		   share(&d->limit, ledger_get(l, &r->ms),
			 ledger_get(l, &r->bytes)));
	ledger_commit(l);
	*left = left_of(d, r);
	return true;
}
