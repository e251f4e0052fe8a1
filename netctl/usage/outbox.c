/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/usage/outbox.h"

#include <string.h>

#include "netctl/usage/wallclock.h"

static union ledger_part *place(const struct ledger *l, uint64_t i)
{
	return &l->image->part[i % LEDGER_PARTS];
}

/* Rows and labels alike: their part stands at the same place. */
static struct ipc_usage_part *header_of(union ledger_part *p)
{
	return &p->row.part;
}

_Static_assert(offsetof(struct ipc_usage_row, part) ==
		       offsetof(struct ipc_usage_label, part),
	       "a part stands at the same place in rows and labels");

size_t outbox_room(const struct ledger *l)
{
	const struct ledger_image *image = l->image;

	return LEDGER_PARTS - (size_t)(image->end_part - image->first_part);
}

static union ledger_part *draft(struct ledger *l, size_t n, uint16_t type)
{
	union ledger_part *p = place(l, l->image->end_part + n);

	memset(p, 0, sizeof(*p));
	p->row.header.type = type;
	return p;
}

struct ipc_usage_row *outbox_draft_row(struct ledger *l, size_t n)
{
	return &draft(l, n, IPC_USAGE_ROW)->row;
}

struct ipc_usage_label *outbox_draft_label(struct ledger *l, size_t n)
{
	return &draft(l, n, IPC_USAGE_LABEL)->label;
}

void outbox_stage(struct ledger *l, size_t n, int64_t start_s)
{
	struct ledger_image *image = l->image;

	if (!n)
		return;
	for (size_t i = 0; i < n; i++)
		*header_of(place(l, image->end_part +
					    i)) = (struct ipc_usage_part){
			.stream = image->stream,
			.seq = image->last_seq + 1,
			.start_s = image->is_relative ? -1 - start_s : start_s,
			.index = (uint16_t)i,
			.count = (uint16_t)n,
		};
	ledger_add(l, &image->last_seq, 1);
	ledger_add(l, &image->end_part, n);
}

static bool may_go(const struct ipc_usage_part *p, uint64_t boot_s)
{
	return p->start_s >= 0 ||
	       (int64_t)boot_s - (-1 - p->start_s) > OUTBOX_PLACE_S;
}

bool outbox_find(const struct ledger *l, uint64_t after, uint64_t boot_s,
		 struct outbox_batch *batch)
{
	const struct ledger_image *image = l->image;
	uint64_t i = image->first_part;

	while (i < image->end_part) {
		const struct ipc_usage_part *p = header_of(place(l, i));

		if (p->seq > after) {
			*batch = (struct outbox_batch){ i, p->count };
			return may_go(p, boot_s);
		}
		i += p->count;
	}
	return false;
}

const union ledger_part *outbox_part(const struct ledger *l, uint64_t i)
{
	return place(l, i);
}

void outbox_forget(struct ledger *l, uint64_t committed)
{
	struct ledger_image *image = l->image;
	uint64_t i = image->first_part;

	while (i < image->end_part && header_of(place(l, i))->seq <= committed)
		i += header_of(place(l, i))->count;
	if (i == image->first_part)
		return;
	/* an empty ring starts over, so that it stays on its first pages */
	ledger_set(l, &image->first_part, i == image->end_part ? 0 : i);
	if (i == image->end_part)
		ledger_set(l, &image->end_part, 0);
	ledger_commit(l);
}

void outbox_place(struct ledger *l, int64_t boot_wall_s)
{
	struct ledger_image *image = l->image;

	for (uint64_t i = image->first_part; i < image->end_part; i++) {
		struct ipc_usage_part *p = header_of(place(l, i));
		bool is_day = place(l, i)->row.header.type == IPC_USAGE_LABEL ||
			      place(l, i)->row.step == USAGE_DAY;
		int64_t t = boot_wall_s - 1 - p->start_s;

		if (p->start_s < 0)
			p->start_s = is_day ? wallclock_midnight(t)
					    : wallclock_hour(t);
	}
}

uint64_t outbox_waiting(const struct ledger *l)
{
	const struct ledger_image *image = l->image;

	if (image->first_part == image->end_part)
		return 0;
	return image->last_seq - header_of(place(l, image->first_part))->seq +
	       1;
}

int64_t outbox_oldest_s(const struct ledger *l)
{
	const struct ledger_image *image = l->image;

	if (image->first_part == image->end_part)
		return 0;
	return header_of(place(l, image->first_part))->start_s;
}
