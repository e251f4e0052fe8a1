/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In one piece or in two, from strangers: the verdict is the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "portal/lang.h"
#include "portal/request.h"

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
	return 0;
}
