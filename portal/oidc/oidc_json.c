/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/oidc/oidc_json.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#define DEPTH_MAX 12

json_object *oidc_json_parse(const char *bytes, size_t len)
{
	struct json_tokener *tok;
	json_object *root;
	bool is_whole;

	if (len == 0 || len > INT_MAX)
		return NULL;
	tok = json_tokener_new_ex(DEPTH_MAX);
	if (!tok)
		return NULL;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT |
					    JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tok, bytes, (int)len);
	is_whole = json_tokener_get_error(tok) == json_tokener_success;
	for (size_t i = json_tokener_get_parse_end(tok); i < len; i++)
		is_whole = is_whole && strchr(" \t\r\n", bytes[i]) && bytes[i];
	json_tokener_free(tok);
	if (is_whole && json_object_is_type(root, json_type_object))
		return root;
	json_object_put(root);
	return NULL;
}

static const char *text_of(json_object *value)
{
	const char *text;

	if (!json_object_is_type(value, json_type_string))
		return NULL;
	text = json_object_get_string(value);
	return strlen(text) == (size_t)json_object_get_string_len(value) ? text
									 : NULL;
}

const char *oidc_json_text(const json_object *o, const char *name)
{
	json_object *value;

	return json_object_object_get_ex(o, name, &value) ? text_of(value)
							  : NULL;
}

bool oidc_json_time(const json_object *o, const char *name, int64_t *out)
{
	json_object *value;
	double number;

	if (!json_object_object_get_ex(o, name, &value) ||
	    (!json_object_is_type(value, json_type_int) &&
	     !json_object_is_type(value, json_type_double)))
		return false;
	number = json_object_get_double(value);
	if (!isfinite(number) || number < 0 || number > 9e15)
		return false;
	*out = (int64_t)number;
	return true;
}

bool oidc_json_has(const json_object *o, const char *name, const char *text)
{
	json_object *value;
	const char *one;

	if (!json_object_object_get_ex(o, name, &value))
		return false;
	if (!json_object_is_type(value, json_type_array)) {
		one = text_of(value);
		return one && !strcmp(one, text);
	}
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		one = text_of(json_object_array_get_idx(value, i));
		if (one && !strcmp(one, text))
			return true;
	}
	return false;
}
