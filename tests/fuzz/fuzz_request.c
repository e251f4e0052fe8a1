/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In one piece or in two, from strangers: the verdict is the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "portal/admin/admin_query.h"
#include "portal/http/request.h"
#include "portal/pages/lang.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct lang_set set = {
	.lang = { { .code = "de" }, { .code = "en" }, { .code = "pt-br" } },
	.count = 3,
};

static void check_done(const struct request *r, size_t size)
{
	if (!r->ignores_body && r->body_at + r->body_len > size)
		abort();
	if (!memchr(r->path, '\0', sizeof(r->path)) ||
	    !memchr(r->host, '\0', sizeof(r->host)) ||
	    !memchr(r->lang, '\0', sizeof(r->lang)))
		abort();
	if (strpbrk(r->host, "\r\n <>\"") || strpbrk(r->path, "\r\n"))
		abort();
	if (lang_choose(&set, r->lang, r->accept_language) >= set.count)
		abort();
}

static void check_query(const char *query)
{
	char from[12] = "", metrics[64] = "", wrong[ADMIN_QUERY_NAME_MAX] = "";
	const struct admin_parameter all[] = {
		{ "from", from, sizeof(from) },
		{ "metrics", metrics, sizeof(metrics) },
	};

	admin_query_parse(query, all, 2, wrong);
	if (!memchr(from, '\0', sizeof(from)) ||
	    !memchr(metrics, '\0', sizeof(metrics)) ||
	    !memchr(wrong, '\0', sizeof(wrong)))
		abort();
}

/* An operator's: more is read, and it ends the same, wherever it is cut. */
static void check_extra(const char *bytes, size_t size, size_t cut)
{
	static struct request_extra of_whole, of_parts;
	static struct request whole, parts;
	enum request_result a, b;

	request_init(&whole, false);
	request_want_extra(&whole, &of_whole);
	a = request_feed(&whole, bytes, size);
	request_init(&parts, false);
	request_want_extra(&parts, &of_parts);
	b = request_feed(&parts, bytes, cut);
	if (b == REQUEST_MORE)
		b = request_feed(&parts, bytes, size);
	if (a != b || whole.status != parts.status)
		abort();
	if (a != REQUEST_DONE)
		return;
	if (memcmp(&of_whole, &of_parts, sizeof(of_whole)) ||
	    !memchr(of_whole.query, '\0', sizeof(of_whole.query)) ||
	    !memchr(of_whole.bearer, '\0', sizeof(of_whole.bearer)) ||
	    !memchr(of_whole.origin, '\0', sizeof(of_whole.origin)))
		abort();
	check_done(&whole, size);
	check_query(of_whole.query);
}

/* The first byte chooses where to cut and who reads. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct request whole, parts;
	bool ignores_body = size && data[0] & 1;
	enum request_result a, b;
	const char *bytes;
	size_t cut;

	if (!size || size - 1 > REQUEST_MAX)
		return 0;
	cut = (size - 1) * (data[0] >> 1) / 127;
	bytes = (const char *)data + 1;
	size--;
	request_init(&whole, ignores_body);
	a = request_feed(&whole, bytes, size);
	request_init(&parts, ignores_body);
	b = request_feed(&parts, bytes, cut);
	if (b == REQUEST_MORE)
		b = request_feed(&parts, bytes, size);
	if (a != b || whole.status != parts.status ||
	    (a == REQUEST_BAD) != (whole.status != 0))
		abort();
	if (a == REQUEST_DONE)
		check_done(&whole, size);
	check_extra(bytes, size, cut);
	return 0;
}
