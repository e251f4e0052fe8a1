/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/pages/lang.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>

#include "common/array.h"
#include "common/text.h"
#include "portal/util/file.h"

#define FILE_MAX   (256 * 1024)
#define RANGES_MAX 32
#define EASY	   "-simple" /* in the code of a language */

/* --- one language ------------------------------------------------------ */

static int compare_texts(const void *a, const void *b)
{
	const struct lang_text *x = a;
	const struct lang_text *y = b;

	return strcmp(x->key, y->key);
}

static bool is_text(const char *key, json_object *value, char *error)
{
	if (!json_object_is_type(value, json_type_string)) {
		snprintf(error, LANG_ERROR_MAX, "\"%.60s\" is no string", key);
		return false;
	}
	if (text_is_plain(json_object_get_string(value)))
		return true;
	snprintf(error, LANG_ERROR_MAX,
		 "\"%.60s\" has characters that control or turn the text", key);
	return false;
}

/* All keys and texts stand in one block, one behind the other. */
static size_t store_size(json_object *root)
{
	size_t size = 1;

	json_object_object_foreach(root, key, value)
	{
		size += strlen(key) + 1;
		size += strlen(json_object_get_string(value)) + 1;
	}
	return size;
}

static const char *store_text(char **at, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = *at;

	memcpy(copy, text, size);
	*at += size;
	return copy;
}

static bool take_texts(struct lang *l, json_object *root, char *error)
{
	size_t count = (size_t)json_object_object_length(root);
	char *at;

	json_object_object_foreach(root, name, checked)
	{
		if (!is_text(name, checked, error))
			return false;
	}
	l->text = calloc(count ? count : 1, sizeof(*l->text));
	l->store = malloc(store_size(root));
	if (!l->text || !l->store) {
		snprintf(error, LANG_ERROR_MAX, "out of memory");
		return false;
	}
	at = l->store;
	json_object_object_foreach(root, key, value)
	{
		struct lang_text *t = &l->text[l->count++];

		t->key = store_text(&at, key);
		t->text = store_text(&at, json_object_get_string(value));
	}
	qsort(l->text, l->count, sizeof(*l->text), compare_texts);
	return true;
}

static bool take_plural(struct lang *l, char *error)
{
	const char *name = lang_find(l, "plural");

	l->plural = plural_find(name ? name : "one-other");
	if (!l->plural)
		snprintf(error, LANG_ERROR_MAX,
			 "\"plural\": '%.30s' is no rule; there are %s", name,
			 plural_names());
	return l->plural != NULL;
}

bool lang_parse(struct lang *l, const char *json, size_t len,
		char error[LANG_ERROR_MAX])
{
	struct json_tokener *tok = json_tokener_new();
	json_object *root = NULL;
	bool ok = false;

	if (!tok) {
		snprintf(error, LANG_ERROR_MAX, "out of memory");
		return false;
	}
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	root = json_tokener_parse_ex(tok, json, (int)len);
	if (!root)
		snprintf(error, LANG_ERROR_MAX, "byte %zu: %s",
			 json_tokener_get_parse_end(tok),
			 json_tokener_error_desc(json_tokener_get_error(tok)));
	else if (!json_object_is_type(root, json_type_object))
		snprintf(error, LANG_ERROR_MAX, "no object of texts");
	else
		ok = take_texts(l, root, error) && take_plural(l, error);
	json_object_put(root);
	json_tokener_free(tok);
	return ok;
}

void lang_clear(struct lang *l)
{
	free(l->text);
	free(l->store);
	memset(l, 0, sizeof(*l));
}

const char *lang_find(const struct lang *l, const char *key)
{
	struct lang_text wanted = { .key = key };
	const struct lang_text *t;

	t = bsearch(&wanted, l->text, l->count, sizeof(*l->text),
		    compare_texts);
	return t ? t->text : NULL;
}

/* --- the set ----------------------------------------------------------- */

/* Easy to read: each sentence has a line of its own. */
static void break_sentences(struct lang *l)
{
	for (size_t i = 0; i < l->count; i++)
		for (char *at = l->store + (l->text[i].text - l->store);
		     (at = strpbrk(at, ".!?")); at++)
			if (at[1] == ' ')
				at[1] = '\n';
}

static bool read_one(struct lang_set *set, const char *path, const char *name,
		     char *error)
{
	struct lang *l = &set->lang[set->count];
	char why[LANG_ERROR_MAX];
	size_t code_len = strlen(name) - strlen(".json");
	size_t len;
	char *json;
	bool ok;

	if (set->count == LANG_MAX || code_len >= sizeof(l->code)) {
		snprintf(error, LANG_ERROR_MAX,
			 "%.200s: one too many, or a "
			 "name too long",
			 path);
		return false;
	}
	json = file_read(path, FILE_MAX, &len);
	if (!json) {
		snprintf(error, LANG_ERROR_MAX, "%.200s: %s", path,
			 strerror(errno));
		return false;
	}
	memcpy(l->code, name, code_len);
	set->count++;
	ok = lang_parse(l, json, len, why);
	if (!ok)
		snprintf(error, LANG_ERROR_MAX, "%.200s: %.200s", path, why);
	else if (strstr(l->code, EASY))
		break_sentences(l);
	free(json);
	return ok;
}

static int is_language_file(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return len > 5 && d->d_name[0] != '.' &&
	       !strcmp(d->d_name + len - 5, ".json");
}

static bool read_folder(struct lang_set *set, const char *folder, char *error)
{
	struct dirent **entry;
	char path[512];
	bool ok = true;
	int n = scandir(folder, &entry, is_language_file, alphasort);

	if (n < 0) {
		snprintf(error, LANG_ERROR_MAX, "%.200s: %s", folder,
			 strerror(errno));
		return false;
	}
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%.240s/%.255s", folder,
			 entry[i]->d_name);
		ok = ok && read_one(set, path, entry[i]->d_name, error);
		free(entry[i]);
	}
	free(entry);
	if (ok && !set->count) {
		snprintf(error, LANG_ERROR_MAX, "%.200s: no language", folder);
		ok = false;
	}
	return ok;
}

/* By code and not by file name: de comes before de-simple. */
static int compare_codes(const void *a, const void *b)
{
	const struct lang *x = a;
	const struct lang *y = b;

	return strcmp(x->code, y->code);
}

struct lang_set *lang_set_read(const char *dir, char error[LANG_ERROR_MAX])
{
	struct lang_set *set = calloc(1, sizeof(*set));
	char folder[256];

	if (!set) {
		snprintf(error, LANG_ERROR_MAX, "out of memory");
		return NULL;
	}
	snprintf(folder, sizeof(folder), "%.240s/lang", dir);
	if (!read_folder(set, folder, error)) {
		lang_set_free(set);
		return NULL;
	}
	qsort(set->lang, set->count, sizeof(*set->lang), compare_codes);
	set->fallback = lang_index(set, LANG_FALLBACK);
	if (set->fallback == set->count)
		set->fallback = 0;
	return set;
}

void lang_set_free(struct lang_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->count; i++)
		lang_clear(&set->lang[i]);
	free(set);
}

size_t lang_index(const struct lang_set *set, const char *code)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		if (!strcasecmp(set->lang[i].code, code))
			break;
	return i;
}

/* --- the choice -------------------------------------------------------- */

/* Thousandths; a broken value is 0, so that it is not chosen. */
static int parse_quality(const char *text, size_t len)
{
	int q;

	if (!len || (text[0] != '0' && text[0] != '1'))
		return 0;
	q = (text[0] - '0') * 1000;
	if (len > 1 && text[1] != '.')
		return 0;
	for (size_t i = 2, unit = 100; i < len && unit; i++, unit /= 10) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		q += (text[i] - '0') * (int)unit;
	}
	return q > 1000 ? 0 : q;
}

/* How well a language fits a range such as de-AT: 0 not, 1 partly, 2 fully. */
static int fit(const struct lang *l, const char *range, size_t len)
{
	size_t main_len = strcspn(l->code, "-");
	const char *dash = memchr(range, '-', len);
	size_t range_main = dash ? (size_t)(dash - range) : len;

	if (strlen(l->code) == len && !strncasecmp(l->code, range, len))
		return 2;
	return main_len == range_main &&
	       !strncasecmp(l->code, range, range_main);
}

/* Other codes that phones have for a language, or one close enough to it. */
static const struct {
	const char *other, *code;
} aliases[] = {
	{ "kmr", "ku" },
	{ "mo", "ro" },
	{ "prs", "fa" },
};

static const char *resolve_alias(const char *range, size_t *len)
{
	size_t main_len = 0;

	while (main_len < *len && range[main_len] != '-')
		main_len++;
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
		if (strlen(aliases[i].other) != main_len ||
		    strncasecmp(aliases[i].other, range, main_len))
			continue;
		*len = strlen(aliases[i].code);
		return aliases[i].code;
	}
	return range;
}

struct choice {
	size_t index;
	int quality;
	bool lacks_one; /* somebody reads what there is not */
};

static void choose(struct choice *best, size_t index, int quality)
{
	best->index = index;
	best->quality = quality;
}

static void consider(const struct lang_set *set, struct choice *best,
		     const char *range, size_t len)
{
	const char *semicolon = memchr(range, ';', len);
	size_t name_len = semicolon ? (size_t)(semicolon - range) : len;
	int quality = 1000;
	const char *q;

	if (semicolon) {
		q = semicolon + 1 + strspn(semicolon + 1, " \t");
		if (q + 2 <= range + len && (q[0] | 0x20) == 'q' && q[1] == '=')
			quality = parse_quality(q + 2,
						(size_t)(range + len - q - 2));
	}
	while (name_len &&
	       (range[name_len - 1] == ' ' || range[name_len - 1] == '\t'))
		name_len--;
	if (quality <= best->quality || !name_len)
		return;
	if (name_len == 1 && *range == '*') {
		choose(best, set->fallback, quality);
		return;
	}
	range = resolve_alias(range, &name_len);
	for (int wanted = 2; wanted; wanted--) {
		for (size_t i = 0; i < set->count; i++) {
			if (fit(&set->lang[i], range, name_len) < wanted)
				continue;
			choose(best, i, quality);
			return;
		}
	}
	best->lacks_one = true;
}

static size_t lang_or(const struct lang_set *set, const char *code,
		      size_t otherwise)
{
	size_t index = lang_index(set, code);

	return index < set->count ? index : otherwise;
}

size_t lang_choose(const struct lang_set *set, const char *chosen,
		   const char *accept)
{
	struct choice best = { .index = set->fallback };
	size_t index = lang_index(set, chosen);

	if (index < set->count)
		return index;
	for (int i = 0; i < RANGES_MAX && *accept; i++) {
		size_t len;

		accept += strspn(accept, " \t,");
		len = strcspn(accept, ",");
		while (len &&
		       (accept[len - 1] == ' ' || accept[len - 1] == '\t'))
			len--;
		consider(set, &best, accept, len);
		accept += strcspn(accept, ",");
	}
	if (best.lacks_one && !best.quality)
		return lang_or(set, LANG_KNOWN_BY_MANY, set->fallback);
	return best.index;
}
