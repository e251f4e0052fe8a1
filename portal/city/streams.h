/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The streams of the store that a box reads: records of yesterday and today,
 * new keys of its site, how far the hub has taken its figures, and what there
 * is of the city's codes. Knows up to
 * where each is read, and takes apart what XREAD answers, which may be
 * anything.
 */
#ifndef STADTTOR_PORTAL_CITY_STREAMS_H
#define STADTTOR_PORTAL_CITY_STREAMS_H

#include <stdint.h>

#include "portal/city/city_link.h"
#include "portal/city/stream_id.h"
#include "portal/voucher/voucher_city.h"

#define STREAMS_PAGE 100 /* entries of a stream in one reply, at most */

/* What a reply of honest streams may have at most. */
#define STREAMS_BYTES	 (256 * 1024)
#define STREAMS_ELEMENTS 4096

#define STREAMS_KEYS 4
#define STREAMS_KEY_SIZE                                                       \
	51 /* generation, day, ct, tag: struct ipc_city_key                    \
	    */

enum stream {
	STREAM_YESTERDAY,
	STREAM_TODAY,
	STREAM_KEYS,
	STREAM_COMMITTED,
	STREAM_CODES, /* the last, for boxes that ask for none */
	STREAMS
};

struct stream_position {
	char key[CITY_KEY_MAX];
	struct stream_id last;	 /* has been read up to here */
	struct stream_id cursor; /* where the next read begins */
	bool is_rewound;	 /* before last, to see whether it is there */
	bool is_at_end;
};

struct streams {
	uint64_t day; /* of the city, since 1970; 0: none yet */
	int count;    /* of them that are read */
	struct stream_position position[STREAMS];
};

void streams_init(struct streams *s, const char *site, bool has_codes);

/* Whether the next read is of them, too. */
void streams_want_codes(struct streams *s, bool is_wanted);

/* Which day it is. Yesterday goes on where today was. */
void streams_set_day(struct streams *s, uint64_t day);

/*
 * After a connect: from ten minutes before what was read, and all of a stream
 * that has nothing since then; keys and commits from their start.
 */
void streams_rewind(struct streams *s);

/* All from the start: who is told knows nothing. */
void streams_restart(struct streams *s);

/* All of both days has been read, or of all streams. */
bool streams_have_days(const struct streams *s);
bool streams_have_all(const struct streams *s);

/* What one reply has brought. */
struct streams_page {
	size_t records, keys;
	bool has_commit; /* the hub has figures up to there */
	uint64_t stream, seq;
	uint8_t key[STREAMS_KEYS][STREAMS_KEY_SIZE];
	size_t codes; /* records of codes, lent by the reply */
	struct voucher_text code[STREAMS_PAGE];
	size_t max; /* of the records */
	uint8_t record[][IPC_CITY_RECORD_SIZE];
};

/* Empty, with room for what the reply may bring; for free(). NULL: no memory.
 */
struct streams_page *streams_page_new(const struct redisReply *reply);

/*
 * Fills an empty page and goes on; what of an entry cannot be used is passed
 * over. false: no answer to this question, and both are good for nothing more
 * before streams_rewind().
 */
bool streams_take(struct streams *s, struct streams_page *page,
		  const struct redisReply *reply) MUST_CHECK;

#endif
