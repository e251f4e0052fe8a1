/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/admin/admin_answer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portal/http/respond.h"
#include "portal/util/strbuf.h"

#define HEAD_MAX 2048

static const char common_fields[] =
	"Content-Security-Policy: default-src 'none'; script-src 'self'; "
	"style-src 'self'; img-src 'self' data:; connect-src 'self'; "
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n"
	"X-Content-Type-Options: nosniff\r\n"
	"Referrer-Policy: same-origin\r\n"
	"Cross-Origin-Resource-Policy: same-origin\r\n"
	"Connection: close\r\n\r\n";

static void build_head(struct strbuf *o, const struct admin_answer *a)
{
	strbuf_format(o, "HTTP/1.1 %u %s\r\n", a->status,
		      respond_reason(a->status));
	if (a->fields)
		strbuf_text(o, a->fields);
	strbuf_format(o,
		      "Content-Type: %s\r\n"
		      "Content-Length: %zu\r\n"
		      "Cache-Control: %s\r\n",
		      a->type, a->body_len,
		      a->may_be_kept ? "private, max-age=300" : "no-store");
	strbuf_text(o, common_fields);
}

void admin_answer(struct conn *c, const struct admin_answer *a)
{
	size_t max = HEAD_MAX + a->body_len;
	char *bytes = malloc(max);
	struct strbuf o;

	strbuf_init(&o, bytes, bytes ? max : 0);
	build_head(&o, a);
	if (conn_exchange(c)->request.method != REQUEST_HEAD)
		strbuf_bytes(&o, a->body, a->body_len);
	if (o.is_cut)
		log_error("admin: an answer does not fit");
	conn_answer(c, bytes, o.is_cut ? 0 : o.len);
	if (bytes)
		explicit_bzero(bytes, o.len);
	free(bytes);
}

void admin_answer_go(struct conn *c, const char *path, const char *fields)
{
	char all[512];
	struct admin_answer a = {
		.status = 303,
		.type = "text/plain; charset=utf-8",
		.fields = all,
		.body = path,
		.body_len = strlen(path),
	};

	snprintf(all, sizeof(all), "Location: %s\r\n%s", path,
		 fields ? fields : "");
	admin_answer(c, &a);
	explicit_bzero(all, sizeof(all));
}

/* What came from outside must not end the string or the line. */
static void make_harmless(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == '"' ||
		    *text == '\\' || (unsigned char)*text > 0x7e)
			*text = '?';
}

void admin_answer_error(struct conn *c, unsigned int status, const char *fields,
			const char *fmt, ...)
{
	const struct request *r = &conn_exchange(c)->request;
	bool is_json = !strncmp(r->path, "/api/", 5);
	char text[256];
	char body[sizeof(text) + 16];
	struct admin_answer a = {
		.status = status,
		.type = is_json ? ADMIN_TYPE_JSON : "text/plain; charset=utf-8",
		.fields = fields,
		.body = body,
	};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	make_harmless(text);
	a.body_len = (size_t)snprintf(body, sizeof(body),
				      is_json ? "{\"error\":\"%s\"}\n" : "%s\n",
				      text);
	admin_answer(c, &a);
}

void admin_answer_later(struct conn *c, uint64_t wait_ms)
{
	uint64_t wait_s = (wait_ms + 999) / 1000;
	char fields[48];

	snprintf(fields, sizeof(fields), "Retry-After: %" PRIu64 "\r\n",
		 wait_s);
	admin_answer_error(c, 429, fields,
			   "Too many attempts. Try again in %" PRIu64
			   " second%s.",
			   wait_s, wait_s == 1 ? "" : "s");
}
