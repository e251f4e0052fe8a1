/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/http/respond.h"

#include "common/array.h"
#include "portal/util/strbuf.h"

static const struct {
	unsigned int status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 411, "Length Required" },
	{ 413, "Content Too Large" },
	{ 421, "Misdirected Request" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
	{ 511, "Network Authentication Required" },
};

const char *respond_reason(unsigned int status)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Error";
}

static void put_policy(struct strbuf *o, const struct answer *a)
{
	strbuf_format(o,
		      "Content-Security-Policy: default-src 'none'; "
		      "form-action 'self'%s; frame-ancestors 'none'; "
		      "base-uri 'none'",
		      a->leads_away ? " https:" : "");
	if (a->style_source)
		strbuf_format(o, "; style-src %s", a->style_source);
	if (a->has_image || a->partner)
		strbuf_text(o, "; img-src 'self'");
	if (a->partner)
		strbuf_format(o, " %s; script-src %s %s; connect-src %s",
			      a->partner, a->script_source, a->partner,
			      a->partner);
	strbuf_text(o, "\r\n");
}

static void put_cache(struct strbuf *o, const struct answer *a)
{
	if (a->max_age_s)
		strbuf_format(o, "Cache-Control: max-age=%u\r\n", a->max_age_s);
	else
		strbuf_text(o, "Cache-Control: no-store\r\n");
}

size_t respond_build(char *out, size_t max, const struct answer *a)
{
	struct strbuf o;

	strbuf_init(&o, out, max);
	strbuf_format(&o, "HTTP/1.1 %u %s\r\n", a->status,
		      respond_reason(a->status));
	if (a->fields)
		strbuf_text(&o, a->fields);
	strbuf_format(&o, "Content-Type: %s\r\nContent-Length: %zu\r\n",
		      a->type ? a->type : "text/html; charset=utf-8",
		      a->body_len);
	if (a->language)
		strbuf_format(&o, "Content-Language: %s\r\n", a->language);
	put_cache(&o, a);
	put_policy(&o, a);
	strbuf_text(&o, "X-Content-Type-Options: nosniff\r\n"
			"Referrer-Policy: same-origin\r\n"
			"Connection: close\r\n\r\n");
	if (!a->omits_body)
		strbuf_bytes(&o, a->body, a->body_len);
	return o.is_cut ? 0 : o.len;
}
