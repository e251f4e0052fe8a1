/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fields of an application/x-www-form-urlencoded body. */
#ifndef STADTTOR_PORTAL_HTTP_FORM_H
#define STADTTOR_PORTAL_HTTP_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "portal/http/request.h"

#define FORM_FIELDS 8

struct form {
	size_t count;
	struct {
		const char *name, *value; /* both in text */
	} field[FORM_FIELDS];
	size_t used;
	char text[REQUEST_BODY_MAX + 2 * FORM_FIELDS];
};

/* false: broken codes, a NUL, or more than we ever ask for. */
bool form_parse(struct form *f, const char *bytes, size_t len);

/* The value of the first field of that name; NULL: none. */
const char *form_find(const struct form *f, const char *name);

#endif
