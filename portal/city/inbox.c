/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/city/inbox.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event_struct.h>

#include "common/random.h"

/* From the first record until it is written, with what has come by then. */
static const struct timeval gather = { .tv_usec = 250000 };

struct inbox {
	struct city_link *link;
	struct event due;
	uint64_t seq;	    /* of the last one that has come */
	uint64_t committed; /* the store has all up to this one */
	uint64_t written;   /* the last that is being written; 0: of an earlier
			     * netctl */
	size_t count;	    /* of those that wait */
	bool has_asked;	    /* netctl for more */
	bool is_writing;
	uint8_t record[IPC_CITY_RECORDS][IPC_CITY_RECORD_SIZE];
};

static void ask(struct inbox *i)
{
	struct ipc_city_next m = {
		.after = i->seq,
		.committed = i->committed,
	};

	i->has_asked = !netctl_client_ask_records(i->link->netctl, &m);
}

void inbox_netctl(struct inbox *i)
{
	i->seq = i->committed = i->written = 0;
	i->count = 0;
	evtimer_del(&i->due);
	ask(i);
}

/* What is not taken comes again behind what is committed then. */
void inbox_take(struct inbox *i, const struct ipc_city_record *r)
{
	if (i->is_writing || i->count == IPC_CITY_RECORDS || r->seq <= i->seq)
		return;
	if (!i->count)
		evtimer_add(&i->due, &gather);
	i->seq = r->seq;
	memcpy(i->record[i->count++], r->record, IPC_CITY_RECORD_SIZE);
	if (!r->more && i->count < IPC_CITY_RECORDS)
		ask(i);
}

/* --- writing ------------------------------------------------------------ */

/* Below limit, all alike but for 2^-64 of them. */
static bool draw(size_t limit, size_t *out)
{
	uint64_t number;

	if (!random_fill(&number, sizeof(number)))
		return false;
	*out = (size_t)(number % limit);
	return true;
}

/* Their order would tell of who came first (Knuth, algorithm P). */
static bool shuffle(struct inbox *i)
{
	uint8_t swap[IPC_CITY_RECORD_SIZE];
	size_t other;

	for (size_t n = i->count; n > 1; n--) {
		if (!draw(n, &other))
			return false;
		memcpy(swap, i->record[n - 1], sizeof(swap));
		memcpy(i->record[n - 1], i->record[other], sizeof(swap));
		memcpy(i->record[other], swap, sizeof(swap));
	}
	return true;
}

/* What the store has not taken is written again with the next poll. */
static void on_written(const struct redisReply *reply, void *arg)
{
	struct inbox *i = arg;
	bool has_taken = city_link_has_taken(i->link, reply);

	i->is_writing = false;
	if (i->written && !has_taken)
		return;
	i->committed = i->written;
	i->seq = i->committed;
	i->count = 0;
	ask(i);
}

void inbox_poll(struct inbox *i)
{
	struct city_entry e = {
		.stream = "in",
		.field = "r",
		.bytes = i->record,
		.len = i->count * IPC_CITY_RECORD_SIZE,
	};

	if (!i->has_asked)
		ask(i);
	if (i->is_writing || !i->count || !shuffle(i))
		return;
	i->written = i->seq;
	i->is_writing = city_link_add(i->link, &e, on_written, i) == 0;
}

static void on_due(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	inbox_poll(arg);
}

/* --- life --------------------------------------------------------------- */

struct inbox *inbox_new(struct city_link *link, struct event_base *base)
{
	struct inbox *i = calloc(1, sizeof(*i));

	if (!i)
		return NULL;
	i->link = link;
	evtimer_assign(&i->due, base, on_due, i);
	return i;
}

void inbox_free(struct inbox *i)
{
	if (!i)
		return;
	evtimer_del(&i->due);
	free(i);
}
