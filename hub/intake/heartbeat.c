/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/intake/heartbeat.h"

#include <stdio.h>
#include <string.h>

#include "hub/intake/json.h"

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Copies a word of these characters that is not empty and fits. */
static bool take_word(char *out, size_t max, const char *text, const char *of)
{
	size_t len = text ? strspn(text, of) : 0;

	if (!len || text[len] || len >= max)
		return false;
	memcpy(out, text, len + 1);
	return true;
}

bool heartbeat_has(const struct heartbeat *h, const char *code)
{
	for (size_t i = 0; i < h->codes; i++)
		if (!strcmp(h->code[i], code))
			return true;
	return false;
}

/* A code that two zones have is one. */
static bool take_codes(struct heartbeat *h, struct json_object *o)
{
	struct json_object *a = json_array_of(o, "health", HEARTBEAT_CODES_MAX);
	char code[HEARTBEAT_CODE_MAX];

	h->codes = 0;
	for (size_t i = 0; a && i < json_object_array_length(a); i++) {
		if (!take_word(code, sizeof(code),
			       json_text(json_object_array_get_idx(a, i)),
			       LOWER DIGITS "_"))
			return false;
		if (!heartbeat_has(h, code))
			memcpy(h->code[h->codes++], code, sizeof(code));
	}
	return a != NULL;
}

/* A member that a version does not send yet is 0. */
static bool take_optional(struct json_object *o, const char *name, int64_t max,
			  uint64_t *out)
{
	*out = 0;
	return !json_object_object_get_ex(o, name, NULL) ||
	       json_take_count(o, name, 0, max, out);
}

static bool take(struct heartbeat *h, struct json_object *o)
{
	return take_word(h->version, sizeof(h->version),
			 json_text_of(o, "version"),
			 LOWER UPPER DIGITS ".+~-_") &&
	       take_optional(o, "uptime_s", INT64_MAX, &h->uptime_s) &&
	       take_optional(o, "generation", UINT8_MAX, &h->generation) &&
	       take_codes(h, o);
}

bool heartbeat_parse(struct heartbeat *out, const char *text, size_t len)
{
	struct heartbeat h = *out;
	struct json_object *o = json_read(text, len, HEARTBEAT_BYTES_MAX);
	bool is_good = o && take(&h, o);

	json_object_put(o);
	if (is_good)
		*out = h;
	return is_good;
}
