/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/usage/cells.h"

#include <string.h>

#include "netctl/usage/outbox.h"

#define HOUR_MS 3600000

static enum usage_series series_of(int metric)
{
	return usage_metric_info((enum usage_metric)metric)->series;
}

static enum usage_period period_of(int metric)
{
	return usage_series_info(series_of(metric))->period;
}

/* --- opening ----------------------------------------------------------- */

static void open_cell(struct ledger *l, const struct cells_plan *plan,
		      int metric, unsigned int slot, uint64_t boot_ms)
{
	const struct ledger_image *image = ledger_image(l);
	const struct ledger_cell *c = &image->cell[metric][slot];
	struct usage_scale t =
		usage_scale(series_of(metric), plan->profile, plan->epsilon);

	if (!t.d)
		return; /* not of this profile */
	ledger_set(l, &c->is_open, 1);
	ledger_set(l, &c->value, (uint64_t)plan->draw(t));
	ledger_set(l, &c->scale_n, t.n);
	ledger_set(l, &c->scale_d, t.d);
	ledger_set(l, &c->opened_ms, boot_ms);
	if (metric == USAGE_MOST)
		ledger_set(l, &image->zone[slot].most, 0);
	ledger_commit(l);
}

static void fit_cell(struct ledger *l, const struct cells_plan *plan,
		     int metric, unsigned int slot, uint64_t boot_ms)
{
	const struct ledger_image *image = ledger_image(l);
	const struct ledger_cell *c = &image->cell[metric][slot];
	bool has_zones = usage_series_info(series_of(metric))->has_zones;
	bool has_place = has_zones ? plan->slots >> slot & 1 : slot == 0;
	bool is_counted = plan->series >> series_of(metric) & 1;

	if (c->is_open && !is_counted) {
		ledger_set(l, &c->is_open, 0);
		ledger_commit(l);
	}
	if (!c->is_open && is_counted && has_place &&
	    image->period[period_of(metric)].is_open)
		open_cell(l, plan, metric, slot, boot_ms);
}

void cells_fit(struct ledger *l, const struct cells_plan *plan,
	       uint64_t boot_ms)
{
	for (int m = 0; m < USAGE_METRICS; m++)
		for (unsigned int slot = 0; slot < LEDGER_ZONES; slot++)
			fit_cell(l, plan, m, slot, boot_ms);
}

/* --- counting ---------------------------------------------------------- */

bool cells_is_open(const struct ledger *l, enum usage_metric metric,
		   unsigned int slot)
{
	return ledger_image(l)->cell[metric][slot].is_open;
}

void cells_add(struct ledger *l, enum usage_metric metric, unsigned int slot,
	       uint64_t amount)
{
	if (cells_is_open(l, metric, slot))
		ledger_add(l, &ledger_image(l)->cell[metric][slot].value,
			   amount);
}

/* --- closing ----------------------------------------------------------- */

/* Bytes are summed up exactly and told in units, rounded down. */
static uint64_t told_value(int metric, int64_t value)
{
	int64_t rest = value % USAGE_BYTES_UNIT;

	if (series_of(metric) != USAGE_BYTES)
		return (uint64_t)value;
	return (uint64_t)(value - rest - (rest < 0 ? USAGE_BYTES_UNIT : 0));
}

static void close_cell(struct ledger *l, int metric, unsigned int slot,
		       uint64_t boot_ms)
{
	const struct ledger_image *image = ledger_image(l);
	const struct ledger_cell *c = &image->cell[metric][slot];
	struct ledger_figure f = {
		.start_s = image->period[period_of(metric)].start_s,
		.metric = (uint64_t)metric,
		.hours = (boot_ms - c->opened_ms + HOUR_MS / 2) / HOUR_MS,
		.value = told_value(metric, (int64_t)c->value),
		.scale_n = c->scale_n,
		.scale_d = c->scale_d,
		.closed_ms = boot_ms,
	};

	if (usage_series_info(series_of(metric))->has_zones)
		memcpy(f.zone, image->zone[slot].name, sizeof(f.zone));
	outbox_put(l, &f);
	ledger_set(l, &c->is_open, 0);
	ledger_commit(l);
}

void cells_close(struct ledger *l, enum usage_period period, uint64_t boot_ms)
{
	for (int m = 0; m < USAGE_METRICS; m++)
		for (unsigned int slot = 0;
		     period_of(m) == period && slot < LEDGER_ZONES; slot++)
			if (cells_is_open(l, (enum usage_metric)m, slot))
				close_cell(l, m, slot, boot_ms);
}

/* --- zones ------------------------------------------------------------- */

static int find_slot(const struct ledger *l, const char name[IPC_ZONE_NAME_MAX])
{
	for (int i = 0; i < LEDGER_ZONES; i++)
		if (!memcmp(ledger_image(l)->zone[i].name, name,
			    IPC_ZONE_NAME_MAX))
			return i;
	return -1;
}

static void name_slot(struct ledger *l, int slot,
		      const char name[IPC_ZONE_NAME_MAX])
{
	const struct ledger_zone *z = &ledger_image(l)->zone[slot];
	uint64_t word[IPC_ZONE_NAME_MAX / sizeof(uint64_t)];

	memcpy(word, name, sizeof(word));
	for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++)
		ledger_set(l, &z->name[i], word[i]);
	ledger_commit(l);
}

int cells_take_slot(struct ledger *l, const char name[IPC_ZONE_NAME_MAX])
{
	static const char nobody[IPC_ZONE_NAME_MAX];
	char padded[IPC_ZONE_NAME_MAX] = "";
	int slot;

	memcpy(padded, name, strnlen(name, IPC_ZONE_NAME_MAX));
	slot = find_slot(l, padded);
	if (slot >= 0)
		return slot;
	slot = find_slot(l, nobody);
	if (slot >= 0)
		name_slot(l, slot, padded);
	return slot;
}

static bool has_cells(const struct ledger *l, unsigned int slot)
{
	for (int m = 0; m < USAGE_METRICS; m++)
		if (usage_series_info(series_of(m))->has_zones &&
		    cells_is_open(l, (enum usage_metric)m, slot))
			return true;
	return false;
}

void cells_free_slots(struct ledger *l, uint32_t but)
{
	static const char nobody[IPC_ZONE_NAME_MAX];

	for (unsigned int i = 0; i < LEDGER_ZONES; i++)
		if (!(but >> i & 1) && ledger_image(l)->zone[i].name[0] &&
		    !has_cells(l, i))
			name_slot(l, (int)i, nobody);
}
