/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/notify/mail_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>
#include <openssl/evp.h>

#include "common/array.h"
#include "portal/util/strbuf.h"

#define BODY_MAX  2048
#define LINE_FROM 57 /* bytes that make 76 characters */

void mail_base64(char *out, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	*out = '\0';
	while (len) {
		size_t part = len < LINE_FROM ? len : LINE_FROM;

		out += EVP_EncodeBlock((unsigned char *)out, at, (int)part);
		at += part;
		len -= part;
		if (!len)
			break;
		memcpy(out, "\r\n", 3);
		out += 2;
	}
}

static const char *text_of(struct json_object *o, const char *member)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(o, member, &value);
	return value ? json_object_get_string(value) : "";
}

/* Of a header: what else it could hold stays out of it. */
static void put_plain(struct strbuf *o, const char *text)
{
	for (; *text; text++)
		if (*text >= ' ' && *text <= '~')
			strbuf_bytes(o, text, 1);
}

static void put_subject(struct strbuf *o, struct json_object *news)
{
	static const char *const member[] = { "state", "code", "zone" };

	strbuf_text(o, "Subject: Stadttor ");
	put_plain(o, text_of(news, "box"));
	strbuf_text(o, ":");
	for (size_t i = 0; i < ARRAY_SIZE(member); i++) {
		if (!*text_of(news, member[i]))
			continue;
		strbuf_text(o, " ");
		put_plain(o, text_of(news, member[i]));
	}
	strbuf_text(o, "\r\n");
}

static void put_date(struct strbuf *o)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed",
					    "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
					      "May", "Jun", "Jul", "Aug",
					      "Sep", "Oct", "Nov", "Dec" };
	time_t now = time(NULL);
	struct tm tm = { 0 };

	gmtime_r(&now, &tm);
	strbuf_format(o, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n",
		      days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
		      tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void put_body(struct strbuf *o, struct json_object *news)
{
	static const char *const member[] = { "state", "level", "code",
					      "zone",  "box",	"network" };
	char body[BODY_MAX], coded[MAIL_BASE64(BODY_MAX)];
	struct strbuf b;

	strbuf_init(&b, body, sizeof(body));
	strbuf_format(&b, "%s\r\n\r\n", text_of(news, "text"));
	for (size_t i = 0; i < ARRAY_SIZE(member); i++)
		if (*text_of(news, member[i]))
			strbuf_format(&b, "%s: %s\r\n", member[i],
				      text_of(news, member[i]));
	mail_base64(coded, body, b.len);
	strbuf_text(o, coded);
}

size_t mail_text(char out[MAIL_TEXT_MAX], const char *from, const char *to,
		 const char *json, uint64_t id)
{
	struct json_object *news = json_tokener_parse(json);
	struct strbuf o;

	if (!news)
		return 0;
	strbuf_init(&o, out, MAIL_TEXT_MAX);
	strbuf_format(&o, "From: Stadttor <%s>\r\nTo: <%s>\r\n", from, to);
	put_subject(&o, news);
	put_date(&o);
	strbuf_format(&o, "Message-ID: <%016" PRIx64 "%s>\r\n", id,
		      strchr(from, '@'));
	strbuf_text(&o, "Auto-Submitted: auto-generated\r\n"
			"MIME-Version: 1.0\r\n"
			"Content-Type: text/plain; charset=utf-8\r\n"
			"Content-Transfer-Encoding: base64\r\n\r\n");
	put_body(&o, news);
	strbuf_text(&o, "\r\n.\r\n");
	json_object_put(news);
	return o.is_cut ? 0 : o.len;
}
