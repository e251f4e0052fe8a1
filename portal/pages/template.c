/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/pages/template.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "portal/util/file.h"

#define FILE_MAX    (64 * 1024)
#define NESTING_MAX 8
#define ISOLATE	    "\xe2\x81\xa8"
#define ISOLATE_END "\xe2\x81\xa9"

enum kind {
	OP_TEXT,
	OP_VALUE,
	OP_RAW,
	OP_WORD,
	OP_UNLESS_EMPTY,
	OP_UNLESS_SET,
	OP_EACH,
};

struct template_op {
	uint16_t kind; /* enum kind */
	uint16_t what; /* placeholder, list or word */
	uint32_t from; /* OP_TEXT: in the text */
	uint32_t len;  /* OP_TEXT: of it; blocks: ops that belong to it */
};

/* --- making ------------------------------------------------------------- */

struct maker {
	struct template *t;
	const struct template_names *names;
	size_t open[NESTING_MAX]; /* blocks without their end */
	size_t depth;
	size_t nesting;	 /* of files */
	size_t joinable; /* text may join text from this op on */
	bool escapes;
	const char *place;
	char *error; /* empty: fine so far */
};

static bool make(struct maker *m, const char *template);

static bool fail(struct maker *m, const char *what, const char *name)
{
	if (!*m->error)
		snprintf(m->error, TEMPLATE_ERROR_MAX, "%.200s: %s '%.60s'",
			 m->place, what, name);
	return false;
}

static struct template_op *add_op(struct maker *m, enum kind kind, int what)
{
	struct template *t = m->t;
	struct template_op *grown =
		array_grow(t->op, &t->ops_room, t->ops + 1, sizeof(*t->op));

	if (!grown) {
		fail(m, "out of memory in", "it");
		return NULL;
	}
	t->op = grown;
	t->op[t->ops] = (struct template_op){ .kind = (uint16_t)kind,
					      .what = (uint16_t)what };
	return &t->op[t->ops++];
}

/* Six bytes for each hold the longest reference of strbuf_escaped(). */
static bool append(struct maker *m, const char *text, size_t len)
{
	struct template *t = m->t;
	char *grown =
		array_grow(t->text, &t->text_room, t->text_len + 6 * len, 1);
	char *copy;
	struct strbuf o;

	if (!grown)
		return fail(m, "out of memory in", "it");
	t->text = grown;
	strbuf_init(&o, t->text + t->text_len, t->text_room - t->text_len);
	if (!m->escapes) {
		strbuf_bytes(&o, text, len);
	} else {
		copy = strndup(text, len);
		if (!copy)
			return fail(m, "out of memory in", "it");
		strbuf_escaped(&o, copy);
		free(copy);
	}
	t->text_len += o.len;
	return true;
}

/* Text beside text is one op. */
static bool add_text(struct maker *m, const char *text, size_t len)
{
	struct template *t = m->t;
	size_t from = t->text_len;
	struct template_op *op;

	if (!len)
		return true;
	if (!append(m, text, len))
		return false;
	op = t->ops > m->joinable ? &t->op[t->ops - 1] : NULL;
	if (!op || op->kind != OP_TEXT) {
		op = add_op(m, OP_TEXT, 0);
		if (!op)
			return false;
		op->from = (uint32_t)from;
	}
	op->len = (uint32_t)(t->text_len - op->from);
	return true;
}

static bool make_block(struct maker *m, enum kind kind, const char *name)
{
	int what = kind == OP_EACH ? m->names->list(name, m->names->arg)
				   : m->names->placeholder(name, m->names->arg);

	if (what < 0 || m->depth == NESTING_MAX)
		return fail(m,
			    "unknown placeholder, or nested too deep:", name);
	m->open[m->depth++] = m->t->ops;
	if (!add_op(m, kind, what))
		return false;
	m->joinable = m->t->ops;
	return true;
}

static bool make_end(struct maker *m, const char *name)
{
	struct template_op *op;
	int what;

	if (!m->depth)
		return fail(m, "end of a block that never began:", name);
	op = &m->t->op[m->open[--m->depth]];
	what = op->kind == OP_EACH ? m->names->list(name, m->names->arg)
				   : m->names->placeholder(name, m->names->arg);
	if (what != op->what)
		return fail(m,
			    "end of a block that is not the innermost:", name);
	op->len = (uint32_t)(m->t->ops - m->open[m->depth] - 1);
	m->joinable = m->t->ops;
	return true;
}

static bool make_file(struct maker *m, const char *name)
{
	const char *outer = m->place;
	char path[512];
	char *template;
	size_t len;
	bool ok;

	if (m->nesting == NESTING_MAX)
		return fail(m, "nested too deep:", name);
	snprintf(path, sizeof(path), "%.240s/%s.html", m->names->dir, name);
	template = file_read(path, FILE_MAX, &len);
	if (!template) {
		if (!*m->error)
			snprintf(m->error, TEMPLATE_ERROR_MAX, "%.300s: %s",
				 path, strerror(errno));
		return false;
	}
	m->nesting++;
	m->place = path;
	ok = make(m, template);
	m->place = outer;
	m->nesting--;
	free(template);
	return ok;
}

static bool make_value(struct maker *m, const char *name)
{
	int what = m->names->placeholder(name, m->names->arg);
	enum kind kind = OP_VALUE;

	if (what < 0 && m->names->word) {
		kind = OP_WORD;
		what = m->names->word(name, m->names->arg);
	}
	if (what < 0)
		return fail(m, "unknown placeholder:", name);
	if (!m->names->isolates)
		return add_op(m, kind, what) != NULL;
	return add_text(m, ISOLATE, strlen(ISOLATE)) && add_op(m, kind, what) &&
	       add_text(m, ISOLATE_END, strlen(ISOLATE_END));
}

static bool make_raw(struct maker *m, const char *name)
{
	int what = m->names->placeholder(name, m->names->arg);

	if (what < 0 || m->escapes)
		return fail(m, "unknown placeholder:", name);
	return add_op(m, OP_RAW, what) != NULL;
}

static bool make_tag(struct maker *m, const char *name)
{
	switch (*name) {
	case '&':
		return make_raw(m, name + 1);
	case '#':
		return make_block(m, OP_UNLESS_EMPTY, name + 1);
	case '^':
		return make_block(m, OP_UNLESS_SET, name + 1);
	case '*':
		return make_block(m, OP_EACH, name + 1);
	case '/':
		return make_end(m, name + 1);
	case '>':
		return !m->escapes ? make_file(m, name + 1)
				   : fail(m, "unknown placeholder:", name + 1);
	}
	return make_value(m, name);
}

static bool make(struct maker *m, const char *template)
{
	const char *tag, *end;
	char name[TEMPLATE_NAME_MAX];

	while ((tag = strstr(template, "{{"))) {
		if (!add_text(m, template, (size_t)(tag - template)))
			return false;
		tag += 2;
		end = strstr(tag, "}}");
		if (!end || (size_t)(end - tag) >= sizeof(name))
			return fail(
				m, "a tag without its end, or too long:", "{{");
		memcpy(name, tag, (size_t)(end - tag));
		name[end - tag] = '\0';
		if (!make_tag(m, name))
			return false;
		template = end + 2;
	}
	return add_text(m, template, strlen(template));
}

static bool finish(struct maker *m, bool ok, struct template_part *part)
{
	part->count = (uint32_t)m->t->ops - part->first;
	if (ok && m->depth)
		return fail(m, "a block without its end in", "it");
	return ok;
}

bool template_add_file(struct template *t, const struct template_names *names,
		       const char *file, struct template_part *part,
		       char error[TEMPLATE_ERROR_MAX])
{
	struct maker m = { .t = t,
			   .names = names,
			   .joinable = t->ops,
			   .place = file,
			   .error = error };

	*error = '\0';
	part->first = (uint32_t)t->ops;
	return finish(&m, make_file(&m, file), part);
}

bool template_add_text(struct template *t, const struct template_names *names,
		       const char *text, struct template_part *part,
		       char error[TEMPLATE_ERROR_MAX])
{
	struct maker m = { .t = t,
			   .names = names,
			   .joinable = t->ops,
			   .escapes = true,
			   .place = "text",
			   .error = error };

	*error = '\0';
	part->first = (uint32_t)t->ops;
	return finish(&m, make(&m, text), part);
}

/* A smaller block is as good as a given one. */
static void *shrink(void *block, size_t size)
{
	void *smaller = size ? realloc(block, size) : NULL;

	return smaller ? smaller : block;
}

void template_shrink(struct template *t)
{
	t->op = shrink(t->op, t->ops * sizeof(*t->op));
	t->text = shrink(t->text, t->text_len);
	t->ops_room = t->ops;
	t->text_room = t->text_len;
}

void template_clear(struct template *t)
{
	free(t->op);
	free(t->text);
	memset(t, 0, sizeof(*t));
}

/* --- rendering ---------------------------------------------------------- */

static void render_word(const struct template_word *w,
			const struct template_context *context,
			struct strbuf *out)
{
	if (w->template)
		template_render(w->template, w->part, context, out);
}

static void render_items(const struct template *t, size_t at,
			 const struct template_context *context,
			 struct strbuf *out)
{
	const struct template_op *op = &t->op[at];
	struct template_part body = { (uint32_t)at + 1, op->len };

	for (size_t i = 0; context->item(op->what, i, context->arg); i++)
		template_render(t, body, context, out);
}

/* Of those ops that have one; NULL is empty. */
static const char *value_of(const struct template_op *op,
			    const struct template_context *context)
{
	const char *value;

	if (op->kind == OP_TEXT || op->kind == OP_WORD || op->kind == OP_EACH)
		return NULL;
	value = context->value[op->what];
	return value && *value ? value : NULL;
}

void template_render(const struct template *t, struct template_part part,
		     const struct template_context *context, struct strbuf *out)
{
	size_t end = (size_t)part.first + part.count;

	for (size_t i = part.first; i < end; i++) {
		const struct template_op *op = &t->op[i];
		const char *value = value_of(op, context);

		switch ((enum kind)op->kind) {
		case OP_TEXT:
			strbuf_bytes(out, t->text + op->from, op->len);
			break;
		case OP_VALUE:
			if (value)
				strbuf_escaped(out, value);
			break;
		case OP_RAW:
			if (value)
				strbuf_text(out, value);
			break;
		case OP_WORD:
			render_word(&context->word[op->what], context, out);
			break;
		case OP_UNLESS_EMPTY:
			i += value ? 0 : op->len;
			break;
		case OP_UNLESS_SET:
			i += value ? op->len : 0;
			break;
		case OP_EACH:
			render_items(t, i, context, out);
			i += op->len;
			break;
		}
	}
}
