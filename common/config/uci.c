/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/config/uci.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/array.h"
#include "common/file_room.h"
#include "common/similar.h"
#include "common/text.h"

#define FILE_MAX (1024 * 1024)

/* A line is what libuci has in its buffer: one of the file, and those that
 * quotes or a backslash have joined to it. */
struct parser {
	const char *at;
	const char *line_end; /* behind the line break */
	const char *end;
	unsigned int line;
	struct uci_file *file;
	const struct uci_watcher *watcher; /* may be NULL */
	char *error;
	char *decoded; /* words of the statement, each with its NUL */
	char *free;    /* where the next one begins */
	struct uci_statement s;
};

static const struct {
	const char *keyword;
	const char *expected;
	size_t words;
} kinds[] = {
	[UCI_PACKAGE] = { "package", "package NAME", 1 },
	[UCI_CONFIG] = { "config", "config TYPE ['NAME']", 2 },
	[UCI_OPTION] = { "option", "option NAME 'VALUE'", 2 },
	[UCI_LIST] = { "list", "list NAME 'VALUE'", 2 },
};

#define KINDS (ARRAY_SIZE(kinds))

static bool PRINTF_LIKE(2, 3) wrong(struct parser *p, const char *fmt, ...)
{
	va_list ap;
	int n = snprintf(p->error, UCI_ERROR_MAX, "%u: ", p->line);

	va_start(ap, fmt);
	vsnprintf(p->error + n, UCI_ERROR_MAX - (size_t)n, fmt, ap);
	va_end(ap);
	text_show(p->error, UCI_ERROR_MAX); /* it quotes a file */
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* --- words --------------------------------------------------------------- */

/* false: that was the last line. */
static bool next_line(struct parser *p)
{
	const char *found;

	if (p->line_end == p->end)
		return false;
	found = memchr(p->line_end, '\n', (size_t)(p->end - p->line_end));
	p->line_end = found ? found + 1 : p->end;
	p->line++;
	return true;
}

/* false: it ends the line, and what is next is the following line. */
static bool pass_backslash(struct parser *p)
{
	const char *next = ++p->at;

	if (next < p->line_end && *next == '\r')
		next++;
	if (next < p->line_end && *next == '\n')
		p->at = p->line_end;
	if (p->at < p->line_end)
		return true;
	next_line(p);
	return false;
}

static bool parse_quoted(struct parser *p, char quote)
{
	unsigned int opened = p->line;

	p->at++;
	while (p->at < p->line_end || next_line(p)) {
		if (*p->at == quote) {
			p->at++;
			return true;
		}
		if (*p->at == '\\' && quote == '"' && !pass_backslash(p))
			continue;
		*p->free++ = *p->at++;
	}
	p->line = opened;
	return wrong(p, "the quote %c is never closed", quote);
}

/* libuci ends a word by a NUL over the ';', where the word did not shrink. */
static bool is_rest_lost(const struct parser *p)
{
	const char *at = p->at + 1;

	while (at < p->line_end && is_blank(*at))
		at++;
	return at < p->line_end && *at != '#';
}

static bool end_word(struct parser *p, bool is_bare)
{
	if (p->at == p->line_end)
		return true;
	if (*p->at == ';' && is_bare && is_rest_lost(p))
		return wrong(p, "a ';' outside of quotes; put it into quotes, "
				"or a blank before it");
	if (*p->at == '#' || (*p->at == ';' && is_bare))
		p->at = p->line_end;
	else if (*p->at != ';')
		p->at++;
	return true;
}

static bool parse_word(struct parser *p, struct uci_word *w)
{
	bool is_bare = true;

	while (p->at < p->line_end && !is_blank(*p->at) && *p->at != '#' &&
	       *p->at != ';') {
		if (*p->at == '\'' || *p->at == '"') {
			is_bare = false;
			if (!parse_quoted(p, *p->at))
				return false;
			continue;
		}
		if (*p->at == '\\') {
			is_bare = false;
			if (!pass_backslash(p))
				continue;
		}
		*p->free++ = *p->at++;
	}
	w->raw_len = (size_t)(p->at - w->raw);
	return end_word(p, is_bare);
}

/* A word that is absent is an empty one. */
static bool next_word(struct parser *p)
{
	struct uci_word *w = &p->s.word[p->s.words++];
	bool good = true;

	while (p->at < p->line_end && is_blank(*p->at))
		p->at++;
	*w = (struct uci_word){ .raw = p->at, .text = p->free };
	if (p->at < p->line_end && *p->at == ';')
		p->at++;
	else
		good = parse_word(p, w);
	*p->free++ = '\0';
	return good;
}

/* --- statements ---------------------------------------------------------- */

static bool is_name(const char *s, const char *more)
{
	for (; *s; s++)
		if (!(*s >= 'a' && *s <= 'z') && !(*s >= 'A' && *s <= 'Z') &&
		    !(*s >= '0' && *s <= '9') && !strchr(more, *s))
			return false;
	return true;
}

static bool is_visible(const char *s)
{
	for (; *s; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

static bool wrong_name(struct parser *p, const char *what)
{
	return wrong(p, "the %s name may only hold letters, digits and '_'",
		     what);
}

static bool take_package(struct parser *p)
{
	if (is_name(p->s.word[0].text, "_-"))
		return true;
	return wrong(p, "the package name may only hold letters, digits, '_' "
			"and '-'");
}

static bool fits_namesake(struct parser *p, const char *type, const char *name)
{
	const struct uci_section *s;

	TAILQ_FOREACH (s, &p->file->sections, next)
		if (s->name && !strcmp(s->name, name) && strcmp(s->type, type))
			return wrong(p,
				     "'%.40s' names a section of type '%.40s' "
				     "already, in line %u",
				     name, s->type, s->line);
	return true;
}

static bool take_config(struct parser *p)
{
	const char *type = p->s.word[0].text, *name = p->s.word[1].text;
	struct uci_section *s;

	if (!is_visible(type))
		return wrong(p, "the section type may only hold visible ASCII "
				"characters");
	if (!is_name(name, "_"))
		return wrong_name(p, "section");
	if (*name && !fits_namesake(p, type, name))
		return false;
	s = calloc(1, sizeof(*s));
	if (!s)
		return wrong(p, "out of memory");
	TAILQ_INIT(&s->options);
	TAILQ_INSERT_TAIL(&p->file->sections, s, next);
	s->line = p->s.line;
	s->type = strdup(type);
	s->name = *name ? strdup(name) : NULL;
	if (!s->type || (*name && !s->name))
		return wrong(p, "out of memory");
	p->s.word[0].text = s->type;
	if (s->name)
		p->s.word[1].text = s->name;
	return true;
}

static bool take_value(struct parser *p)
{
	struct uci_section *s = TAILQ_LAST(&p->file->sections, uci_sections);
	struct uci_word *name = &p->s.word[0], *value = &p->s.word[1];
	struct uci_option *o;

	if (!s)
		return wrong(p, "%s stands before the first section",
			     kinds[p->s.kind].keyword);
	if (!is_name(name->text, "_"))
		return wrong_name(p, "option");
	if (!value->raw_len && !p->watcher)
		return wrong(p, "expected: %s", kinds[p->s.kind].expected);
	o = calloc(1, sizeof(*o));
	if (!o)
		return wrong(p, "out of memory");
	TAILQ_INSERT_TAIL(&s->options, o, next);
	o->line = p->s.line;
	o->is_list = p->s.kind == UCI_LIST;
	o->name = strdup(name->text);
	o->value = strdup(value->text);
	if (!o->name || !o->value)
		return wrong(p, "out of memory");
	name->text = o->name;
	value->text = o->value;
	return true;
}

static bool take_statement(struct parser *p)
{
	const size_t words = kinds[p->s.kind].words;
	bool good;

	p->free = p->decoded;
	while (p->s.words <= words)
		if (!next_word(p))
			return false;
	if (!*p->s.word[0].text)
		return wrong(p, "expected: %s", kinds[p->s.kind].expected);
	if (*p->s.word[words].text)
		return wrong(p, "expected: %s; what has blanks needs quotes",
			     kinds[p->s.kind].expected);
	if (p->s.kind == UCI_PACKAGE)
		good = take_package(p);
	else if (p->s.kind == UCI_CONFIG)
		good = take_config(p);
	else
		good = take_value(p);
	if (good && p->watcher)
		p->watcher->on_statement(&p->s, p->watcher->arg);
	return good;
}

/* --- lines --------------------------------------------------------------- */

static bool wrong_keyword(struct parser *p, const char *word, size_t len)
{
	char shown[41], question[SIMILAR_QUESTION_MAX];
	struct similar meant = similar_to(shown);

	while (len && is_blank(word[len - 1]))
		len--;
	if (!len)
		return wrong(p, "a statement has to follow a ';' or an empty "
				"word");
	for (size_t i = 0; i < KINDS; i++)
		if (len == strlen(kinds[i].keyword) &&
		    !memcmp(word, kinds[i].keyword, len))
			return wrong(p, "expected: %s", kinds[i].expected);
	snprintf(shown, sizeof(shown), "%.*s", (int)(len < 40 ? len : 40),
		 word);
	for (size_t i = 0; i < KINDS; i++)
		similar_offer(&meant, kinds[i].keyword);
	return wrong(p,
		     "a line starts with config, option or list, not with "
		     "'%s'%s",
		     shown, similar_question(&meant, question));
}

/* A blank or a tab has to follow, even if nothing else does. */
static bool find_kind(struct parser *p, const char *word, size_t len)
{
	for (size_t i = 0; i < KINDS && word + len < p->line_end; i++) {
		if (strncmp(word, kinds[i].keyword, len) ||
		    (len > 1 && kinds[i].keyword[len]))
			continue;
		p->s = (struct uci_statement){ .kind = (enum uci_kind)i,
					       .line = p->line,
					       .keyword = word,
					       .keyword_len = len };
		return true;
	}
	return wrong_keyword(p, word, len);
}

static bool take_line(struct parser *p)
{
	const char *word;

	while (p->at < p->line_end && is_blank(*p->at))
		p->at++;
	for (;;) {
		while (p->at < p->line_end && (*p->at == ' ' || *p->at == '\t'))
			p->at++;
		if (p->at == p->line_end || *p->at == '#')
			break;
		word = p->at;
		while (p->at < p->line_end && *p->at != ' ' && *p->at != '\t')
			p->at++;
		if (!find_kind(p, word, (size_t)(p->at - word)) ||
		    !take_statement(p))
			return false;
	}
	p->at = p->line_end;
	return true;
}

/* A word processor's, which would be part of the first word. */
static bool refuse_mark(struct parser *p)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (p->end - p->at < 3 || memcmp(p->at, mark, 3) != 0)
		return true;
	p->line = 1;
	return wrong(p, "the file begins with a byte order mark; save it as "
			"UTF-8 without one");
}

static bool refuse_nul(struct parser *p)
{
	const char *nul = memchr(p->at, '\0', (size_t)(p->end - p->at));

	if (!nul)
		return true;
	while (p->line_end <= nul)
		next_line(p);
	return wrong(p, "a NUL byte");
}

struct uci_file *uci_parse_watched(const char *text, size_t len,
				   const struct uci_watcher *watcher,
				   char error[UCI_ERROR_MAX])
{
	struct uci_file *file = calloc(1, sizeof(*file));
	struct parser p = {
		.at = text,
		.line_end = text,
		.end = text + len,
		.file = file,
		.watcher = watcher,
		.error = error,
		.decoded = malloc(len + UCI_WORDS_MAX),
	};
	bool good = file && p.decoded;

	if (good) {
		TAILQ_INIT(&file->sections);
		good = refuse_mark(&p) && refuse_nul(&p);
	} else {
		wrong(&p, "out of memory");
	}
	while (good && next_line(&p))
		good = take_line(&p);
	free(p.decoded);
	if (good)
		return file;
	uci_free(file);
	return NULL;
}

struct uci_file *uci_parse(const char *text, size_t len,
			   char error[UCI_ERROR_MAX])
{
	return uci_parse_watched(text, len, NULL, error);
}

/* --- files --------------------------------------------------------------- */

char *uci_load(const char *path, size_t *len)
{
	char *text = NULL;
	size_t have = 0, room;
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	room = file_room(fd, FILE_MAX);
	text = malloc(room + 1);
	while (text && have <= room) {
		n = read(fd, text + have, room + 1 - have);
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	close(fd);
	if (text && !n && have <= room) {
		*len = have;
		return text;
	}
	if (text && have > room)
		errno = room < FILE_MAX ? EBUSY : EFBIG;
	free(text);
	return NULL;
}

struct uci_file *uci_read(const char *path, char error[UCI_ERROR_MAX])
{
	char inner[UCI_ERROR_MAX];
	struct uci_file *file;
	size_t len;
	char *text = uci_load(path, &len);

	if (!text) {
		snprintf(error, UCI_ERROR_MAX, "%.250s: %s", path,
			 strerror(errno));
		return NULL;
	}
	file = uci_parse(text, len, inner);
	if (!file)
		snprintf(error, UCI_ERROR_MAX, "%.250s:%.250s", path, inner);
	free(text);
	return file;
}

static void section_free(struct uci_section *s)
{
	struct uci_option *o;

	while ((o = TAILQ_FIRST(&s->options))) {
		TAILQ_REMOVE(&s->options, o, next);
		free(o->name);
		free(o->value);
		free(o);
	}
	free(s->type);
	free(s->name);
	free(s);
}

void uci_free(struct uci_file *file)
{
	struct uci_section *s;

	if (!file)
		return;
	while ((s = TAILQ_FIRST(&file->sections))) {
		TAILQ_REMOVE(&file->sections, s, next);
		section_free(s);
	}
	free(file);
}
