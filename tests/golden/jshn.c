/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jshn -r TEXT: what tests/openwrt/luci/jshn.sh calls, with the output of
 * libubox's jshn.c: keys and values in single quotes, a quote as '\''. A
 * program because it is started for every call of the rpcd plugin.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

static const char *const names[] = {
	[json_type_null] = "null",     [json_type_boolean] = "boolean",
	[json_type_double] = "double", [json_type_int] = "int",
	[json_type_object] = "object", [json_type_array] = "array",
	[json_type_string] = "string",
};

static void write_value(const char *key, struct json_object *value);

static void write_key(const char *key)
{
	for (; *key; key++)
		putchar(isalnum((unsigned char)*key) ? *key : '_');
}

static void write_quoted(const char *text)
{
	putchar('\'');
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*text);
	putchar('\'');
}

static void write_members(struct json_object *value)
{
	struct json_object_iterator at, end;
	char key[32];

	if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			snprintf(key, sizeof(key), "%zu", i);
			write_value(key, json_object_array_get_idx(value, i));
		}
		return;
	}
	at = json_object_iter_begin(value);
	end = json_object_iter_end(value);
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
		write_value(json_object_iter_peek_name(&at),
			    json_object_iter_peek_value(&at));
}

static void write_scalar(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_string:
		putchar(' ');
		write_quoted(json_object_get_string(value));
		break;
	case json_type_double:
		printf(" %f", json_object_get_double(value));
		break;
	case json_type_int:
	case json_type_boolean:
		printf(" %" PRId64, json_object_get_int64(value));
		break;
	case json_type_null:
	case json_type_object:
	case json_type_array:
		break;
	}
	puts(";");
}

static void write_value(const char *key, struct json_object *value)
{
	enum json_type type = json_object_get_type(value);

	printf("json_add_%s '", names[type]);
	write_key(key);
	putchar('\'');
	write_scalar(value);
	if (type != json_type_object && type != json_type_array)
		return;
	write_members(value);
	printf("json_close_%s;\n", names[type]);
}

/* All of the text, by the standard's grammar. */
static struct json_object *parse(const char *text)
{
	struct json_tokener *t = json_tokener_new();
	struct json_object *value;

	json_tokener_set_flags(t, JSON_TOKENER_STRICT);
	value = json_tokener_parse_ex(t, text, (int)strlen(text) + 1);
	json_tokener_free(t);
	return value;
}

int main(int argc, char **argv)
{
	struct json_object *value = argc == 3 ? parse(argv[2]) : NULL;

	if (!json_object_is_type(value, json_type_object)) {
		json_object_put(value);
		fputs("Failed to parse message data\n", stderr);
		return 1;
	}
	puts("json_init;");
	write_members(value);
	json_object_put(value);
	return 0;
}
