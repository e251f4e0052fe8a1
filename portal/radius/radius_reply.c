/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/radius/radius_reply.h"

#include <string.h>

#include "common/array.h"

enum { WISPR = 14122, CHILLISPOT = 14559 };

struct row {
	uint32_t vendor;
	uint8_t type;
	bool is_bytes;	/* struct radius_bytes, else uint64_t */
	uint16_t times; /* what the number is in */
	size_t offset;
};

#define NUMBER(vendor, type, times, field)                                     \
	{                                                                      \
		vendor, type, false, times,                                    \
			offsetof(struct radius_reply, field)                   \
	}
#define BYTES(type, field)                                                     \
	{                                                                      \
		0, type, true, 0, offsetof(struct radius_reply, field)         \
	}

/* Where two say the same, the later one in the packet holds. */
static const struct row rows[] = {
	NUMBER(0, RADIUS_SESSION_TIMEOUT, 1, session_s),
	NUMBER(0, RADIUS_IDLE_TIMEOUT, 1, idle_s),
	NUMBER(0, RADIUS_ACCT_INTERIM_INTERVAL, 1, interim_s),
	NUMBER(0, RADIUS_EVENT_TIMESTAMP, 1, timestamp_s),
	NUMBER(WISPR, 7, 1, up_bps), /* WISPr-Bandwidth-Max-Up */
	NUMBER(WISPR, 8, 1, down_bps),
	NUMBER(CHILLISPOT, 1, 1, input), /* ChilliSpot-Max-Input-Octets */
	NUMBER(CHILLISPOT, 2, 1, output),
	NUMBER(CHILLISPOT, 3, 1, total),
	NUMBER(CHILLISPOT, 4, 1000, up_bps), /* ChilliSpot-Bandwidth-Max-Up */
	NUMBER(CHILLISPOT, 5, 1000, down_bps),
	NUMBER(CHILLISPOT, 21, 1, input_high), /* ...-Max-Input-Gigawords */
	NUMBER(CHILLISPOT, 22, 1, output_high),
	NUMBER(CHILLISPOT, 23, 1, total_high),
	BYTES(RADIUS_USER_NAME, name),
	BYTES(RADIUS_CHARGEABLE_USER_IDENTITY, cui),
	BYTES(RADIUS_ACCT_SESSION_ID, handle),
	BYTES(RADIUS_CALLING_STATION_ID, station),
};

static const struct row *find(const struct radius_attribute *a)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].vendor == a->vendor && rows[i].type == a->type)
			return &rows[i];
	return NULL;
}

static void take_bytes(struct radius_bytes *b, const struct radius_attribute *a)
{
	if (a->len > sizeof(b->byte))
		return;
	memcpy(b->byte, a->value, a->len);
	b->len = a->len;
}

/* Each as it stood there, so that it can be put back so. */
static void take_class(struct radius_reply *r, const struct radius_attribute *a)
{
	size_t len = a->len + 2U;

	if (len > sizeof(r->classes) - r->classes_len)
		return;
	memcpy(r->classes + r->classes_len, a->value - 2, len);
	r->classes_len += len;
}

static void take(struct radius_reply *r, const struct radius_attribute *a)
{
	const struct row *row = find(a);

	if (!a->vendor && a->type == RADIUS_CLASS)
		take_class(r, a);
	else if (row && row->is_bytes)
		take_bytes((void *)((char *)r + row->offset), a);
	else if (row && a->len == 4)
		*(uint64_t *)(void *)((char *)r + row->offset) =
			(uint64_t)radius_attribute_number(a) * row->times;
}

void radius_reply_read(struct radius_reply *r, const struct radius_view *v)
{
	struct radius_attribute a = { 0 };

	memset(r, 0, sizeof(*r));
	while (radius_view_next(v, &a))
		take(r, &a);
}

static uint64_t octets(uint64_t low, uint64_t high)
{
	return high << 32 | low;
}

struct ipc_limits radius_reply_limits(const struct radius_reply *r)
{
	uint64_t bounds[] = {
		octets(r->total, r->total_high),
		octets(r->input, r->input_high),
		octets(r->output, r->output_high),
	};
	struct ipc_limits l = {
		.duration_s = r->session_s,
		.idle_s = r->idle_s,
		.down_bps = r->down_bps,
		.up_bps = r->up_bps,
	};

	if (bounds[1] && bounds[2]) { /* both: what they add up to */
		bounds[1] += bounds[2];
		bounds[2] = 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++)
		if (bounds[i] && (!l.quota_bytes || bounds[i] < l.quota_bytes))
			l.quota_bytes = bounds[i];
	return l;
}
