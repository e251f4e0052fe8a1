/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/city/feed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event_struct.h>

#include "common/clock.h"
#include "common/stringify.h"
#include "portal/city/stream_id.h"

#define REWIND_MS   600000
#define AGAIN_MS    1000 /* netctl has had enough for this second */
#define READS_MAX   50	 /* in a poll, lest a store that lies keeps us busy */
#define RECORDS_MAX (2 * FEED_PAGE * IPC_CITY_RECORDS) /* of both days */
#define KEYS_MAX    4
#define KEY_SIZE    51 /* generation, day, ct, tag */

enum stream { YESTERDAY, TODAY, KEYS, COMMITTED, STREAMS };

struct position {
	char key[CITY_KEY_MAX];
	struct stream_id last;	 /* has been read up to here */
	struct stream_id cursor; /* where the next read begins */
	bool is_rewound;	 /* before last, to see whether it is there */
	bool is_at_end;
};

struct feed {
	struct feed_config config;
	uint64_t day; /* that is read; 0: none */
	uint64_t next_day;
	struct position position[STREAMS];
	unsigned int reads; /* in this poll */
	bool is_reading;
	bool is_stale; /* what is being read: netctl has begun anew */
	bool has_read; /* since it is connected */
	bool is_complete;
	struct event again;
	struct netctl_request request;

	/* what waits for netctl */
	uint8_t (*record)[IPC_CITY_RECORD_SIZE]; /* NULL: none */
	size_t records, taken, under_way;
	uint8_t key[KEYS_MAX][KEY_SIZE];
	size_t keys;
};

static void read_more(struct feed *f);

/* --- where it reads ----------------------------------------------------- */

static void read_from_start(struct position *p)
{
	p->last = p->cursor = (struct stream_id){ 0 };
	p->is_rewound = p->is_at_end = false;
}

static void rewind_position(struct position *p)
{
	struct stream_id last = p->last;

	read_from_start(p);
	p->last = last;
	p->is_rewound = last.ms || last.seq;
	if (last.ms > REWIND_MS)
		p->cursor.ms = last.ms - REWIND_MS;
}

/* How many have come. */
static void settle(struct position *p, size_t count)
{
	if (p->is_rewound && !count) {
		read_from_start(p);
		return;
	}
	p->is_rewound = false;
	p->is_at_end = count < FEED_PAGE;
}

static bool is_reading_on(const struct feed *f)
{
	for (int i = 0; i < STREAMS; i++)
		if (!f->position[i].is_at_end)
			return true;
	return false;
}

static void name_days(struct feed *f)
{
	snprintf(f->position[YESTERDAY].key, CITY_KEY_MAX, "g:%" PRIu64,
		 f->day - 1);
	snprintf(f->position[TODAY].key, CITY_KEY_MAX, "g:%" PRIu64, f->day);
}

static void begin_day(struct feed *f, uint64_t day)
{
	if (day == f->day)
		return;
	if (f->day && day == f->day + 1)
		f->position[YESTERDAY] = f->position[TODAY];
	else
		read_from_start(&f->position[YESTERDAY]);
	read_from_start(&f->position[TODAY]);
	f->day = day;
	name_days(f);
}

void feed_set_day(struct feed *f, uint64_t day)
{
	f->next_day = day;
}

/* --- to netctl ---------------------------------------------------------- */

static void drop_pending(struct feed *f)
{
	free(f->record);
	f->record = NULL;
	f->records = f->taken = f->under_way = 0;
	f->keys = 0;
}

/* Only the two days matter: they are what netctl lets people in by. */
static void check_complete(struct feed *f)
{
	if (f->is_complete || !f->position[YESTERDAY].is_at_end ||
	    !f->position[TODAY].is_at_end)
		return;
	f->is_complete = true;
	f->config.on_complete(f->config.arg);
}

static int hand_key(struct feed *f)
{
	const uint8_t *k = f->key[0];
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

	if (f->records - f->taken < m.count)
		m.count = (uint32_t)(f->records - f->taken);
	memcpy(m.record, f->record[f->taken],
	       m.count * (size_t)IPC_CITY_RECORD_SIZE);
	f->under_way = m.count;
	return netctl_client_feed(f->config.link->netctl, &f->request, &m);
}

/* netctl that does not take it now is asked a second later. */
static void hand_on(struct feed *f)
{
	struct timeval again = clock_timeval(AGAIN_MS);
	int err;

	f->under_way = 0;
	if (f->keys)
		err = hand_key(f);
	else if (f->taken < f->records)
		err = hand_records(f);
	else {
		drop_pending(f);
		check_complete(f);
		if (is_reading_on(f))
			read_more(f);
		return;
	}
	if (err)
		evtimer_add(&f->again, &again);
}

static void on_handed(const struct ipc_done *d, void *arg)
{
	struct feed *f = arg;
	struct timeval again = clock_timeval(AGAIN_MS);

	if (!d || d->error == -EAGAIN) {
		evtimer_add(&f->again, &again);
		return;
	}
	if (f->under_way) {
		f->taken += f->under_way;
		f->under_way = 0;
	} else if (f->keys) {
		f->keys--;
		memmove(f->key[0], f->key[1], f->keys * KEY_SIZE);
	}
	hand_on(f);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	hand_on(arg);
}

/* --- from the store ----------------------------------------------------- */

/* Both pages fit, however full they are. */
static void take_records(struct feed *f, const uint8_t *bytes, size_t len)
{
	size_t count = len / IPC_CITY_RECORD_SIZE;

	if (count > IPC_CITY_RECORDS || len % IPC_CITY_RECORD_SIZE)
		return;
	memcpy(f->record[f->records], bytes, len);
	f->records += count;
}

static void take_key(struct feed *f, const uint8_t *bytes, size_t len)
{
	if (len == KEY_SIZE && f->keys < KEYS_MAX)
		memcpy(f->key[f->keys++], bytes, len);
}

/* "<16 hex digits> <number>" */
static void take_commit(struct feed *f, const char *bytes, size_t len)
{
	char text[40], rest;
	uint64_t stream, seq;

	if (len >= sizeof(text))
		return;
	memcpy(text, bytes, len);
	text[len] = '\0';
	if (sscanf(text, "%16" SCNx64 " %20" SCNu64 "%c", &stream, &seq,
		   &rest) == 2)
		f->config.on_commit(stream, seq, f->config.arg);
}

/* What stands behind that name in a list of names and values. */
static const char *field_of(const struct redisReply *list, const char *name,
			    size_t *len)
{
	for (size_t i = 0; i + 1 < resp_count(list); i += 2)
		if (resp_is(resp_at(list, i), name))
			return resp_bytes(resp_at(list, i + 1), len);
	return NULL;
}

/* What of an entry cannot be used is passed over: a later version's. */
static void take_fields(struct feed *f, enum stream which,
			const struct redisReply *fields)
{
	static const char *const names[STREAMS] = { "r", "r", "b", "c" };
	size_t len;
	const char *bytes = field_of(fields, names[which], &len);

	if (!bytes)
		return;
	if (which == KEYS)
		take_key(f, (const uint8_t *)bytes, len);
	else if (which == COMMITTED)
		take_commit(f, bytes, len);
	else
		take_records(f, (const uint8_t *)bytes, len);
}

/* Ids only go up; a store that says otherwise would be read for ever. */
static bool take_entry(struct feed *f, enum stream which,
		       const struct redisReply *entry)
{
	struct position *p = &f->position[which];
	struct stream_id id;
	size_t len;
	const char *text = resp_bytes(resp_at(entry, 0), &len);

	if (!text || !stream_id_parse(&id, text, len) ||
	    stream_id_compare(&id, &p->cursor) <= 0)
		return false;
	p->cursor = id;
	if (stream_id_compare(&id, &p->last) > 0)
		p->last = id;
	take_fields(f, which, resp_at(entry, 1));
	return true;
}

static bool take_stream(struct feed *f, const struct redisReply *stream,
			size_t count[STREAMS])
{
	const struct redisReply *entries = resp_at(stream, 1);
	int which = 0;

	while (which < STREAMS &&
	       !resp_is(resp_at(stream, 0), f->position[which].key))
		which++;
	if (which == STREAMS || count[which] || resp_count(entries) > FEED_PAGE)
		return false;
	for (size_t i = 0; i < resp_count(entries); i++)
		if (!take_entry(f, (enum stream)which, resp_at(entries, i)))
			return false;
	count[which] = resp_count(entries);
	return true;
}

static bool take_all(struct feed *f, const struct redisReply *reply)
{
	size_t count[STREAMS] = { 0 };

	f->record = malloc(RECORDS_MAX * sizeof(*f->record));
	if (!f->record ||
	    (reply->type != REDIS_REPLY_NIL && !resp_count(reply)))
		return false;
	for (size_t i = 0; i < resp_count(reply); i++)
		if (!take_stream(f, resp_at(reply, i), count))
			return false;
	for (int i = 0; i < STREAMS; i++)
		settle(&f->position[i], count[i]);
	return true;
}

static void on_read(const struct redisReply *reply, void *arg)
{
	struct feed *f = arg;
	char code[RESP_CODE_MAX];

	f->is_reading = false;
	if (!reply || f->is_stale) {
		f->is_stale = false;
		return;
	}
	if (resp_error(reply, code)) {
		f->config.link->on_refused(code, f->config.link->arg);
		return;
	}
	if (!take_all(f, reply)) {
		drop_pending(f);
		connection_refuse(f->config.link->connection,
				  "a reply that makes no sense");
		return;
	}
	f->has_read = true;
	hand_on(f);
}

static bool may_read(const struct feed *f)
{
	return !f->is_reading && !f->record && !f->request.id && f->next_day &&
	       f->reads < READS_MAX && city_link_is_up(f->config.link) &&
	       netctl_client_is_there(f->config.link->netctl);
}

static void read_more(struct feed *f)
{
	char id[STREAMS][STREAM_ID_MAX];
	const char *word[4 + 2 * STREAMS] = { "XREAD", "COUNT",
					      STRINGIFY(FEED_PAGE), "STREAMS" };
	struct connection_command cmd = { .args = 4, .arg = word };

	if (!may_read(f))
		return;
	begin_day(f, f->next_day);
	for (int i = 0; i < STREAMS; i++)
		word[cmd.args++] = f->position[i].key;
	for (int i = 0; i < STREAMS; i++) {
		stream_id_print(&f->position[i].cursor, id[i]);
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

void feed_connected(struct feed *f)
{
	f->has_read = false;
	rewind_position(&f->position[YESTERDAY]);
	rewind_position(&f->position[TODAY]);
	read_from_start(&f->position[KEYS]);
	read_from_start(&f->position[COMMITTED]);
}

/* It knows nothing yet. */
void feed_netctl(struct feed *f)
{
	evtimer_del(&f->again);
	netctl_client_cancel(&f->request);
	drop_pending(f);
	f->is_complete = false;
	f->is_stale = f->is_reading;
	for (int i = 0; i < STREAMS; i++)
		read_from_start(&f->position[i]);
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
	snprintf(f->position[KEYS].key, CITY_KEY_MAX, "k:%s",
		 config->link->site);
	snprintf(f->position[COMMITTED].key, CITY_KEY_MAX, "c:%s",
		 config->link->site);
	return f;
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	evtimer_del(&f->again);
	netctl_client_cancel(&f->request);
	drop_pending(f);
	free(f);
}
