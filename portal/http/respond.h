/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers as bytes: status line, fields that each page carries, body. */
#ifndef STADTTOR_PORTAL_HTTP_RESPOND_H
#define STADTTOR_PORTAL_HTTP_RESPOND_H

#include <stdbool.h>
#include <stddef.h>

struct answer {
	unsigned int status;
	const char *fields;	  /* further "Name: value\r\n" lines, or NULL */
	const char *type;	  /* of the body, NULL: a page */
	const char *language;	  /* of the body, or NULL */
	const char *style_source; /* of Content-Security-Policy, or NULL */
	bool has_image;		  /* one of ours */
	bool leads_away;	  /* a form of it ends at somebody else's */
	const char *script_source; /* as style_source */
	const char *partner;	/* whose pictures and scripts it has, or NULL */
	unsigned int max_age_s; /* how long it may be kept; 0: not at all */
	const char *body;
	size_t body_len;
	bool omits_body; /* HEAD: the length is told, the body is not sent */
};

/* The length in out; 0: it does not fit. */
size_t respond_build(char *out, size_t max, const struct answer *a);

/* "Not Found"; of a status we do not know: "Error". */
const char *respond_reason(unsigned int status);

#endif
