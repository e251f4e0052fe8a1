/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/util/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void out_init(struct out *o, char *buf, size_t max)
{
	*o = (struct out){ .at = buf, .max = max };
}

void out_bytes(struct out *o, const char *bytes, size_t len)
{
	if (len > o->max - o->len) {
		o->is_cut = true;
		return;
	}
	memcpy(o->at + o->len, bytes, len);
	o->len += len;
}

void out_text(struct out *o, const char *text)
{
	out_bytes(o, text, strlen(text));
}

void out_format(struct out *o, const char *fmt, ...)
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
		out_bytes(o, text, (size_t)n);
}

static const char *reference(char c)
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

void out_escaped(struct out *o, const char *text)
{
	while (*text) {
		size_t plain = strcspn(text, "&<>\"'");

		out_bytes(o, text, plain);
		text += plain;
		if (*text)
			out_text(o, reference(*text++));
	}
}
