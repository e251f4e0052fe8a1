/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The languages: one flat JSON file each, lang/CODE.json, with the texts of
 * all pages. Chooses the best one for a person. Knows no HTML.
 */
#ifndef STADTTOR_PORTAL_PAGES_LANG_H
#define STADTTOR_PORTAL_PAGES_LANG_H

#include <stdbool.h>
#include <stddef.h>

#include "common/log.h"
#include "portal/pages/plural.h"

#define LANG_MAX	   64
#define LANG_CODE_MAX	   12
#define LANG_ERROR_MAX	   512
#define LANG_FALLBACK	   "de"
#define LANG_KNOWN_BY_MANY "en"

struct lang_text {
	const char *key;
	const char *text;
};

struct lang {
	char code[LANG_CODE_MAX]; /* BCP 47, lower case, of the file's name */
	struct lang_text *text;	  /* sorted by key */
	size_t count;
	char *store;			  /* where they stand */
	const struct plural_rule *plural; /* of its text "plural" */
};

struct lang_set {
	struct lang lang[LANG_MAX]; /* sorted by code */
	size_t count;
	size_t fallback; /* LANG_FALLBACK, or the first */
};

/* Reads every CODE.json in DIR/lang. NULL: error names the file and what is
 * wrong. */
struct lang_set *lang_set_read(const char *dir,
			       char error[LANG_ERROR_MAX]) MUST_CHECK;
void lang_set_free(struct lang_set *set);

/*
 * One language of JSON text; false: error says why: no flat object of plain
 * texts (text_is_plain()), or a plural rule that is not known. For
 * lang_clear().
 */
bool lang_parse(struct lang *l, const char *json, size_t len,
		char error[LANG_ERROR_MAX]);
void lang_clear(struct lang *l);

/* NULL: this language has no such text. */
const char *lang_find(const struct lang *l, const char *key);

/*
 * The index of the language for a person who chose (or "") and whose browser
 * accepts (or ""): an exact match wins over one of the main language; q-values
 * count (RFC 9110 section 12.5.4). Who reads only what there is not gets
 * English, and who says nothing LANG_FALLBACK.
 */
size_t lang_choose(const struct lang_set *set, const char *chosen,
		   const char *accept);

/* The index of that code; set->count: none. */
size_t lang_index(const struct lang_set *set, const char *code);

#endif
