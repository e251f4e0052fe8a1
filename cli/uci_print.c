/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/uci_print.h"

#include <string.h>

struct printer {
	const char *at; /* what is before has been printed */
	const char *end;
	FILE *out;
	unsigned int line;	 /* of the last statement */
	unsigned int wrong_line; /* 0: all is right so far */
};

static void find_wrong(struct printer *p)
{
	if (!p->wrong_line)
		p->wrong_line = p->line ? p->line : 1;
}

/* What stands between words. Anything else there is a word that was lost. */
static void print_gap(struct printer *p, const char *to)
{
	bool is_comment = false;

	for (; p->at < to; p->at++) {
		if (*p->at == '#')
			is_comment = true;
		else if (*p->at == '\n')
			is_comment = false;
		else if (!is_comment && !strchr(" \t\r\v\f;", *p->at)) {
			find_wrong(p);
			continue;
		}
		putc(*p->at, p->out);
	}
	if (is_comment && to != p->end)
		find_wrong(p);
	p->at = to;
}

/* Length of the line break at s, 0: there is none. */
static size_t count_break(const char *s, const char *end)
{
	if (s == end || *s == '\n')
		return s < end;
	return *s == '\r' && s + 1 < end && s[1] == '\n' ? 2 : 0;
}

/* The letters of w->text, spelled as in the file. */
static void print_word(struct printer *p, const struct uci_word *w)
{
	const char *raw_end = w->raw + w->raw_len, *text = w->text;
	size_t joined;
	char quote = 0;

	for (const char *raw = w->raw; raw < raw_end; raw++) {
		if (quote ? *raw == quote : *raw == '\'' || *raw == '"') {
			putc(*raw, p->out);
			quote = quote ? 0 : *raw;
			continue;
		}
		if (*raw == '\\' && quote != '\'') {
			putc(*raw++, p->out);
			joined = count_break(raw, raw_end);
			fwrite(raw, 1, joined, p->out);
			if (joined || raw == raw_end) {
				raw += joined;
				raw--;
				continue;
			}
		}
		if (*text)
			putc(*text++, p->out);
		else
			find_wrong(p);
	}
	if (*text || quote)
		find_wrong(p);
	p->at = raw_end;
}

static void print_statement(const struct uci_statement *s, void *arg)
{
	static const char *const keyword[] = {
		[UCI_PACKAGE] = "package",
		[UCI_CONFIG] = "config",
		[UCI_OPTION] = "option",
		[UCI_LIST] = "list",
	};
	struct printer *p = arg;

	p->line = s->line;
	print_gap(p, s->keyword);
	fprintf(p->out, "%.*s", s->keyword_len == 1 ? 1 : 7, keyword[s->kind]);
	p->at = s->keyword + s->keyword_len;
	for (size_t i = 0; i < s->words; i++) {
		if (!s->word[i].raw_len)
			continue;
		print_gap(p, s->word[i].raw);
		print_word(p, &s->word[i]);
	}
}

bool uci_print(const char *text, size_t len, FILE *out,
	       char error[UCI_ERROR_MAX])
{
	struct printer p = { .at = text, .end = text + len, .out = out };
	const struct uci_watcher watcher = { print_statement, &p };
	struct uci_file *f = uci_parse_watched(text, len, &watcher, error);

	if (!f)
		return false;
	uci_free(f);
	print_gap(&p, p.end);
	if (!p.wrong_line)
		return true;
	snprintf(error, UCI_ERROR_MAX,
		 "%u: what stands here or below was not understood; "
		 "this is a mistake in Stadttor",
		 p.wrong_line);
	return false;
}
