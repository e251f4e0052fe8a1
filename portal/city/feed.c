/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/city/feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event_struct.h>

#include "common/clock.h"
#include "common/stringify.h"
#include "portal/city/streams.h"

#define AGAIN_MS      1000 /* netctl has had enough for this second */
#define CODES_REST_MS 60000
#define READS_MAX     50 /* in a poll, lest a store that lies keeps us busy */

struct feed {
	struct feed_config config;
	struct streams streams;
	uint64_t day;	    /* that the next read is of; 0: not known */
	unsigned int reads; /* in this poll */
	bool is_reading;
	bool is_stale; /* what is being read: netctl has begun anew */
	bool has_read; /* since it is connected */
	bool is_complete;
	uint64_t codes_ms; /* none of codes are read before */

	/* what waits for netctl */
	struct streams_page *page; /* NULL: nothing */
	size_t keys, records;	   /* of the page, taken */
	size_t under_way;	   /* records; 0 with a request: a key */
	struct netctl_request request;
	struct event again;
};

static void read_more(struct feed *f);

/* --- to netctl ---------------------------------------------------------- */

static void drop_page(struct feed *f)
{
	free(f->page);
	f->page = NULL;
	f->keys = f->records = f->under_way = 0;
}

/* Only the two days matter: they are what netctl lets people in by. */
static void check_complete(struct feed *f)
{
	if (f->is_complete || !streams_have_days(&f->streams))
		return;
	f->is_complete = true;
	f->config.on_complete(f->config.arg);
}

static int hand_key(struct feed *f)
{
	const uint8_t *k = f->page->key[f->keys];
	struct ipc_city_key m = {
		.generation = k[0],
		.day = (uint16_t)(k[1] << 8 | k[2]),
	};

	memcpy(m.ct, k + 3, sizeof(m.ct));
	memcpy(m.tag, k + 3 + sizeof(m.ct), sizeof(m.tag));
	return netctl_client_tell_key(f->config.link->netctl, &f->request, &m);
}

static int hand_records(struct feed *f)
{
	struct ipc_city_feed m = { .count = IPC_CITY_RECORDS };

	if (f->page->records - f->records < m.count)
		m.count = (uint32_t)(f->page->records - f->records);
	memcpy(m.record, f->page->record[f->records],
	       m.count * sizeof(m.record[0]));
	f->under_way = m.count;
	return netctl_client_feed(f->config.link->netctl, &f->request, &m);
}

static void finish_page(struct feed *f)
{
	drop_page(f);
	check_complete(f);
	if (!streams_have_all(&f->streams))
		read_more(f);
}

static void ask_again_later(struct feed *f)
{
	struct timeval again = clock_timeval(AGAIN_MS);

	evtimer_add(&f->again, &again);
}

static void hand_on(struct feed *f)
{
	int err;

	f->under_way = 0;
	if (f->keys < f->page->keys)
		err = hand_key(f);
	else if (f->records < f->page->records)
		err = hand_records(f);
	else {
		finish_page(f);
		return;
	}
	if (err)
		ask_again_later(f);
}

/* d: NULL where netctl is late or away */
static void on_handed(const struct ipc_done *d, void *arg)
{
	struct feed *f = arg;

	if (!d || d->error == -EAGAIN) {
		ask_again_later(f);
		return;
	}
	if (f->under_way)
		f->records += f->under_way;
	else
		f->keys++;
	hand_on(f);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	hand_on(arg);
}

/* --- from the store ----------------------------------------------------- */

static void take(struct feed *f, const struct redisReply *reply)
{
	struct connection *connection = f->config.link->connection;

	f->page = streams_page_new(reply);
	if (!f->page || !streams_take(&f->streams, f->page, reply)) {
		connection_refuse(connection, f->page ? "a reply that makes "
							"no sense"
						      : "out of memory");
		drop_page(f);
		return;
	}
	f->has_read = true;
	if (f->page->has_commit)
		f->config.on_commit(f->page->stream, f->page->seq,
				    f->config.arg);
	if (f->page->codes &&
	    !f->config.on_codes(f->page->code, f->page->codes, f->config.arg))
		f->codes_ms = clock_ms() + CODES_REST_MS;
	f->page->codes = 0; /* they go with the reply */
	hand_on(f);
}

static void on_read(const struct redisReply *reply, void *arg)
{
	struct feed *f = arg;
	bool is_stale = f->is_stale;
	char code[RESP_CODE_MAX];

	f->is_reading = f->is_stale = false;
	if (!reply || is_stale)
		return;
	if (resp_error(reply, code))
		f->config.link->on_refused(code, f->config.link->arg);
	else
		take(f, reply);
}

static bool may_read(const struct feed *f)
{
	return !f->is_reading && !f->page && f->day && f->reads < READS_MAX &&
	       city_link_is_up(f->config.link) &&
	       netctl_client_is_there(f->config.link->netctl);
}

static void read_more(struct feed *f)
{
	struct stream_position *p = f->streams.position;
	char id[STREAMS][STREAM_ID_MAX];
	const char *word[4 + 2 * STREAMS] = { "XREAD", "COUNT",
					      STRINGIFY(STREAMS_PAGE),
					      "STREAMS" };
	struct connection_command cmd = { .args = 4, .arg = word };

	if (!may_read(f))
		return;
	streams_set_day(&f->streams, f->day);
	streams_want_codes(&f->streams,
			   f->config.on_codes && clock_ms() >= f->codes_ms);
	for (int i = 0; i < f->streams.count; i++)
		word[cmd.args++] = p[i].key;
	for (int i = 0; i < f->streams.count; i++) {
		stream_id_print(&p[i].cursor, id[i]);
		word[cmd.args++] = id[i];
	}
	f->reads++;
	f->is_reading = connection_send(f->config.link->connection, &cmd,
					on_read, f) == 0;
}

void feed_poll(struct feed *f)
{
	f->reads = 0;
	read_more(f);
}

/* --- life --------------------------------------------------------------- */

void feed_set_day(struct feed *f, uint64_t day)
{
	f->day = day;
}

void feed_connected(struct feed *f)
{
	f->has_read = false;
	streams_rewind(&f->streams);
}

void feed_netctl(struct feed *f)
{
	evtimer_del(&f->again);
	netctl_client_cancel(&f->request);
	drop_page(f);
	f->is_complete = false;
	f->is_stale = f->is_reading;
	streams_restart(&f->streams);
}

bool feed_is_complete(const struct feed *f)
{
	return f->is_complete;
}

bool feed_has_read(const struct feed *f)
{
	return f->has_read;
}

struct feed *feed_new(const struct feed_config *config)
{
	struct feed *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->config = *config;
	f->request.on_done = on_handed;
	f->request.arg = f;
	evtimer_assign(&f->again, config->base, on_again, f);
	streams_init(&f->streams, config->link->site, config->on_codes);
	return f;
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	evtimer_del(&f->again);
	netctl_client_cancel(&f->request);
	drop_page(f);
	free(f);
}
