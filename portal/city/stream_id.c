/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/city/stream_id.h"

#include <inttypes.h>
#include <stdio.h>

/* The number's length; 0: it is none, or above 2^64 - 1. */
static size_t take_number(uint64_t *out, const char *text, size_t len)
{
	size_t i;

	*out = 0;
	for (i = 0; i < len && text[i] >= '0' && text[i] <= '9'; i++)
		if (__builtin_mul_overflow(*out, 10, out) ||
		    __builtin_add_overflow(*out, (uint64_t)(text[i] - '0'),
					   out))
			return 0;
	return i;
}

bool stream_id_parse(struct stream_id *out, const char *text, size_t len)
{
	size_t ms = take_number(&out->ms, text, len);
	size_t rest = len - ms;

	if (!ms || rest < 2 || text[ms] != '-')
		return false;
	return take_number(&out->seq, text + ms + 1, rest - 1) == rest - 1;
}

void stream_id_print(const struct stream_id *id, char text[STREAM_ID_MAX])
{
	snprintf(text, STREAM_ID_MAX, "%" PRIu64 "-%" PRIu64, id->ms, id->seq);
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

int stream_id_compare(const struct stream_id *a, const struct stream_id *b)
{
	int ms = compare(a->ms, b->ms);

	return ms ? ms : compare(a->seq, b->seq);
}
