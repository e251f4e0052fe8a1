/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "portal/file.h"

#define FILE_MAX     (64 * 1024)
#define TEXT_MAX     (64 * 1024) /* of one page in one language */
#define OPS_MAX	     400
#define NESTING_MAX  8
#define NAME_MAX_LEN 32

enum op_kind { OP_TEXT, OP_VALUE, OP_UNLESS_EMPTY, OP_UNLESS_SET };

struct op {
	enum op_kind kind;
	enum page_hole hole;
	size_t from, len; /* OP_TEXT: in the program's text */
	size_t end;	  /* conditions: the op to go on with */
};

struct program {
	struct op *op;
	size_t count;
	char *text;
};

struct page_set {
	struct lang_set *languages;
	char style_source[PAGE_STYLE_MAX];
	struct program program[LANG_MAX][PAGE_MAX];
};

static const char *const page_file[PAGE_MAX] = {
	[PAGE_PORTAL] = "portal",
	[PAGE_STATUS] = "status",
	[PAGE_TERMS] = "terms",
	[PAGE_ERROR] = "error",
};

static const char *const hole_name[HOLE_MAX] = {
	[HOLE_NETWORK] = "network",
	[HOLE_PROVIDER] = "provider",
	[HOLE_CONTACT] = "contact",
	[HOLE_SUCCESS_URL] = "success_url",
	[HOLE_TERMS_URL] = "terms_url",
	[HOLE_PATH] = "path",
	[HOLE_QUERY] = "query",
	[HOLE_CHOSEN] = "chosen",
	[HOLE_DURATION] = "duration",
	[HOLE_QUOTA] = "quota",
	[HOLE_SPEED] = "speed",
	[HOLE_SPEED_UP] = "speed_up",
	[HOLE_SLOW_SPEED] = "slow_speed",
	[HOLE_NOTICE] = "notice",
	[HOLE_TIME_LEFT] = "time_left",
	[HOLE_USED] = "used",
	[HOLE_DATA_LEFT] = "data_left",
	[HOLE_REDUCED] = "reduced",
	[HOLE_ERROR_TITLE] = "error_title",
	[HOLE_ERROR_TEXT] = "error_text",
	[HOLE_REFRESH] = "refresh",
};

/* Texts that no template names, but the program. */
static const char *const texts_of_code[] = {
	"notice_terms",	      "notice_logged_out", "unit_days",
	"unit_hours",	      "unit_minutes",	   "decimal_sign",
	"direction",	      "language_name",	   "error_400_title",
	"error_400_text",     "error_403_title",   "error_403_text",
	"error_404_title",    "error_404_text",	   "error_405_title",
	"error_405_text",     "error_408_title",   "error_408_text",
	"error_411_title",    "error_411_text",	   "error_413_title",
	"error_413_text",     "error_431_title",   "error_431_text",
	"error_501_title",    "error_501_text",	   "error_503_title",
	"error_503_text",     "error_505_title",   "error_505_text",
	"error_full_title",   "error_full_text",   "error_unknown_title",
	"error_unknown_text",
};

/* --- making a program --------------------------------------------------- */

struct maker {
	const char *dir;
	const char *form;
	const struct lang_set *languages;
	const struct lang *lang;
	struct program *program;
	struct out text;
	size_t open[NESTING_MAX]; /* conditions without their end */
	size_t depth;
	size_t nesting;
	const char *file;
	char *error; /* PAGE_ERROR_MAX; empty: fine so far */
	char missing[PAGE_ERROR_MAX / 2];
};

static bool make(struct maker *m, const char *template, bool escape);

static bool fail(struct maker *m, const char *what, const char *name)
{
	if (!*m->error)
		snprintf(m->error, PAGE_ERROR_MAX,
			 "%.200s/pages/%s.html: %s '%.60s'", m->dir, m->file,
			 what, name);
	return false;
}

static struct op *add_op(struct maker *m, enum op_kind kind)
{
	struct op *op;

	if (m->program->count == OPS_MAX) {
		fail(m, "too many parts in", m->file);
		return NULL;
	}
	op = &m->program->op[m->program->count++];
	*op = (struct op){ .kind = kind };
	return op;
}

/* Text beside text is one op. */
static bool add_text(struct maker *m, const char *text, size_t len, bool escape)
{
	char *copy;
	size_t from = m->text.len;
	size_t n = m->program->count;
	struct op *op = n ? &m->program->op[n - 1] : NULL;
	bool joins = op && op->kind == OP_TEXT &&
		     !(m->depth && m->open[m->depth - 1] == n - 1);

	if (!len)
		return true;
	/* nothing may join across the end of a condition */
	for (size_t i = 0; i < n && joins; i++)
		if (m->program->op[i].kind >= OP_UNLESS_EMPTY &&
		    m->program->op[i].end == n)
			joins = false;
	copy = strndup(text, len);
	if (!copy)
		return fail(m, "out of memory in", m->file);
	if (escape)
		out_escaped(&m->text, copy);
	else
		out_text(&m->text, copy);
	free(copy);
	if (m->text.is_cut)
		return fail(m, "too much text in", m->file);
	if (!joins) {
		op = add_op(m, OP_TEXT);
		if (!op)
			return false;
		op->from = from;
	}
	op->len = m->text.len - op->from;
	return true;
}

static bool find_hole(const char *name, enum page_hole *hole)
{
	for (int h = 0; h < HOLE_MAX; h++) {
		if (strcmp(hole_name[h], name))
			continue;
		*hole = (enum page_hole)h;
		return true;
	}
	return false;
}

static bool make_condition(struct maker *m, const char *name, bool negated)
{
	enum page_hole hole;
	struct op *op;

	if (!find_hole(name, &hole) || m->depth == NESTING_MAX)
		return fail(m, "no such value, or nested too deep:", name);
	op = add_op(m, negated ? OP_UNLESS_SET : OP_UNLESS_EMPTY);
	if (!op)
		return false;
	op->hole = hole;
	m->open[m->depth++] = m->program->count - 1;
	return true;
}

static bool make_end(struct maker *m, const char *name)
{
	enum page_hole hole;
	struct op *op;

	if (!m->depth)
		return fail(m, "ends what never began:", name);
	op = &m->program->op[m->open[--m->depth]];
	if (!find_hole(name, &hole) || op->hole != hole)
		return fail(m, "ends what is not the innermost:", name);
	op->end = m->program->count;
	return true;
}

static bool make_file(struct maker *m, const char *name)
{
	const char *outer = m->file;
	char path[512];
	size_t len;
	char *template;
	bool ok;

	if (m->nesting == NESTING_MAX)
		return fail(m, "nested too deep:", name);
	if (!strcmp(name, "form"))
		name = m->form;
	snprintf(path, sizeof(path), "%.240s/pages/%s.html", m->dir, name);
	template = file_read(path, FILE_MAX, &len);
	if (!template) {
		if (!*m->error)
			snprintf(m->error, PAGE_ERROR_MAX, "%.300s: %s", path,
				 strerror(errno));
		return false;
	}
	m->nesting++;
	m->file = name;
	ok = make(m, template, false);
	m->file = outer;
	m->nesting--;
	free(template);
	return ok;
}

static void note_missing(struct maker *m, const char *name)
{
	size_t len = strlen(m->missing);

	snprintf(m->missing + len, sizeof(m->missing) - len, " %s", name);
}

static bool make_language_text(struct maker *m, const char *name)
{
	const char *text = lang_find(m->lang, name);
	bool ok;

	if (!text) {
		note_missing(m, name);
		return true;
	}
	if (m->nesting == NESTING_MAX)
		return fail(m, "nested too deep:", name);
	m->nesting++;
	ok = make(m, text, true);
	m->nesting--;
	return ok;
}

static bool make_languages(struct maker *m)
{
	char link[512];

	for (size_t i = 0; i < m->languages->count; i++) {
		const struct lang *l = &m->languages->lang[i];
		const char *name = lang_find(l, "language_name");
		const char *dir = lang_find(l, "direction");
		bool is_current = l == m->lang;

		snprintf(link, sizeof(link),
			 "<li><a href=\"{{path}}?lang=%s\" lang=\"%s\" "
			 "dir=\"%s\" hreflang=\"%s\"%s>",
			 l->code, l->code, dir ? dir : "ltr", l->code,
			 is_current ? " aria-current=\"true\"" : "");
		if (!make(m, link, false) ||
		    !add_text(m, name ? name : l->code,
			      strlen(name ? name : l->code), true) ||
		    !add_text(m, "</a></li>", 9, false))
			return false;
	}
	return true;
}

static bool make_value(struct maker *m, const char *name)
{
	enum page_hole hole;
	struct op *op;

	if (!strcmp(name, "lang"))
		return add_text(m, m->lang->code, strlen(m->lang->code), true);
	if (!strcmp(name, "dir"))
		return make_language_text(m, "direction");
	if (!strcmp(name, "languages"))
		return make_languages(m);
	if (!find_hole(name, &hole))
		return make_language_text(m, name);
	op = add_op(m, OP_VALUE);
	if (op)
		op->hole = hole;
	return op != NULL;
}

static bool make_tag(struct maker *m, const char *name)
{
	switch (*name) {
	case '#':
		return make_condition(m, name + 1, false);
	case '^':
		return make_condition(m, name + 1, true);
	case '/':
		return make_end(m, name + 1);
	case '>':
		return make_file(m, name + 1);
	}
	return make_value(m, name);
}

static bool make(struct maker *m, const char *template, bool escape)
{
	const char *tag, *end;
	char name[NAME_MAX_LEN];

	while ((tag = strstr(template, "{{"))) {
		if (!add_text(m, template, (size_t)(tag - template), escape))
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
	return add_text(m, template, strlen(template), escape);
}

/* Gives back what was not needed; a smaller block is as good as a given one. */
static void *shrink(void *block, size_t size)
{
	void *smaller = realloc(block, size);

	if (!smaller)
		return block;
	return smaller;
}

static bool make_program(struct maker *m, struct program *p, const char *file)
{
	bool ok;

	p->op = calloc(OPS_MAX, sizeof(*p->op));
	p->text = malloc(TEXT_MAX);
	if (!p->op || !p->text)
		return fail(m, "out of memory in", file);
	m->program = p;
	m->depth = 0;
	m->nesting = 0;
	m->file = file;
	out_init(&m->text, p->text, TEXT_MAX - 1);
	ok = make_file(m, file);
	if (ok && m->depth)
		ok = fail(m, "a condition without its end in", file);
	p->text[m->text.len] = '\0';
	p->text = shrink(p->text, m->text.len + 1);
	p->op = shrink(p->op, (p->count + 1) * sizeof(*p->op));
	return ok;
}

/* --- the set ------------------------------------------------------------ */

static void check_texts_of_code(struct maker *m)
{
	size_t n = sizeof(texts_of_code) / sizeof(texts_of_code[0]);

	for (size_t i = 0; i < n; i++)
		if (!lang_find(m->lang, texts_of_code[i]))
			note_missing(m, texts_of_code[i]);
}

static bool make_language(struct maker *m, struct page_set *set, size_t index)
{
	m->lang = &set->languages->lang[index];
	m->missing[0] = '\0';
	for (int p = 0; p < PAGE_MAX; p++)
		if (!make_program(m, &set->program[index][p], page_file[p]))
			return false;
	check_texts_of_code(m);
	if (!m->missing[0])
		return true;
	snprintf(m->error, PAGE_ERROR_MAX, "%.200s/lang/%s.json: missing:%s",
		 m->dir, m->lang->code, m->missing);
	return false;
}

/* One style for all pages: its hash is all that the browser need trust. */
static bool hash_style(struct page_set *set, char *error)
{
	struct program *p = &set->program[0][PAGE_ERROR];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned char base64[64];
	const char *from = strstr(p->text, "<style>");
	const char *to = from ? strstr(from, "</style>") : NULL;
	unsigned int len;

	if (!to) {
		snprintf(error, PAGE_ERROR_MAX, "pages without <style>");
		return false;
	}
	from += strlen("<style>");
	if (!EVP_Digest(from, (size_t)(to - from), digest, &len, EVP_sha256(),
			NULL)) {
		snprintf(error, PAGE_ERROR_MAX, "SHA-256 is not available");
		return false;
	}
	EVP_EncodeBlock(base64, digest, (int)len);
	snprintf(set->style_source, sizeof(set->style_source), "'sha256-%s'",
		 (char *)base64);
	return true;
}

struct page_set *page_set_read(const char *dir, const char *form,
			       char error[PAGE_ERROR_MAX])
{
	struct page_set *set = calloc(1, sizeof(*set));
	struct maker m = { .dir = dir, .form = form, .error = error };
	char why[LANG_ERROR_MAX] = "out of memory";
	bool ok = true;

	error[0] = '\0';
	if (set)
		set->languages = lang_set_read(dir, why);
	if (!set || !set->languages) {
		snprintf(error, PAGE_ERROR_MAX, "%s", why);
		page_set_free(set);
		return NULL;
	}
	m.languages = set->languages;
	for (size_t i = 0; i < set->languages->count && ok; i++)
		ok = make_language(&m, set, i);
	if (ok && hash_style(set, error))
		return set;
	if (!*error)
		snprintf(error, PAGE_ERROR_MAX, "out of memory");
	page_set_free(set);
	return NULL;
}

void page_set_free(struct page_set *set)
{
	if (!set)
		return;
	lang_set_free(set->languages);
	for (size_t i = 0; i < LANG_MAX; i++) {
		for (int p = 0; p < PAGE_MAX; p++) {
			free(set->program[i][p].op);
			free(set->program[i][p].text);
		}
	}
	free(set);
}

const struct lang_set *page_languages(const struct page_set *set)
{
	return set->languages;
}

const char *page_style_source(const struct page_set *set)
{
	return set->style_source;
}

void page_render(const struct page_set *set, enum page_id page, size_t lang,
		 const struct page_values *values, struct out *out)
{
	const struct program *p = &set->program[lang][page];
	size_t i = 0;

	while (i < p->count) {
		const struct op *op = &p->op[i++];
		const char *value = values->value[op->hole];
		bool is_set = value && *value;

		switch (op->kind) {
		case OP_TEXT:
			out_bytes(out, p->text + op->from, op->len);
			break;
		case OP_VALUE:
			if (is_set)
				out_escaped(out, value);
			break;
		case OP_UNLESS_EMPTY:
			if (!is_set)
				i = op->end;
			break;
		case OP_UNLESS_SET:
			if (is_set)
				i = op->end;
			break;
		}
	}
}
