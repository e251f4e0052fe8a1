/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A tree as libuci would write it after loading its file (uci_set(),
 * uci_add_list(), uci_export_package()): sections of one name are one, an
 * option without a value is none, of repeated options the last one stays and
 * goes to the end, unless it changes nothing, and a list goes on where it is.
 */
#ifndef STADTTOR_TESTS_UCICANON_H
#define STADTTOR_TESTS_UCICANON_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config/uci.h"

struct canon_entry {
	const char *name;
	bool is_list;
	size_t count;
	const char **value;
};

struct canon_section {
	size_t count;
	struct canon_entry *entry;
};

static void *canon_grow(void *old, size_t size)
{
	void *p = realloc(old, size);

	if (!p)
		abort();
	return p;
}

static struct canon_entry *canon_append(struct canon_section *c,
					const char *name, bool is_list)
{
	c->entry = canon_grow(c->entry, (c->count + 1) * sizeof(*c->entry));
	c->entry[c->count] = (struct canon_entry){ name, is_list, 0, NULL };
	return &c->entry[c->count++];
}

static void canon_push(struct canon_entry *e, const char *value)
{
	e->value = canon_grow(e->value, (e->count + 1) * sizeof(*e->value));
	e->value[e->count++] = value;
}

static void canon_remove(struct canon_section *c, size_t i)
{
	free(c->entry[i].value);
	memmove(&c->entry[i], &c->entry[i + 1],
		(--c->count - i) * sizeof(*c->entry));
}

static void canon_take(struct canon_section *c, const struct uci_option *o)
{
	struct canon_entry *e;
	const char *before = NULL;
	size_t i = 0;

	while (i < c->count && strcmp(c->entry[i].name, o->name))
		i++;
	e = i < c->count ? &c->entry[i] : NULL;
	if (o->is_list && e && e->is_list) {
		canon_push(e, o->value);
		return;
	}
	if (!o->is_list && (!*o->value || (e && !e->is_list &&
					   !strcmp(e->value[0], o->value))))
		return;
	if (e) {
		before = o->is_list ? e->value[0] : NULL;
		canon_remove(c, i);
	}
	e = canon_append(c, o->name, o->is_list);
	if (before)
		canon_push(e, before);
	canon_push(e, o->value);
}

static void canon_quote(const char *value, FILE *out)
{
	putc('\'', out);
	for (; *value; value++)
		if (*value == '\'')
			fputs("'\\''", out);
		else
			putc(*value, out);
	putc('\'', out);
}

static bool canon_is_same(const struct uci_section *a,
			  const struct uci_section *b)
{
	return a == b || (a->name && b->name && !strcmp(a->name, b->name));
}

static void canon_section(const struct uci_file *f, const struct uci_section *s,
			  FILE *out)
{
	struct canon_section c = { 0 };
	const struct uci_section *more;
	const struct uci_option *o;

	TAILQ_FOREACH (more, &f->sections, next)
		if (canon_is_same(s, more))
			TAILQ_FOREACH (o, &more->options, next)
				canon_take(&c, o);
	fprintf(out, "\nconfig %s", s->type);
	if (s->name)
		fprintf(out, " '%s'", s->name);
	putc('\n', out);
	for (; c.count; canon_remove(&c, 0))
		for (size_t i = 0; i < c.entry->count; i++) {
			fprintf(out, "\t%s %s ",
				c.entry->is_list ? "list" : "option",
				c.entry->name);
			canon_quote(c.entry->value[i], out);
			putc('\n', out);
		}
	free(c.entry);
}

static void canon_print(const struct uci_file *f, FILE *out)
{
	const struct uci_section *s, *first;

	TAILQ_FOREACH (s, &f->sections, next) {
		TAILQ_FOREACH (first, &f->sections, next)
			if (canon_is_same(first, s))
				break;
		if (first == s)
			canon_section(f, s, out);
	}
	putc('\n', out);
}

#endif
