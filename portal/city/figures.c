/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/city/figures.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/clock.h"
#include "portal/util/strbuf.h"

#define AGAIN_MS 60000 /* what the hub has not got by then may be lost */
#define CELL_MAX 192   /* bytes of one as text */

struct figures {
	struct city_link *link;
	struct store *store;
	uint64_t stream, seq; /* of the last that was sent; 0: none */
	uint64_t sent_ms;
	bool is_writing;
	struct usage_batch batch;
	char text[IPC_USAGE_CELLS * CELL_MAX];
};

struct figures *figures_new(struct city_link *link)
{
	struct figures *f = calloc(1, sizeof(*f));

	if (f)
		f->link = link;
	return f;
}

void figures_free(struct figures *f)
{
	free(f);
}

void figures_set_store(struct figures *f, struct store *store)
{
	f->store = store;
	f->seq = 0;
}

void figures_commit(struct figures *f, uint64_t stream, uint64_t seq)
{
	if (f->store)
		store_commit_outgoing(f->store, stream, seq);
	if (f->stream == stream && seq >= f->seq)
		f->seq = 0;
}

/* --- writing ------------------------------------------------------------ */

static void put_cell(struct strbuf *o, const struct ipc_usage_cell *c)
{
	enum usage_metric metric = (enum usage_metric)c->metric;

	strbuf_format(o,
		      "{\"seq\":%" PRIu64 ",\"zone\":\"%s\",\"metric\":\"%s\","
		      "\"start\":%" PRId64 ",\"hours\":%u,\"value\":%" PRId64
		      ",\"n\":%" PRIu64 ",\"d\":%" PRIu64 "}",
		      c->seq, c->zone, usage_metric_info(metric)->name,
		      c->start_s, c->hours, c->value, c->scale_n, c->scale_d);
}

static void put_batch(struct strbuf *o, const struct usage_batch *b)
{
	strbuf_format(o,
		      "{\"stream\":\"%016" PRIx64 "\",\"first\":%" PRIu64
		      ",\"cells\":[",
		      b->stream, b->cell[0].seq);
	for (size_t i = 0; i < b->cells; i++) {
		if (i)
			strbuf_text(o, ",");
		put_cell(o, &b->cell[i]);
	}
	strbuf_text(o, "]}");
}

static void on_written(const struct redisReply *reply, void *arg)
{
	struct figures *f = arg;

	f->is_writing = false;
	if (!city_link_has_taken(f->link, reply))
		f->seq = 0;
}

static void send_batch(struct figures *f)
{
	struct strbuf o;
	struct city_entry e = {
		.stream = "in",
		.field = "f",
		.bytes = f->text,
	};

	strbuf_init(&o, f->text, sizeof(f->text));
	put_batch(&o, &f->batch);
	e.len = o.len;
	if (o.is_cut || city_link_add(f->link, &e, on_written, f))
		return;
	f->is_writing = true;
	f->stream = f->batch.stream;
	f->seq = f->batch.seq;
	f->sent_ms = clock_ms();
}

void figures_poll(struct figures *f)
{
	bool is_owed = f->seq && clock_ms() - f->sent_ms < AGAIN_MS;

	if (!f->store || f->is_writing || is_owed ||
	    store_next_outgoing(f->store, &f->batch) || !f->batch.cells)
		return;
	send_batch(f);
}
