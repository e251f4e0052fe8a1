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
	uint16_t count;		  /* of its parts; 0: none has come */
	uint64_t gap_seq; /* came although others are missing; 0: none */
	bool is_connected;
	bool is_skipping;    /* the rest of a batch that was let go of */
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

	i->is_skipping = i->count != 0;
	i->count = 0;
	i->has_given_up = false;
	i->send_next(&m, i->arg);
}

void store_import_connected(struct store_import *i)
{
	i->is_connected = true;
	i->gap_seq = 0;
	i->count = 0;
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
	i->count = 0;
}

/*
 * A batch may still be on its way when the store asks for an earlier one.
 * Only if it comes again are those before it really gone.
 */
static bool is_gap(const struct store_import *i, const struct store_position *p)
{
	return i->batch.stream == p->stream && i->batch.seq > p->applied + 1 &&
	       i->batch.seq != i->gap_seq;
}

static void apply(struct store_import *i)
{
	struct store_position p = store_position(i->store);
	int err;

	i->count = 0;
	if (i->batch.stream == p.stream && i->batch.seq <= p.applied) {
		give_up(i, "a batch came twice");
		return;
	}
	if (is_gap(i, &p)) {
		i->gap_seq = i->batch.seq;
		ask(i);
		return;
	}
	err = store_apply(i->store, &i->batch);
	if (err) {
		give_up(i, err == -EINVAL ? "a batch makes no sense"
					  : strerror(-err));
		return;
	}
	i->gap_seq = 0;
	i->has_complained = false;
	ask(i);
}

static void begin(struct store_import *i, const struct ipc_usage_part *p)
{
	i->batch.stream = p->stream;
	i->batch.seq = p->seq;
	i->batch.rows = 0;
	i->batch.labels = 0;
	i->count = p->count;
	i->is_skipping = false;
}

/* Whether that part is the next one; the first begins a batch in any case. */
static bool take_part(struct store_import *i, const struct ipc_usage_part *p,
		      bool has_room)
{
	if (!p->index)
		begin(i, p);
	if (i->is_skipping)
		return false;
	if (has_room && p->index < i->count && p->count == i->count &&
	    p->index == i->batch.rows + i->batch.labels &&
	    p->stream == i->batch.stream && p->seq == i->batch.seq)
		return true;
	give_up(i, "a part is out of order");
	return false;
}

static void end_part(struct store_import *i)
{
	if (i->batch.rows + i->batch.labels == i->count)
		apply(i);
}

void store_import_row(struct store_import *i, const struct ipc_usage_row *m)
{
	bool has_room = !m->part.index ||
			(!i->batch.labels && i->batch.rows < STORE_ROWS_MAX);

	if (!take_part(i, &m->part, has_room))
		return;
	i->batch.row[i->batch.rows++] = *m;
	end_part(i);
}

void store_import_label(struct store_import *i, const struct ipc_usage_label *m)
{
	bool has_room = !m->part.index || i->batch.labels < STORE_LABELS_MAX;

	if (!take_part(i, &m->part, has_room))
		return;
	i->batch.label[i->batch.labels++] = *m;
	end_part(i);
}
