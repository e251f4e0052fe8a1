/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/store/store_import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct store_import {
	struct store *store;
	void (*send_next)(const struct ipc_usage_next *m, void *arg);
	void *arg;
	struct usage_batch batch; /* as far as it has come */
	uint64_t gap_seq; /* came although others are missing; 0: none */
	bool is_connected;
	bool is_skipping;    /* the rest of an answer that was let go of */
	bool has_given_up;   /* until the timer asks again */
	bool has_complained; /* until a batch was good */
};

struct store_import *
store_import_new(struct store *st,
		 void (*send_next)(const struct ipc_usage_next *m, void *arg),
		 void *arg)
{
	struct store_import *i = calloc(1, sizeof(*i));

	if (!i)
		return NULL;
	i->store = st;
	i->send_next = send_next;
	i->arg = arg;
	return i;
}

void store_import_free(struct store_import *i)
{
	free(i);
}

static void ask(struct store_import *i)
{
	struct store_position p = store_position(i->store);
	struct ipc_usage_next m = {
		.stream = p.stream,
		.after = p.applied,
		.committed = p.committed,
	};

	i->batch.cells = 0;
	i->has_given_up = false;
	i->send_next(&m, i->arg);
}

void store_import_connected(struct store_import *i)
{
	i->is_connected = true;
	i->is_skipping = false;
	i->gap_seq = 0;
	ask(i);
}

void store_import_retry(struct store_import *i)
{
	bool is_due = store_retry(i->store) || i->has_given_up;

	if (is_due && i->is_connected)
		ask(i);
}

/* What goes wrong once goes wrong again at once, so the timer asks. */
static void give_up(struct store_import *i, const char *why)
{
	if (!i->has_complained)
		log_warn("usage figures from netctl rejected: %s", why);
	i->has_complained = true;
	i->has_given_up = true;
	i->batch.cells = 0;
}

/*
 * An answer may still be on its way when the store asks for earlier cells. Only
 * if it comes again are those before it really gone.
 */
static bool is_gap(const struct store_import *i, const struct store_position *p)
{
	uint64_t first = i->batch.cell[0].seq;

	return i->batch.stream == p->stream && first > p->applied + 1 &&
	       first != i->gap_seq;
}

static void apply(struct store_import *i)
{
	struct store_position p = store_position(i->store);
	int err;

	if (i->batch.stream == p.stream && i->batch.seq <= p.applied) {
		give_up(i, "they came twice");
		return;
	}
	if (is_gap(i, &p)) {
		i->gap_seq = i->batch.cell[0].seq;
		ask(i);
		return;
	}
	err = store_apply(i->store, &i->batch);
	if (err) {
		give_up(i,
			err == -EINVAL ? "they make no sense" : strerror(-err));
		return;
	}
	i->gap_seq = 0;
	i->has_complained = false;
	ask(i);
}

/* Whether the cell follows the one before it in the same answer. */
static bool follows(const struct store_import *i,
		    const struct ipc_usage_cell *m)
{
	const struct usage_batch *b = &i->batch;

	if (!b->cells)
		return true;
	return b->cells < IPC_USAGE_CELLS && m->stream == b->stream &&
	       m->seq == b->seq + 1 &&
	       m->more + 1 == b->cell[b->cells - 1].more;
}

void store_import_cell(struct store_import *i, const struct ipc_usage_cell *m)
{
	bool is_last = !m->more;

	if (i->is_skipping) {
		i->is_skipping = !is_last;
		return;
	}
	if (!follows(i, m)) {
		i->is_skipping = !is_last;
		give_up(i, "one is out of order");
		return;
	}
	i->batch.stream = m->stream;
	i->batch.seq = m->seq;
	i->batch.cell[i->batch.cells++] = *m;
	if (is_last)
		apply(i);
}
