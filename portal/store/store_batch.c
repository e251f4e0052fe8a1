/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/store/store_batch.h"

#include <string.h>
#include <time.h>

#include "portal/store/day.h"

#define DAY_S	  86400
#define SCALE_MAX (1ULL << 48)

static enum usage_period period_of(const struct ipc_usage_cell *c)
{
	return store_db_period((enum usage_metric)c->metric);
}

/* --- what netctl says -------------------------------------------------- */

static bool zone_is_valid(const char zone[IPC_ZONE_NAME_MAX])
{
	size_t len = strnlen(zone, IPC_ZONE_NAME_MAX);

	return len < IPC_ZONE_NAME_MAX &&
	       strspn(zone, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static bool cell_is_valid(const struct ipc_usage_cell *c)
{
	return c->start_s > 0 && c->start_s < DAY_TIME_MAX &&
	       c->metric < USAGE_METRICS && zone_is_valid(c->zone) &&
	       c->scale_n && c->scale_n <= SCALE_MAX && c->scale_d &&
	       c->scale_d <= SCALE_MAX;
}

bool store_batch_is_valid(const struct usage_batch *b)
{
	if (!b->stream || !b->seq || !b->cells || b->cells > IPC_USAGE_CELLS)
		return false;
	for (size_t i = 0; i < b->cells; i++)
		if (!cell_is_valid(&b->cell[i]))
			return false;
	return true;
}

/* --- applying ---------------------------------------------------------- */

/*
 * With the end of a day go the hours that are older than hours are kept. A day
 * that has not been yet is no reason: it was dated by a clock that was wrong.
 */
int64_t store_batch_trim_s(const struct usage_batch *b, uint64_t keep_hours_s)
{
	int64_t end_s = 0, now_s = (int64_t)time(NULL) + DAY_S;

	for (size_t i = 0; i < b->cells; i++)
		if (period_of(&b->cell[i]) == USAGE_DAY)
			end_s = day_start_s(
				day_shift(day_of(b->cell[i].start_s), 1));
	if (end_s > now_s)
		end_s = now_s;
	return end_s > 0 && (uint64_t)end_s > keep_hours_s
		       ? end_s - (int64_t)keep_hours_s
		       : 0;
}

static struct store_cell cell_of(const struct ipc_usage_cell *m)
{
	bool is_hour = period_of(m) == USAGE_HOUR;
	struct store_cell c = {
		.key = is_hour ? m->start_s : (int64_t)day_of(m->start_s),
		.metric = (enum usage_metric)m->metric,
		.scale = { m->scale_n, m->scale_d },
		.cells = 1,
		.hours = m->hours,
		.value = m->value,
	};

	memcpy(c.zone, m->zone, sizeof(c.zone));
	return c;
}

static int apply_cell(struct store_db *db, const struct ipc_usage_cell *m,
		      const struct store_batch_plan *plan)
{
	struct store_cell c = cell_of(m);
	int err = store_db_add(db, &c);

	return !err && plan->has_hub ? store_db_add_outgoing(db, m) : err;
}

/* An answer that was asked for twice may hold some that have come. */
static int apply_cells(struct store_db *db, const struct usage_batch *b,
		       const struct store_checkpoint *before,
		       const struct store_batch_plan *plan)
{
	struct store_checkpoint checkpoint = { b->stream, b->seq };
	int err = 0;

	if (plan->got.stream)
		err = store_db_forget_outgoing(db, &plan->got);
	for (size_t i = 0; i < b->cells && !err; i++)
		if (before->stream != b->stream || b->cell[i].seq > before->seq)
			err = apply_cell(db, &b->cell[i], plan);
	if (!err && plan->trim_s > 0)
		err = store_db_trim(db, plan->trim_s);
	return err ? err : store_db_set_checkpoint(db, &checkpoint);
}

bool store_batch_is_applied(const struct store_checkpoint *checkpoint,
			    const struct usage_batch *b)
{
	return checkpoint->stream == b->stream && b->seq <= checkpoint->seq;
}

/* The database's own checkpoint decides: a second instance may have been
 * quicker. */
int store_batch_apply(struct store_db *db, const struct usage_batch *b,
		      const struct store_batch_plan *plan,
		      struct store_checkpoint *checkpoint)
{
	struct store_checkpoint now;
	int err = store_db_begin(db);

	if (err)
		return err;
	err = store_db_get_checkpoint(db, &now);
	if (!err && !store_batch_is_applied(&now, b)) {
		err = apply_cells(db, b, &now, plan);
		now = (struct store_checkpoint){ b->stream, b->seq };
	}
	err = store_db_end(db, err);
	if (!err)
		*checkpoint = now;
	return err;
}
