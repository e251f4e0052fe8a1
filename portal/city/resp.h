/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the store answers, by libhiredis' reader: RESP2 alone, and no more than
 * a bound of bytes, elements and depth in one reply, before room is made for
 * them. There is no way back from what goes beyond.
 */
#ifndef STADTTOR_PORTAL_CITY_RESP_H
#define STADTTOR_PORTAL_CITY_RESP_H

#include <stdbool.h>
#include <stddef.h>

#include <hiredis/hiredis.h>

#include "common/log.h"

#define RESP_DEPTH_MAX 6

struct resp_bounds { /* of one reply */
	size_t bytes;
	size_t elements; /* of all its arrays together */
};

struct resp;

/* NULL: no memory. */
struct resp *resp_new(const struct resp_bounds *bounds);
void resp_free(struct resp *r);

/* At most 16 kB at once; then resp_next() until it gives none. 0, or -EMSGSIZE
 * and -EPROTO as of resp_next(). */
int resp_feed(struct resp *r, const void *bytes, size_t len) MUST_CHECK;

/*
 * 1: *out is the next reply, for freeReplyObject(); 0: it is not complete;
 * -EMSGSIZE: it has more bytes or elements than it may; -EPROTO: what came is
 * no such reply. resp_why() says more.
 */
int resp_next(struct resp *r, struct redisReply **out) MUST_CHECK;
const char *resp_why(const struct resp *r);

/* --- what replies hold: NULL is fine, and nothing of these ---------------- */

/* The element of an array. NULL: it has none such. */
const struct redisReply *resp_at(const struct redisReply *reply, size_t index);
size_t resp_count(const struct redisReply *reply);

/* The bytes of a string or status. NULL: it is neither. */
const char *resp_bytes(const struct redisReply *reply, size_t *len);
bool resp_is(const struct redisReply *reply, const char *text);

#define RESP_CODE_MAX 24

/*
 * The first word of an error, such as OOM: letters alone, since the log may
 * repeat it. false: the reply is no error.
 */
bool resp_error(const struct redisReply *reply, char code[RESP_CODE_MAX]);

#endif
