/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/city/streams.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REWIND_MS 600000

/* --- where they are read ------------------------------------------------ */

static void read_from_start(struct stream_position *p)
{
	p->last = p->cursor = (struct stream_id){ 0 };
	p->is_rewound = p->is_at_end = false;
}

static void rewind_position(struct stream_position *p)
{
	struct stream_id last = p->last;

	read_from_start(p);
	p->last = last;
	p->is_rewound = last.ms || last.seq;
	if (last.ms > REWIND_MS)
		p->cursor.ms = last.ms - REWIND_MS;
}

/* How many have come. */
static void settle(struct stream_position *p, size_t count)
{
	if (p->is_rewound && !count) {
		read_from_start(p);
		return;
	}
	p->is_rewound = false;
	p->is_at_end = count < STREAMS_PAGE;
}

static void name_day(struct stream_position *p, uint64_t day)
{
	snprintf(p->key, sizeof(p->key), "g:%" PRIu64, day);
}

void streams_set_day(struct streams *s, uint64_t day)
{
	if (day == s->day)
		return;
	if (s->day && day == s->day + 1)
		s->position[STREAM_YESTERDAY] = s->position[STREAM_TODAY];
	else
		read_from_start(&s->position[STREAM_YESTERDAY]);
	read_from_start(&s->position[STREAM_TODAY]);
	s->day = day;
	name_day(&s->position[STREAM_YESTERDAY], day - 1);
	name_day(&s->position[STREAM_TODAY], day);
}

void streams_want_codes(struct streams *s, bool is_wanted)
{
	s->count = is_wanted ? STREAMS : STREAM_CODES;
}

void streams_rewind(struct streams *s)
{
	rewind_position(&s->position[STREAM_YESTERDAY]);
	rewind_position(&s->position[STREAM_TODAY]);
	rewind_position(&s->position[STREAM_CODES]);
	read_from_start(&s->position[STREAM_KEYS]);
	read_from_start(&s->position[STREAM_COMMITTED]);
}

void streams_restart(struct streams *s)
{
	for (int i = 0; i < STREAMS; i++)
		read_from_start(&s->position[i]);
}

bool streams_have_days(const struct streams *s)
{
	return s->position[STREAM_YESTERDAY].is_at_end &&
	       s->position[STREAM_TODAY].is_at_end;
}

bool streams_have_all(const struct streams *s)
{
	for (int i = 0; i < s->count; i++)
		if (!s->position[i].is_at_end)
			return false;
	return true;
}

void streams_init(struct streams *s, const char *site, bool has_codes)
{
	memset(s, 0, sizeof(*s));
	s->count = has_codes ? STREAMS : STREAM_CODES;
	snprintf(s->position[STREAM_KEYS].key, CITY_KEY_MAX, "k:%s", site);
	snprintf(s->position[STREAM_COMMITTED].key, CITY_KEY_MAX, "c:%s", site);
	snprintf(s->position[STREAM_CODES].key, CITY_KEY_MAX, "v");
}

/* --- what they say ------------------------------------------------------ */

struct streams_page *streams_page_new(const struct redisReply *reply)
{
	size_t entries = 0, max = 2 * STREAMS_PAGE; /* of both days */
	struct streams_page *page;

	for (size_t i = 0; i < resp_count(reply); i++)
		entries += resp_count(resp_at(resp_at(reply, i), 1));
	if (entries < max)
		max = entries;
	max *= IPC_CITY_RECORDS;
	page = malloc(sizeof(*page) + max * sizeof(page->record[0]));
	if (page)
		*page = (struct streams_page){ .max = max };
	return page;
}

static void take_records(struct streams_page *page, const char *bytes,
			 size_t len)
{
	size_t count = len / IPC_CITY_RECORD_SIZE;

	if (count > IPC_CITY_RECORDS || len % IPC_CITY_RECORD_SIZE ||
	    count > page->max - page->records)
		return;
	memcpy(page->record[page->records], bytes, len);
	page->records += count;
}

static void take_key(struct streams_page *page, const char *bytes, size_t len)
{
	if (len == STREAMS_KEY_SIZE && page->keys < STREAMS_KEYS)
		memcpy(page->key[page->keys++], bytes, len);
}

/* "<16 hex digits> <number>" */
static void take_commit(struct streams_page *page, const char *bytes,
			size_t len)
{
	char text[40], rest;

	if (len >= sizeof(text))
		return;
	memcpy(text, bytes, len);
	text[len] = '\0';
	page->has_commit |= sscanf(text, "%16" SCNx64 " %20" SCNu64 "%c",
				   &page->stream, &page->seq, &rest) == 2;
}

static void take_code(struct streams_page *page, const char *bytes, size_t len)
{
	if (page->codes < STREAMS_PAGE)
		page->code[page->codes++] = (struct voucher_text){ bytes, len };
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

static void take_fields(struct streams_page *page, enum stream which,
			const struct redisReply *fields)
{
	static const struct {
		const char *name;
		void (*take)(struct streams_page *page, const char *bytes,
			     size_t len);
	} field[STREAMS] = {
		[STREAM_YESTERDAY] = { "r", take_records },
		[STREAM_TODAY] = { "r", take_records },
		[STREAM_KEYS] = { "b", take_key },
		[STREAM_COMMITTED] = { "c", take_commit },
		[STREAM_CODES] = { "v", take_code },
	};
	size_t len;
	const char *bytes = field_of(fields, field[which].name, &len);

	if (bytes)
		field[which].take(page, bytes, len);
}

/* Ids only go up; a store that says otherwise would be read for ever. */
static bool take_id(struct stream_position *p, const struct redisReply *id)
{
	struct stream_id new_id;
	size_t len;
	const char *text = resp_bytes(id, &len);

	if (!text || !stream_id_parse(&new_id, text, len) ||
	    stream_id_compare(&new_id, &p->cursor) <= 0)
		return false;
	p->cursor = new_id;
	if (stream_id_compare(&new_id, &p->last) > 0)
		p->last = new_id;
	return true;
}

static bool take_stream(struct streams *s, struct streams_page *page,
			const struct redisReply *stream, size_t count[STREAMS])
{
	const struct redisReply *entries = resp_at(stream, 1);
	int which = 0;

	while (which < s->count &&
	       !resp_is(resp_at(stream, 0), s->position[which].key))
		which++;
	if (which == s->count || count[which] ||
	    resp_count(entries) > STREAMS_PAGE)
		return false;
	count[which] = resp_count(entries);
	for (size_t i = 0; i < count[which]; i++) {
		const struct redisReply *entry = resp_at(entries, i);

		if (!take_id(&s->position[which], resp_at(entry, 0)))
			return false;
		take_fields(page, (enum stream)which, resp_at(entry, 1));
	}
	return true;
}

bool streams_take(struct streams *s, struct streams_page *page,
		  const struct redisReply *reply)
{
	size_t count[STREAMS] = { 0 };

	if (reply->type != REDIS_REPLY_NIL && !resp_count(reply))
		return false;
	for (size_t i = 0; i < resp_count(reply); i++)
		if (!take_stream(s, page, resp_at(reply, i), count))
			return false;
	for (int i = 0; i < s->count; i++)
		settle(&s->position[i], count[i]);
	return true;
}
