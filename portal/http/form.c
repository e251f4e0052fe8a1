/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/http/form.h"

#include <string.h>

#include "portal/http/request.h"

static bool decode(const char *text, size_t len, char *out, size_t max)
{
	int n = request_decode(text, len, out, max - 1, true);

	if (n < 0)
		return false;
	out[n] = '\0';
	return true;
}

static bool form_add(struct form *f, const char *pair, size_t len)
{
	const char *sign = memchr(pair, '=', len);
	size_t name_len = sign ? (size_t)(sign - pair) : len;
	size_t value_len = sign ? len - name_len - 1 : 0;

	if (f->count == FORM_FIELDS)
		return false;
	if (!decode(pair, name_len, f->field[f->count].name, FORM_NAME) ||
	    !decode(sign ? sign + 1 : pair, value_len, f->field[f->count].value,
		    FORM_VALUE))
		return false;
	f->count++;
	return true;
}

bool form_parse(struct form *f, const char *bytes, size_t len)
{
	f->count = 0;
	while (len) {
		const char *end = memchr(bytes, '&', len);
		size_t n = end ? (size_t)(end - bytes) : len;

		if (n && !form_add(f, bytes, n))
			return false;
		if (!end)
			break;
		bytes = end + 1;
		len -= n + 1;
	}
	return true;
}

const char *form_find(const struct form *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (!strcmp(f->field[i].name, name))
			return f->field[i].value;
	return NULL;
}
