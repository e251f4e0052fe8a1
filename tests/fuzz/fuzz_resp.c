/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a store answers, as it reaches our code: replies in pieces of several
 * sizes, then what XREAD may have brought.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "portal/city/streams.h"
#include "tests/fuzz/fuzzcheck.h"

static const struct resp_bounds bounds = { 2048, 512 };

static void check_page(const struct streams *s, const struct streams_page *p)
{
	CHECK(p->records <= p->max && p->keys <= STREAMS_KEYS);
	for (int i = 0; i < STREAMS; i++) {
		const struct stream_position *at = &s->position[i];
		struct stream_id again;
		char text[STREAM_ID_MAX];

		CHECK(stream_id_compare(&at->cursor, &at->last) <= 0);
		stream_id_print(&at->cursor, text);
		CHECK(stream_id_parse(&again, text, strlen(text)));
		CHECK(!stream_id_compare(&again, &at->cursor));
	}
}

static size_t elements_of(const struct redisReply *r)
{
	size_t count = resp_count(r);

	for (size_t i = 0; i < resp_count(r); i++)
		count += elements_of(resp_at(r, i));
	return count;
}

static void take(struct streams *s, const struct redisReply *reply)
{
	struct streams_page *page = streams_page_new(reply);
	char code[RESP_CODE_MAX];

	CHECK(page && elements_of(reply) <= bounds.elements);
	if (resp_error(reply, code))
		CHECK(strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
		      strlen(code));
	else if (streams_take(s, page, reply))
		check_page(s, page);
	else
		streams_rewind(s);
	free(page);
}

static void play(const uint8_t *data, size_t size, size_t piece)
{
	struct resp *r = resp_new(&bounds);
	struct redisReply *reply;
	struct streams s;
	int more = 0;

	CHECK(r);
	streams_init(&s, "x", true);
	streams_set_day(&s, 7);
	for (size_t at = 0; at < size && more >= 0; at += piece) {
		size_t len = size - at < piece ? size - at : piece;

		more = resp_feed(r, data + at, len);
		while (more >= 0 && (more = resp_next(r, &reply)) > 0) {
			take(&s, reply);
			freeReplyObject(reply);
		}
	}
	if (more < 0)
		CHECK((more == -EPROTO || more == -EMSGSIZE) && resp_why(r));
	resp_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	play(data, size, size ? size : 1);
	play(data, size, 1);
	play(data, size, 7);
	return 0;
}
