/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A writer into a fixed buffer that remembers whether something was cut. */
#ifndef STADTTOR_PORTAL_UTIL_STRBUF_H
#define STADTTOR_PORTAL_UTIL_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

#include "common/log.h"

struct strbuf {
	char *at;
	size_t len;
	size_t max;
	bool is_cut; /* what did not fit was left out as a whole */
};

void strbuf_init(struct strbuf *o, char *buf, size_t max);
void strbuf_bytes(struct strbuf *o, const char *bytes, size_t len);
void strbuf_text(struct strbuf *o, const char *text);
void strbuf_format(struct strbuf *o, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* These as references of HTML, fit for text and for quoted attributes. */
#define STRBUF_ESCAPES "&<>\"'"
const char *strbuf_reference(char c); /* NULL: none of them */
void strbuf_escaped(struct strbuf *o, const char *text);

#endif
