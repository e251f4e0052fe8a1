/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/http/request.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define FIELDS_MAX    100
#define METHOD_MAX    24
#define LENGTH_DIGITS 15

/* A piece of the bytes, not terminated. */
struct piece {
	const char *at;
	size_t len;
};

static const char *const method_name[REQUEST_METHOD_MAX] = {
	[REQUEST_OTHER] = "?",	       [REQUEST_GET] = "GET",
	[REQUEST_HEAD] = "HEAD",       [REQUEST_POST] = "POST",
	[REQUEST_PUT] = "PUT",	       [REQUEST_DELETE] = "DELETE",
	[REQUEST_OPTIONS] = "OPTIONS", [REQUEST_PATCH] = "PATCH",
	[REQUEST_TRACE] = "TRACE",
};

const char *request_method_to_string(enum request_method method)
{
	return (unsigned int)method < REQUEST_METHOD_MAX ? method_name[method]
							 : "?";
}

static bool is_token_char(unsigned char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9'))
		return true;
	return c && strchr("!#$%&'*+-.^_`|~", c);
}

static bool piece_is(struct piece p, const char *text)
{
	return p.len == strlen(text) && !strncasecmp(p.at, text, p.len);
}

static bool piece_starts(struct piece p, const char *text)
{
	size_t len = strlen(text);

	return p.len >= len && !strncasecmp(p.at, text, len);
}

static struct piece piece_skip(struct piece p, size_t n)
{
	return (struct piece){ p.at + n, p.len - n };
}

/* Cuts p at the first c; what follows it is returned, at NULL: no c. */
static struct piece piece_split(struct piece *p, char c)
{
	const char *found = memchr(p->at, c, p->len);
	struct piece rest = { NULL, 0 };

	if (!found)
		return rest;
	rest.at = found + 1;
	rest.len = p->len - (size_t)(rest.at - p->at);
	p->len = (size_t)(found - p->at);
	return rest;
}

static struct piece piece_trim(struct piece p)
{
	while (p.len && (*p.at == ' ' || *p.at == '\t'))
		p = piece_skip(p, 1);
	while (p.len && (p.at[p.len - 1] == ' ' || p.at[p.len - 1] == '\t'))
		p.len--;
	return p;
}

static bool bad(struct request *r, uint16_t status)
{
	r->status = status;
	return false;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_control(int c)
{
	return c < 0x20 || c == 0x7f;
}

int request_decode(enum request_text kind, const char *text, size_t len,
		   char *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int c = (unsigned char)text[i];

		if (c == '%') {
			if (len - i < 3 || hex_digit(text[i + 1]) < 0 ||
			    hex_digit(text[i + 2]) < 0)
				return -1;
			c = hex_digit(text[i + 1]) * 16 +
			    hex_digit(text[i + 2]);
			i += 2;
		} else if (c == '+' && kind != REQUEST_TEXT_PATH) {
			c = ' ';
		}
		if (n == max || !c ||
		    (kind != REQUEST_TEXT_PASTED && is_control(c)))
			return -1;
		out[n++] = (char)c;
	}
	return (int)n;
}

/* --- the request line -------------------------------------------------- */

static bool take_method(struct request *r, struct piece p)
{
	if (!p.len || p.len > METHOD_MAX)
		return bad(r, 400);
	for (size_t i = 0; i < p.len; i++)
		if (!is_token_char((unsigned char)p.at[i]))
			return bad(r, 400);
	for (int m = REQUEST_GET; m < REQUEST_METHOD_MAX; m++)
		if (p.len == strlen(method_name[m]) &&
		    !memcmp(p.at, method_name[m], p.len))
			r->method = (enum request_method)m;
	return true;
}

static bool take_version(struct request *r, struct piece p)
{
	if (p.len != 8 || memcmp(p.at, "HTTP/", 5) || p.at[6] != '.' ||
	    p.at[5] < '0' || p.at[5] > '9' || p.at[7] < '0' || p.at[7] > '9')
		return bad(r, 400);
	if (p.at[5] != '1')
		return bad(r, 505);
	r->has_version_1_1 = p.at[7] != '0';
	return true;
}

static bool take_host(struct request *r, struct piece p)
{
	if (p.len >= sizeof(r->host))
		return bad(r, 400);
	for (size_t i = 0; i < p.len; i++) {
		char c = p.at[i];

		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		      (c && strchr("-._~!$&'()*+,;=:[]%", c))))
			return bad(r, 400);
		r->host[i] = c;
	}
	r->host[p.len] = '\0';
	return true;
}

static void take_lang(struct request *r, struct piece p)
{
	if (p.len >= sizeof(r->lang))
		return;
	for (size_t i = 0; i < p.len; i++)
		if (!is_token_char((unsigned char)p.at[i]))
			return;
	memcpy(r->lang, p.at, p.len);
	r->lang[p.len] = '\0';
}

static void take_via(struct request *r, struct piece p)
{
	if (p.len == 1 && *p.at >= 'a' && *p.at <= 'z')
		r->via = *p.at;
}

static void take_code(struct request *r, struct piece p)
{
	int len = request_decode(REQUEST_TEXT_PASTED, p.at, p.len, r->code,
				 sizeof(r->code) - 1);

	r->code[len < 0 ? 0 : len] = '\0';
}

/* Of guests' queries only lang=xx, via=x and code=xxx mean something. */
static void take_query(struct request *r, struct piece p)
{
	struct request_extra *e = r->extra;

	if (e && p.at) {
		e->query_is_long = p.len >= sizeof(e->query);
		if (!e->query_is_long)
			memcpy(e->query, p.at, p.len);
	}
	while (p.at) {
		struct piece rest = piece_split(&p, '&');

		if (piece_starts(p, "lang="))
			take_lang(r, piece_skip(p, 5));
		else if (piece_starts(p, "via="))
			take_via(r, piece_skip(p, 4));
		else if (piece_starts(p, "code="))
			take_code(r, piece_skip(p, 5));
		p = rest;
	}
}

static void take_path(struct request *r, struct piece p)
{
	char path[REQUEST_HEAD_MAX];
	int len = request_decode(REQUEST_TEXT_PATH, p.at, p.len, path,
				 sizeof(path));

	if (len < 0) {
		r->path_is_bad = true;
		return;
	}
	if ((size_t)len >= sizeof(r->path))
		return;
	memcpy(r->path, path, (size_t)len);
	r->path[len] = '\0';
}

/* origin-form, absolute-form, and * of OPTIONS (RFC 9112 section 3.2) */
static bool take_target(struct request *r, struct piece p)
{
	struct piece query, path;

	if (!p.len)
		return bad(r, 400);
	for (size_t i = 0; i < p.len; i++) {
		unsigned char c = (unsigned char)p.at[i];

		if (c <= 0x20 || c == 0x7f)
			return bad(r, 400);
		if (c >= 0x80 || c == '#' || c == '\\')
			r->path_is_bad = true;
	}
	if (piece_starts(p, "http://") || piece_starts(p, "https://")) {
		p = piece_skip(p, piece_starts(p, "https://") ? 8 : 7);
		query = piece_split(&p, '?');
		path = piece_split(&p, '/');
		if (!p.len || !take_host(r, p))
			return bad(r, 400);
		r->has_target_host = true;
		p = path.at ? (struct piece){ path.at - 1, path.len + 1 }
			    : (struct piece){ "/", 1 };
	} else {
		query = piece_split(&p, '?');
		if (*p.at != '/' &&
		    !(r->method == REQUEST_OPTIONS && piece_is(p, "*")))
			r->path_is_bad = true;
	}
	take_query(r, query);
	if (!r->path_is_bad)
		take_path(r, p);
	return true;
}

static void find_query(struct request *r, struct piece target,
		       const char *bytes)
{
	struct piece query = piece_split(&target, '?');

	if (!query.at)
		return;
	r->query_at = (size_t)(query.at - bytes);
	r->query_len = query.len;
}

static bool take_line(struct request *r, struct piece line)
{
	struct piece method = line;
	struct piece target = piece_split(&method, ' ');
	struct piece version;

	if (!target.at)
		return bad(r, 400);
	version = piece_split(&target, ' ');
	if (!version.at)
		return bad(r, 400);
	find_query(r, target, line.at - r->line_at);
	return take_method(r, method) && take_version(r, version) &&
	       take_target(r, target);
}

/* --- the fields -------------------------------------------------------- */

static bool field_host(struct request *r, struct piece value)
{
	if (r->has_host)
		return bad(r, 400);
	r->has_host = true;
	if (memchr(value.at, ',', value.len))
		return bad(r, 400);
	/* an absolute target says more than the field (RFC 9112 3.2.2) */
	return r->has_target_host || take_host(r, value);
}

static bool field_content_length(struct request *r, struct piece value)
{
	if (r->has_length || !value.len || value.len > LENGTH_DIGITS)
		return bad(r, 400);
	r->has_length = true;
	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return bad(r, 400);
		/* beyond that it is too large whatever follows */
		if (r->body_len < 100000000)
			r->body_len =
				r->body_len * 10 + (size_t)(value.at[i] - '0');
	}
	return true;
}

static bool field_transfer_encoding(struct request *r, struct piece value)
{
	if (r->has_coding)
		return bad(r, 400);
	r->has_coding = true;
	r->is_chunked = piece_is(value, "chunked");
	return true;
}

static bool field_content_type(struct request *r, struct piece value)
{
	if (r->has_type)
		return bad(r, 400);
	r->has_type = true;
	piece_split(&value, ';');
	r->is_form = piece_is(piece_trim(value),
			      "application/x-www-form-urlencoded");
	return true;
}

static bool field_accept_language(struct request *r, struct piece value)
{
	size_t len = value.len;

	if (len >= sizeof(r->accept_language))
		len = sizeof(r->accept_language) - 1;
	memcpy(r->accept_language, value.at, len);
	r->accept_language[len] = '\0';
	return true;
}

/*
 * What cannot be one of ours, as "null" or a long one, stays different from
 * every host.
 */
static bool field_origin(struct request *r, struct piece value)
{
	const char *host = memmem(value.at, value.len, "://", 3);
	struct piece p = value;

	if (host)
		p = piece_skip(value, (size_t)(host - value.at) + 3);
	if (!p.len || p.len >= sizeof(r->origin))
		p = (struct piece){ "?", 1 };
	for (size_t i = 0; i < p.len; i++)
		r->origin[i] = (char)tolower((unsigned char)p.at[i]);
	r->origin[p.len] = '\0';
	return true;
}

static bool field_sec_fetch_site(struct request *r, struct piece value)
{
	r->is_cross_site = piece_is(value, "cross-site");
	return true;
}

/* --- the fields of operators' requests ---------------------------------- */

static bool extra_authorization(struct request *r, struct piece value)
{
	struct request_extra *e = r->extra;
	struct piece token;

	if (e->has_authorization)
		return bad(r, 400);
	e->has_authorization = true;
	if (!piece_starts(value, "Bearer "))
		return true;
	token = piece_trim(piece_skip(value, 7));
	if (token.len < sizeof(e->bearer))
		memcpy(e->bearer, token.at, token.len);
	return true;
}

/* The first of its name counts, as in every server. */
static void take_cookie(char out[REQUEST_COOKIE_LEN + 1], struct piece value)
{
	if (!*out && value.len == REQUEST_COOKIE_LEN)
		memcpy(out, value.at, value.len);
}

static bool extra_cookie(struct request *r, struct piece value)
{
	struct request_extra *e = r->extra;
	struct piece rest;

	if (e->has_cookie)
		return bad(r, 400);
	e->has_cookie = true;
	for (; value.at; value = rest) {
		rest = piece_split(&value, ';');
		value = piece_trim(value);
		if (piece_starts(value, REQUEST_COOKIE "="))
			take_cookie(e->cookie,
				    piece_skip(value, sizeof(REQUEST_COOKIE)));
		else if (piece_starts(value, "__Host-" REQUEST_COOKIE "="))
			take_cookie(
				e->secure_cookie,
				piece_skip(value,
					   sizeof("__Host-" REQUEST_COOKIE)));
	}
	return true;
}

static bool extra_origin(struct request *r, struct piece value)
{
	struct request_extra *e = r->extra;

	if (e->has_origin || value.len >= sizeof(e->origin))
		return bad(r, 400);
	e->has_origin = true;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.at[i];

		e->origin[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	return true;
}

static bool extra_sec_fetch_site(struct request *r, struct piece value)
{
	struct request_extra *e = r->extra;

	if (e->has_site)
		return bad(r, 400);
	e->has_site = true;
	e->is_own_site =
		piece_is(value, "same-origin") || piece_is(value, "none");
	return field_sec_fetch_site(r, value);
}

static bool extra_accept(struct request *r, struct piece value)
{
	static const char wanted[] = "application/openmetrics-text";

	while (value.at && !r->extra->wants_openmetrics) {
		r->extra->wants_openmetrics =
			piece_starts(piece_trim(value), wanted);
		value = piece_split(&value, ',');
	}
	return true;
}

struct field {
	const char *name;
	bool (*take)(struct request *r, struct piece value);
};

static const struct field fields[] = {
	{ "Host", field_host },
	{ "Content-Length", field_content_length },
	{ "Transfer-Encoding", field_transfer_encoding },
	{ "Content-Type", field_content_type },
	{ "Accept-Language", field_accept_language },
	{ "Sec-Fetch-Site", field_sec_fetch_site },
	{ "Origin", field_origin },
	{ NULL, NULL },
};

static const struct field extra_fields[] = {
	{ "Authorization", extra_authorization },
	{ "Cookie", extra_cookie },
	{ "Origin", extra_origin },
	{ "Sec-Fetch-Site", extra_sec_fetch_site },
	{ "Accept", extra_accept },
	{ NULL, NULL },
};

static const struct field *field_find(const struct field *f, struct piece name)
{
	while (f->name && !piece_is(name, f->name))
		f++;
	return f->name ? f : NULL;
}

static bool take_field(struct request *r, struct piece line)
{
	struct piece name = line;
	struct piece value = piece_split(&name, ':');
	const struct field *f;

	if (++r->fields > FIELDS_MAX)
		return bad(r, 431);
	if (!value.at || !name.len)
		return bad(r, 400);
	for (size_t i = 0; i < name.len; i++)
		if (!is_token_char((unsigned char)name.at[i]))
			return bad(r, 400);
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.at[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return bad(r, 400);
	}
	f = r->extra ? field_find(extra_fields, name) : NULL;
	if (!f)
		f = field_find(fields, name);
	return !f || f->take(r, piece_trim(value));
}

/* --- the whole --------------------------------------------------------- */

/* A browser's origin has no port where it is the usual one, a Host may. */
static size_t host_length(const char *host)
{
	size_t len = strlen(host);

	if (len > 3 && !strcmp(host + len - 3, ":80"))
		return len - 3;
	return len > 4 && !strcmp(host + len - 4, ":443") ? len - 4 : len;
}

static bool is_same_host(const char *a, const char *b)
{
	size_t len = host_length(a);

	return len == host_length(b) && !memcmp(a, b, len);
}

static bool check_head(struct request *r)
{
	if (r->has_version_1_1 && !r->has_host)
		return bad(r, 400);
	if (*r->origin && !is_same_host(r->origin, r->host))
		r->is_cross_site = true;
	if (r->has_coding && (r->has_length || !r->has_version_1_1))
		return bad(r, 400);
	if (r->ignores_body)
		return true;
	if (r->method == REQUEST_OTHER)
		return bad(r, 501);
	if (r->has_coding)
		return bad(r, r->is_chunked ? 411 : 501);
	if (r->method == REQUEST_POST && !r->has_length)
		return bad(r, 411);
	if (r->body_len > REQUEST_BODY_MAX ||
	    r->body_len > REQUEST_MAX - r->parsed)
		return bad(r, 413);
	return true;
}

/* One line without its end; an empty one ends the head. */
static bool take_any_line(struct request *r, struct piece line)
{
	if (memchr(line.at, '\r', line.len) || memchr(line.at, '\0', line.len))
		return bad(r, 400);
	if (!r->has_line) {
		/* RFC 9112 section 2.2: one empty line before is forgiven */
		if (!line.len)
			return r->fields++ == 0 || bad(r, 400);
		r->has_line = true;
		r->fields = 0;
		return take_line(r, line);
	}
	if (line.len)
		return take_field(r, line);
	r->has_head = true;
	return check_head(r);
}

/* What cannot become a request line need not be waited for. */
static bool may_become_line(struct request *r, struct piece rest)
{
	for (size_t i = 0; i < rest.len && i <= METHOD_MAX; i++) {
		unsigned char c = (unsigned char)rest.at[i];

		if (i && c == ' ')
			return true;
		if (c == '\r' && !i && !r->fields)
			return rest.len == 1 || bad(r, 400);
		if (!is_token_char(c) || i == METHOD_MAX)
			return bad(r, 400);
	}
	return true;
}

static bool take_head(struct request *r, const char *bytes, size_t len)
{
	size_t end = len < REQUEST_HEAD_MAX ? len : REQUEST_HEAD_MAX;

	while (!r->has_head) {
		const char *from = bytes + r->scanned;
		const char *lf = memchr(from, '\n', end - r->scanned);
		struct piece line = { bytes + r->parsed, end - r->parsed };

		if (!lf) {
			r->scanned = end;
			if (!r->has_line && !may_become_line(r, line))
				return false;
			return end < REQUEST_HEAD_MAX || bad(r, 431);
		}
		line.len = (size_t)(lf - line.at);
		if (!line.len || lf[-1] != '\r')
			return bad(r, 400);
		line.len--;
		r->line_at = r->parsed;
		r->parsed = r->scanned = (size_t)(lf - bytes) + 1;
		if (!take_any_line(r, line))
			return false;
	}
	return true;
}

void request_init(struct request *r, bool ignores_body)
{
	memset(r, 0, sizeof(*r));
	r->ignores_body = ignores_body;
}

void request_want_extra(struct request *r, struct request_extra *extra)
{
	memset(extra, 0, sizeof(*extra));
	r->extra = extra;
}

enum request_result request_feed(struct request *r, const char *bytes,
				 size_t len)
{
	if (r->status)
		return REQUEST_BAD;
	if (!r->has_head && !take_head(r, bytes, len))
		return REQUEST_BAD;
	if (!r->has_head)
		return REQUEST_MORE;
	r->body_at = r->parsed;
	if (r->ignores_body)
		return REQUEST_DONE;
	return len - r->parsed < r->body_len ? REQUEST_MORE : REQUEST_DONE;
}
