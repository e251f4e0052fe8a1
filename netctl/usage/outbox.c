/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/usage/outbox.h"

#include <string.h>

#define WORDS (sizeof(struct ledger_figure) / sizeof(uint64_t))

static const struct ledger_figure *place(const struct ledger_image *image,
					 uint64_t i)
{
	return &image->figure[i % LEDGER_FIGURES];
}

void outbox_put(struct ledger *l, const struct ledger_figure *f)
{
	const struct ledger_image *image = ledger_image(l);
	const uint64_t *to = (const uint64_t *)place(image, image->end_figure);
	uint64_t word[WORDS];

	memcpy(word, f, sizeof(word));
	for (size_t i = 0; i < WORDS; i++)
		ledger_set(l, to + i, word[i]);
	ledger_add(l, &image->end_figure, 1);
	if (image->end_figure - image->first_figure == LEDGER_FIGURES)
		ledger_add(l, &image->first_figure, 1);
}

static void fill(struct ipc_usage_cell *c, const struct ledger_figure *f)
{
	c->start_s = (int64_t)f->start_s;
	c->value = (int64_t)f->value;
	c->scale_n = f->scale_n;
	c->scale_d = f->scale_d;
	c->metric = (uint16_t)f->metric;
	c->hours = (uint16_t)f->hours;
	memcpy(c->zone, f->zone, sizeof(c->zone));
}

size_t outbox_read(const struct ledger *l, uint64_t after,
		   struct ipc_usage_cell *out, size_t max)
{
	const struct ledger_image *image = ledger_image(l);
	uint64_t i = after > image->first_figure ? after : image->first_figure;
	size_t count = 0;

	for (; i < image->end_figure && count < max; i++) {
		struct ipc_usage_cell *c = &out[count++];

		*c = (struct ipc_usage_cell){ .stream = image->stream,
					      .seq = i + 1 };
		fill(c, place(image, i));
	}
	for (size_t n = 0; n < count; n++)
		out[n].more = (uint16_t)(count - 1 - n);
	return count;
}

void outbox_forget(struct ledger *l, uint64_t committed)
{
	const struct ledger_image *image = ledger_image(l);

	if (committed <= image->first_figure || committed > image->end_figure)
		return;
	ledger_set(l, &image->first_figure, committed);
	ledger_commit(l);
}

uint64_t outbox_waiting(const struct ledger *l)
{
	const struct ledger_image *image = ledger_image(l);

	return image->end_figure - image->first_figure;
}

uint64_t outbox_oldest_ms(const struct ledger *l)
{
	const struct ledger_image *image = ledger_image(l);

	return outbox_waiting(l) ? place(image, image->first_figure)->closed_ms
				 : 0;
}
