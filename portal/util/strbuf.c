/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/util/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void strbuf_init(struct strbuf *o, char *buf, size_t max)
{
	*o = (struct strbuf){ .at = buf, .max = max };
}

void strbuf_bytes(struct strbuf *o, const char *bytes, size_t len)
{
	if (len > o->max - o->len) {
		o->is_cut = true;
		return;
	}
	memcpy(o->at + o->len, bytes, len);
	o->len += len;
}

void strbuf_text(struct strbuf *o, const char *text)
{
	strbuf_bytes(o, text, strlen(text));
}

void strbuf_format(struct strbuf *o, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		o->is_cut = true;
	else
		strbuf_bytes(o, text, (size_t)n);
}

const char *strbuf_reference(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	}
	return NULL;
}

void strbuf_escaped(struct strbuf *o, const char *text)
{
	while (*text) {
		size_t plain = strcspn(text, STRBUF_ESCAPES);

		strbuf_bytes(o, text, plain);
		text += plain;
		if (*text)
			strbuf_text(o, strbuf_reference(*text++));
	}
}
