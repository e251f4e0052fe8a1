/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/city/resp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if HIREDIS_MAJOR < 1
typedef int resp_length;
#else
typedef size_t resp_length;
#endif

struct resp {
	struct resp_bounds bounds;
	redisReader *reader;
	redisReplyObjectFunctions functions; /* the library's, but for arrays */
	void *(*make_array)(const redisReadTask *task, resp_length elements);
	size_t bytes; /* of the reply that is under way */
	size_t elements;
	bool is_beyond; /* its bounds */
	const char *why;
};

static size_t depth_of(const redisReadTask *task)
{
	size_t depth = 0;

	for (; task; task = task->parent)
		depth++;
	return depth;
}

/* The library would make room for all that the head of an array promises. */
static void *make_array(const redisReadTask *task, resp_length elements)
{
	struct resp *r = task->privdata;

	if (task->type != REDIS_REPLY_ARRAY)
		r->why = "a reply of a kind that was not asked for";
	else if (depth_of(task) > RESP_DEPTH_MAX)
		r->why = "a reply that is nested too deep";
	else if ((size_t)elements > r->bounds.elements - r->elements) {
		r->why = "a reply of too many elements";
		r->is_beyond = true;
	} else {
		r->elements += (size_t)elements;
		return r->make_array(task, elements);
	}
	return NULL;
}

struct resp *resp_new(const struct resp_bounds *bounds)
{
	struct resp *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->reader = redisReaderCreate();
	if (!r->reader) {
		free(r);
		return NULL;
	}
	r->bounds = *bounds;
	r->functions = *r->reader->fn;
	r->make_array = r->functions.createArray;
	r->functions.createArray = make_array;
	r->reader->fn = &r->functions;
	r->reader->privdata = r;
#ifdef REDIS_READER_MAX_ARRAY_ELEMENTS
	r->reader->maxelements = 0; /* make_array() bounds them */
#endif
	return r;
}

void resp_free(struct resp *r)
{
	if (!r)
		return;
	redisReaderFree(r->reader);
	free(r);
}

int resp_feed(struct resp *r, const void *bytes, size_t len)
{
	if (len > r->bounds.bytes - r->bytes) {
		r->why = "a reply of too many bytes";
		return -EMSGSIZE;
	}
	r->bytes += len;
	r->why = "out of memory";
	return redisReaderFeed(r->reader, bytes, len) ? -EPROTO : 0;
}

int resp_next(struct resp *r, struct redisReply **out)
{
	void *reply = NULL;

	r->why = "a reply that makes no sense";
	if (redisReaderGetReply(r->reader, &reply) != REDIS_OK)
		return r->is_beyond ? -EMSGSIZE : -EPROTO;
	if (!reply)
		return 0;
	r->bytes = r->reader->len - r->reader->pos;
	r->elements = 0;
	*out = reply;
	return 1;
}

const char *resp_why(const struct resp *r)
{
	return r->why;
}

/* --- what replies hold -------------------------------------------------- */

size_t resp_count(const struct redisReply *reply)
{
	return reply && reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
}

const struct redisReply *resp_at(const struct redisReply *reply, size_t index)
{
	return index < resp_count(reply) ? reply->element[index] : NULL;
}

const char *resp_bytes(const struct redisReply *reply, size_t *len)
{
	if (!reply || (reply->type != REDIS_REPLY_STRING &&
		       reply->type != REDIS_REPLY_STATUS))
		return NULL;
	*len = (size_t)reply->len;
	return reply->str;
}

bool resp_is(const struct redisReply *reply, const char *text)
{
	size_t len = 0;
	const char *bytes = resp_bytes(reply, &len);

	return bytes && len == strlen(text) && !memcmp(bytes, text, len);
}

bool resp_error(const struct redisReply *reply, char code[RESP_CODE_MAX])
{
	size_t len;

	if (!reply || reply->type != REDIS_REPLY_ERROR)
		return false;
	len = strspn(reply->str, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	snprintf(code, RESP_CODE_MAX, "%.*s", (int)len, reply->str);
	return true;
}
