/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/uci.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/text.h"

#define FILE_MAX  (1024 * 1024)
#define WORDS_MAX 4

struct parser {
	const char *at;
	const char *end;
	unsigned int line;
	unsigned int first; /* where the current line began */
	struct uci_file *file;
	char *error;
	char word[WORDS_MAX][UCI_WORD_MAX];
	int words; /* of the current line */
};

static bool PRINTF_LIKE(2, 3) wrong(struct parser *p, const char *fmt, ...)
{
	va_list ap;
	int n = snprintf(p->error, UCI_ERROR_MAX, "%u: ", p->line);

	va_start(ap, fmt);
	vsnprintf(p->error + n, UCI_ERROR_MAX - (size_t)n, fmt, ap);
	va_end(ap);
	text_clean(p->error); /* it quotes a file */
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Takes one character into the current word. */
static bool word_put(struct parser *p, size_t *len, char c)
{
	if (*len + 1 >= UCI_WORD_MAX)
		return wrong(p, "a word of more than %d characters",
			     UCI_WORD_MAX - 1);
	if (c == '\0')
		return wrong(p, "a NUL byte");
	p->word[p->words][(*len)++] = c;
	return true;
}

static bool parse_quoted(struct parser *p, size_t *len, char quote)
{
	unsigned int opened = p->line;

	for (p->at++; p->at < p->end && *p->at != quote; p->at++) {
		if (quote == '"' && *p->at == '\\' && p->at + 1 < p->end)
			p->at++;
		if (*p->at == '\n')
			p->line++;
		if (!word_put(p, len, *p->at))
			return false;
	}
	if (p->at == p->end) {
		p->line = opened;
		return wrong(p, "the quote %c is never closed", quote);
	}
	p->at++;
	return true;
}

/* true at the line's continuation, which it passes. */
static bool pass_continuation(struct parser *p)
{
	const char *next = p->at + 1;

	if (p->at == p->end || *p->at != '\\')
		return false;
	if (next < p->end && *next == '\r')
		next++;
	if (next == p->end || *next != '\n')
		return false;
	p->at = next + 1;
	p->line++;
	return true;
}

static bool parse_word(struct parser *p)
{
	size_t len = 0;

	while (p->at < p->end && !is_blank(*p->at) && *p->at != '\n' &&
	       *p->at != '#') {
		if (*p->at == '\'' || *p->at == '"') {
			if (!parse_quoted(p, &len, *p->at))
				return false;
			continue;
		}
		if (pass_continuation(p))
			continue;
		if (*p->at == '\\' && p->at + 1 < p->end)
			p->at++;
		if (!word_put(p, &len, *p->at++))
			return false;
	}
	p->word[p->words++][len] = '\0';
	return true;
}

/* Splits one line into p->word; leaves p->at behind it. */
static bool parse_line(struct parser *p)
{
	p->words = 0;
	p->first = p->line;
	while (p->at < p->end && *p->at != '\n') {
		if (is_blank(*p->at)) {
			p->at++;
		} else if (pass_continuation(p)) {
			continue;
		} else if (*p->at == '#') {
			while (p->at < p->end && *p->at != '\n')
				p->at++;
		} else if (p->words == WORDS_MAX) {
			return wrong(p, "more words than a line may have; a "
					"value with blanks needs quotes");
		} else if (!parse_word(p)) {
			return false;
		}
	}
	return true;
}

static bool is_identifier(const char *s)
{
	return *s && s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789_-")] == '\0';
}

static bool take_package(struct parser *p)
{
	if (p->words != 2)
		return wrong(p, "expected: package NAME");
	return true;
}

static bool take_config(struct parser *p)
{
	struct uci_section *s;

	if (p->words < 2 || p->words > 3)
		return wrong(p, "expected: config TYPE ['NAME']");
	if (!is_identifier(p->word[1]))
		return wrong(p, "the section type may only hold letters, "
				"digits, '_' and '-'");
	if (p->words == 3 && !is_identifier(p->word[2]))
		return wrong(p, "the section name may only hold letters, "
				"digits, '_' and '-'");
	s = calloc(1, sizeof(*s));
	if (!s)
		return wrong(p, "out of memory");
	TAILQ_INIT(&s->options);
	TAILQ_INSERT_TAIL(&p->file->sections, s, next);
	s->line = p->first;
	s->type = strdup(p->word[1]);
	s->name = p->words == 3 ? strdup(p->word[2]) : NULL;
	if (!s->type || (p->words == 3 && !s->name))
		return wrong(p, "out of memory");
	return true;
}

static bool take_value(struct parser *p)
{
	struct uci_section *s = TAILQ_LAST(&p->file->sections, uci_sections);
	struct uci_option *o;

	if (p->words != 3)
		return wrong(p, "expected: %s NAME 'VALUE'", p->word[0]);
	if (!s)
		return wrong(p, "%s stands before the first section",
			     p->word[0]);
	if (!is_identifier(p->word[1]))
		return wrong(p, "the option name may only hold letters, "
				"digits, '_' and '-'");
	o = calloc(1, sizeof(*o));
	if (!o)
		return wrong(p, "out of memory");
	TAILQ_INSERT_TAIL(&s->options, o, next);
	o->line = p->first;
	o->is_list = !strcmp(p->word[0], "list");
	o->name = strdup(p->word[1]);
	o->value = strdup(p->word[2]);
	if (!o->name || !o->value)
		return wrong(p, "out of memory");
	return true;
}

static bool take_line(struct parser *p)
{
	static const struct {
		const char *keyword;
		bool (*take)(struct parser *p);
	} lines[] = {
		{ "config", take_config },
		{ "option", take_value },
		{ "list", take_value },
		{ "package", take_package },
	};

	if (!p->words)
		return true;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!strcmp(p->word[0], lines[i].keyword))
			return lines[i].take(p);
	return wrong(p,
		     "a line starts with config, option or list, "
		     "not with '%.40s'",
		     p->word[0]);
}

struct uci_file *uci_parse(const char *text, size_t len,
			   char error[UCI_ERROR_MAX])
{
	struct parser *p = calloc(1, sizeof(*p));
	struct uci_file *file = calloc(1, sizeof(*file));
	bool good = p && file;

	if (!good) {
		snprintf(error, UCI_ERROR_MAX, "0: out of memory");
	} else {
		TAILQ_INIT(&file->sections);
		*p = (struct parser){ .at = text,
				      .end = text + len,
				      .line = 1,
				      .file = file,
				      .error = error };
	}
	while (good && p->at < p->end) {
		good = parse_line(p) && take_line(p);
		if (good && p->at < p->end) {
			p->at++;
			p->line++;
		}
	}
	free(p);
	if (good)
		return file;
	uci_free(file);
	return NULL;
}

static char *read_whole(const char *path, size_t *len)
{
	char *text = NULL;
	size_t have = 0;
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	text = malloc(FILE_MAX + 1);
	while (text && have <= FILE_MAX) {
		n = read(fd, text + have, FILE_MAX + 1 - have);
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	close(fd);
	if (text && !n && have <= FILE_MAX) {
		*len = have;
		return text;
	}
	if (text && have > FILE_MAX)
		errno = EFBIG;
	free(text);
	return NULL;
}

struct uci_file *uci_read(const char *path, char error[UCI_ERROR_MAX])
{
	char inner[UCI_ERROR_MAX];
	struct uci_file *file;
	size_t len;
	char *text = read_whole(path, &len);

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
