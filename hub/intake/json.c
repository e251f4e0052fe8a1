/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/intake/json.h"

#include <string.h>

#define DEPTH_MAX 4

struct json_object *json_read(const char *text, size_t len, size_t max)
{
	struct json_tokener *t;
	struct json_object *o;
	bool is_whole;

	if (!len || len > max || memchr(text, '\0', len))
		return NULL;
	t = json_tokener_new_ex(DEPTH_MAX);
	if (!t)
		return NULL;
	json_tokener_set_flags(t, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(t, text, (int)len);
	is_whole = o && json_tokener_get_parse_end(t) == len &&
		   json_object_is_type(o, json_type_object);
	json_tokener_free(t);
	if (is_whole)
		return o;
	json_object_put(o);
	return NULL;
}

bool json_take_number(struct json_object *o, const char *name, int64_t min,
		      int64_t max, int64_t *out)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, name, &v) ||
	    !json_object_is_type(v, json_type_int))
		return false;
	*out = json_object_get_int64(v); /* the nearest that it can be */
	return *out >= min && *out <= max;
}

bool json_take_count(struct json_object *o, const char *name, int64_t least,
		     int64_t max, uint64_t *out)
{
	int64_t v;

	if (!json_take_number(o, name, least, max, &v))
		return false;
	*out = (uint64_t)v;
	return true;
}

const char *json_text(struct json_object *v)
{
	const char *text;

	if (!json_object_is_type(v, json_type_string))
		return NULL;
	text = json_object_get_string(v);
	return strlen(text) == (size_t)json_object_get_string_len(v) ? text
								     : NULL;
}

const char *json_text_of(struct json_object *o, const char *name)
{
	struct json_object *v;

	return json_object_object_get_ex(o, name, &v) ? json_text(v) : NULL;
}

struct json_object *json_array_of(struct json_object *o, const char *name,
				  size_t max)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, name, &v) ||
	    !json_object_is_type(v, json_type_array) ||
	    json_object_array_length(v) > max)
		return NULL;
	return v;
}
