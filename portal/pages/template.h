/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Templates made into short programs at start, so that a page is copied
 * together without looking anything up.
 *
 *	{{placeholder}}		a value, escaped
 *	{{&placeholder}}		a value as it is: our own markup
 *	{{#placeholder}}...{{/placeholder}}	only if it is not empty
 *	{{^placeholder}}...{{/placeholder}}	only if it is empty
 *	{{*list}}...{{/list}}	once for each item, which sets placeholders
 *	{{>file}}		another file in its place
 *	{{word}}		any other name: a text of the language
 *
 * Names of placeholders, lists and files are the owner's; words get numbers as
 * they are met.
 */
#ifndef STADTTOR_PORTAL_PAGES_TEMPLATE_H
#define STADTTOR_PORTAL_PAGES_TEMPLATE_H

#include <stdint.h>

#include "portal/util/strbuf.h"

#define TEMPLATE_ERROR_MAX 512
#define TEMPLATE_NAME_MAX  32

struct template_op;

/* Programs, one behind the other. Zeroed is empty. */
struct template
{
	struct template_op *op;
	size_t ops, ops_room;
	char *text;
	size_t text_len, text_room;
};

/* One program of a template. */
struct template_part {
	uint32_t first, count;
};

/* What names stand for; each gives a number, or -1. */
struct template_names {
	const char *dir; /* files are DIR/NAME.html */
	int (*placeholder)(const char *name, void *arg);
	int (*list)(const char *name, void *arg);
	int (*word)(const char *name, void *arg); /* NULL: no words here */
	/* values in a text may run the other way: U+2068 and U+2069 are put
	 * around them */
	bool isolates;
	void *arg;
};

/*
 * Adds a file, or a text of a language, which is escaped around its
 * placeholders. false: error names the place and what is wrong there.
 */
bool template_add_file(struct template *t, const struct template_names *names,
		       const char *file, struct template_part *part,
		       char error[TEMPLATE_ERROR_MAX]) MUST_CHECK;
bool template_add_text(struct template *t, const struct template_names *names,
		       const char *text, struct template_part *part,
		       char error[TEMPLATE_ERROR_MAX]) MUST_CHECK;

/* Nothing is added any more: gives back the room that is left. */
void template_shrink(struct template *t);
void template_clear(struct template *t);

struct template_word {
	const struct template *template; /* NULL: nothing */
	struct template_part part;
};

/* What a page is made with. Placeholders that are NULL are empty. */
struct template_context {
	const char **value;		  /* by placeholder */
	const struct template_word *word; /* by word */
	/* sets the placeholders of item i of a list; false: there is none */
	bool (*item)(int list, size_t i, void *arg);
	void *arg;
};

void template_render(const struct template *t, struct template_part part,
		     const struct template_context *context,
		     struct strbuf *out);

#endif
