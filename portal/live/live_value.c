/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/live/live_value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "common/config/settings_valid.h"
#include "common/text.h"

#define DEPTH_MAX    32
#define DECIMALS_MAX 6
#define INDEX_DIGITS 9
/* Doubles are exact to here, and json-c bends larger integers to its range. */
#define NUMBER_MAX 1e15

/* --- which value: RFC 6901 ---------------------------------------------- */

bool live_pointer_is_valid(const char *pointer)
{
	return strlen(pointer) < LIVE_POINTER_MAX &&
	       valid_json_pointer(pointer);
}

/* The name up to the next '/', without its escapes; gives what follows. */
static const char *take_name(char name[LIVE_POINTER_MAX], const char *pointer)
{
	size_t len = 0;

	for (; *pointer && *pointer != '/'; pointer++) {
		char c = *pointer;

		if (c == '~')
			c = *++pointer == '1' ? '/' : '~';
		name[len++] = c;
	}
	name[len] = '\0';
	return pointer;
}

static bool find_element(json_object *array, const char *name,
			 json_object **found)
{
	size_t len = strlen(name);
	size_t index;

	if (len == 0 || len > INDEX_DIGITS || strspn(name, "0123456789") != len)
		return false;
	if (name[0] == '0' && len > 1)
		return false;
	index = strtoul(name, NULL, 10);
	if (index >= json_object_array_length(array))
		return false;
	*found = json_object_array_get_idx(array, index);
	return true;
}

/* json-c's own is left out of OpenWrt's library. found lives in root. */
static bool find_value(json_object *root, const char *pointer,
		       json_object **found)
{
	char name[LIVE_POINTER_MAX];
	bool ok = true;

	*found = root;
	while (ok && *pointer) {
		pointer = take_name(name, pointer + 1);
		if (json_object_is_type(*found, json_type_array))
			ok = find_element(*found, name, found);
		else if (json_object_is_type(*found, json_type_object))
			ok = json_object_object_get_ex(*found, name, found);
		else
			ok = false;
	}
	return ok;
}

/* --- strings ------------------------------------------------------------ */

/* As pages hold it: a source must not make them longer than was checked. */
static size_t escaped_len(const char *text)
{
	size_t len = strlen(text);

	for (; (text = strpbrk(text, "&<>\"'")); text++)
		len += 5; /* to &quot; at most */
	return len;
}

static bool take_string(char text[LIVE_TEXT_MAX], json_object *value,
			const char **why)
{
	const char *string = json_object_get_string(value);
	size_t len = (size_t)json_object_get_string_len(value);

	if (!len || len >= LIVE_TEXT_MAX ||
	    escaped_len(string) >= LIVE_TEXT_MAX) {
		*why = "the text is empty or too long";
		return false;
	}
	if (strlen(string) != len || !text_is_plain(string)) {
		*why = "the text has characters that are not shown";
		return false;
	}
	snprintf(text, LIVE_TEXT_MAX, "%s", string);
	return true;
}

/* --- numbers ------------------------------------------------------------ */

static void drop_zeros(char *text)
{
	size_t len = strlen(text);

	while (text[len - 1] == '0')
		len--;
	if (text[len - 1] == '.')
		len--;
	text[len] = '\0';
}

static void drop_minus_of_zero(char *text)
{
	if (text[0] == '-' && !text[1 + strspn(text + 1, "0.")])
		memmove(text, text + 1, strlen(text));
}

static bool take_number(char text[LIVE_TEXT_MAX], json_object *value,
			unsigned int decimals, const char **why)
{
	double number = json_object_get_double(value);
	const char *source = json_object_get_string(value);

	if (!isfinite(number) || fabs(number) > NUMBER_MAX) {
		*why = "the number is too large";
		return false;
	}
	if (decimals <= DECIMALS_MAX) {
		snprintf(text, LIVE_TEXT_MAX, "%.*f", (int)decimals, number);
	} else if (strlen(source) < LIVE_TEXT_MAX && !strpbrk(source, "eE")) {
		snprintf(text, LIVE_TEXT_MAX, "%s", source);
	} else {
		snprintf(text, LIVE_TEXT_MAX, "%.*f", DECIMALS_MAX, number);
		drop_zeros(text);
	}
	drop_minus_of_zero(text);
	return true;
}

/* --- both --------------------------------------------------------------- */

static bool take_value(char text[LIVE_TEXT_MAX], json_object *value,
		       unsigned int decimals, const char **why)
{
	switch (json_object_get_type(value)) {
	case json_type_string:
		return take_string(text, value, why);
	case json_type_int:
	case json_type_double:
		return take_number(text, value, decimals, why);
	case json_type_null:
	case json_type_boolean:
	case json_type_object:
	case json_type_array:
		break;
	}
	*why = "the value is neither text nor a number";
	return false;
}

/*
 * *root is the caller's to put; NULL is JSON's null as well. The 0 behind the
 * document is parsed, too: it ends a number that stands alone.
 */
static bool parse(const struct fetch_document *d, json_object **root)
{
	static const char bom[] = "\xef\xbb\xbf";
	size_t skip = strncmp(d->bytes, bom, 3) == 0 ? 3 : 0;
	struct json_tokener *tok = json_tokener_new_ex(DEPTH_MAX);
	bool ok;

	if (!tok)
		return false;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT |
					    JSON_TOKENER_VALIDATE_UTF8);
	*root = json_tokener_parse_ex(tok, d->bytes + skip,
				      (int)(d->len - skip + 1));
	ok = json_tokener_get_error(tok) == json_tokener_success &&
	     json_tokener_get_parse_end(tok) == d->len - skip;
	json_tokener_free(tok);
	return ok;
}

bool live_value_parse(char text[LIVE_TEXT_MAX], const struct fetch_document *d,
		      const struct live_source *s, const char **why)
{
	json_object *root = NULL;
	json_object *value;
	bool ok = false;

	if (!live_pointer_is_valid(s->pointer))
		*why = "the pointer is not one";
	else if (!parse(d, &root))
		*why = "the answer is no JSON";
	else if (!find_value(root, s->pointer, &value))
		*why = "the answer has no value there";
	else
		ok = take_value(text, value, s->decimals, why);
	json_object_put(root);
	return ok;
}

bool live_value_set_age(struct live_value *v, uint64_t age_ms,
			uint64_t interval_s)
{
	v->age_s = age_ms / 1000;
	v->is_stale = age_ms > LIVE_STALE_AFTER * interval_s * 1000;
	return v->age_s <= LIVE_KEEP_S;
}
