/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/http/form.h"

#include <string.h>

/* Into the form's text; NULL: broken. */
static const char *decode(struct form *f, const char *text, size_t len)
{
	char *out = f->text + f->used;
	int n = request_decode(REQUEST_TEXT_PASTED, text, len, out,
			       sizeof(f->text) - f->used - 1);

	if (n < 0)
		return NULL;
	out[n] = '\0';
	f->used += (size_t)n + 1;
	return out;
}

static bool form_add(struct form *f, const char *pair, size_t len)
{
	const char *sign = memchr(pair, '=', len);
	size_t name_len = sign ? (size_t)(sign - pair) : len;
	size_t value_at = sign ? name_len + 1 : len;
	const char *name, *value;

	if (f->count == FORM_FIELDS)
		return false;
	name = decode(f, pair, name_len);
	value = decode(f, pair + value_at, len - value_at);
	if (!name || !value)
		return false;
	f->field[f->count].name = name;
	f->field[f->count].value = value;
	f->count++;
	return true;
}

bool form_parse(struct form *f, const char *bytes, size_t len)
{
	f->count = f->used = 0;
	if (len > REQUEST_BODY_MAX)
		return false;
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
