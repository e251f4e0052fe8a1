/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the hub of a city is to get. Each cell waits with its number, in the
 * transaction that adds it to the figures, and may be sent before that one is
 * on the disk: netctl sends it again under the same number if it never gets
 * there. What the hub has is remembered and deleted later, to spare flash.
 */
#include <errno.h>

#include "portal/store/store.h"
#include "portal/store/store_private.h"

/* A reader's, or one that cannot be written, stays as it is. */
static bool may_write(const struct store *st)
{
	return st->disk && !st->lost && !st->is_reader;
}

static int forget(struct store_db *db, const struct store_checkpoint *got)
{
	int err = store_db_begin(db);

	if (err)
		return err;
	if (got)
		err = store_db_forget_outgoing(db, got);
	else
		err = store_db_clear_outgoing(db);
	return store_db_end(db, err);
}

/* got: NULL: all of it */
static void forget_both(struct store *st, const struct store_checkpoint *got)
{
	int err = 0;

	if (st->ram)
		err = forget(st->ram, got);
	if (!err && may_write(st))
		err = forget(st->disk, got);
	if (err)
		store_lose_disk(st, err);
}

void store_set_outgoing(struct store *st, bool is_kept)
{
	st->plan.has_hub = is_kept;
	if (is_kept || !store_count_outgoing(st))
		return;
	st->plan.got = (struct store_checkpoint){ 0 };
	forget_both(st, NULL);
}

/* One mark is enough, for the hub gets a stream to its end first. */
void store_commit_outgoing(struct store *st, uint64_t stream, uint64_t seq)
{
	struct store_checkpoint *got = &st->plan.got;

	if (got->stream == stream && seq <= got->seq)
		return;
	if (got->stream && got->stream != stream)
		forget_both(st, got);
	*got = (struct store_checkpoint){ stream, seq };
}

uint64_t store_count_outgoing(const struct store *st)
{
	uint64_t count = 0;

	if (st->disk)
		count += store_db_count_outgoing(st->disk, &st->plan.got);
	if (st->ram)
		count += store_db_count_outgoing(st->ram, &st->plan.got);
	return count;
}

/* Whether the cell is the next of the same stream. */
static bool follows(const struct usage_batch *b, const struct ipc_usage_cell *c)
{
	return !b->cells || (c->stream == b->stream && c->seq == b->seq + 1);
}

static int take_from(struct store_db *db, const struct store_checkpoint *got,
		     struct usage_batch *out)
{
	struct ipc_usage_cell cell;
	int err = store_db_seek_outgoing(db, got);

	while (!err && out->cells < IPC_USAGE_CELLS) {
		err = store_db_next_outgoing(db, &cell);
		if (err <= 0 || !follows(out, &cell))
			break;
		err = 0;
		out->stream = cell.stream;
		out->seq = cell.seq;
		out->cell[out->cells++] = cell;
	}
	store_db_rewind(db);
	return err < 0 ? err : 0;
}

int store_next_outgoing(struct store *st, struct usage_batch *out)
{
	int err = 0;

	out->cells = 0;
	if (st->disk)
		err = take_from(st->disk, &st->plan.got, out);
	if (!err && st->ram && !out->cells)
		err = take_from(st->ram, &st->plan.got, out);
	return err;
}
