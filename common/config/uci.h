/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * OpenWrt's UCI syntax as a tree: sections with options and lists, each with
 * the line it stands on. Knows nothing of what the options mean.
 *
 *	config TYPE ['NAME']
 *		option NAME 'VALUE'
 *		list NAME 'VALUE'
 *
 * It reads what libuci (openwrt/uci, file.c, strict as it is by default) reads,
 * to the same words, and refuses what libuci refuses:
 * - config, option, list, package, or their first letters alone, stand bare and
 *   before a blank or tab; '#' before them makes the line a comment.
 * - A word is made of pieces side by side: bare, in '' where everything stands
 *   for itself, in "" where a backslash takes the next character as it is, as
 *   it does in bare ones. Line breaks in quotes belong to the word.
 * - A bare '#' ends the word, also in its middle, and the rest is a comment.
 * - A backslash before a line break, also in "", joins the lines, and before
 *   the end of the file is nothing. A blank after it ends the word, so that an
 *   indented line goes on only where a word has ended already.
 * - A ';' that stands apart, or after a word that had quotes, begins another
 *   statement; there must be one.
 * - Carriage returns, form feeds and vertical tabs are blanks.
 * - Names are of letters, digits and '_' (a package's also '-'), types of all
 *   visible ASCII. A name for two sections of different types is an error.
 * - "package" lines change nothing, as when libuci loads a file by its name.
 *
 * On purpose it differs where libuci would lose something without a word:
 * - A NUL byte is an error; libuci drops the rest of its line.
 * - What follows a ';' right after a bare word is an error; libuci drops it.
 * - An option without a value is an error, unless a watcher listens, and one
 *   with an empty value stands in the tree; libuci skips both, so whatever it
 *   writes anew has lost them (stadttor.conf(5) says so).
 * - Sections of the same name and repeated options all stand in the tree;
 *   libuci merges the ones and keeps the last of the others.
 * - A file has at most 1 MiB.
 */
#ifndef STADTTOR_COMMON_CONFIG_UCI_H
#define STADTTOR_COMMON_CONFIG_UCI_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "common/log.h"

#define UCI_ERROR_MAX 512
#define UCI_WORDS_MAX 3

struct uci_option {
	TAILQ_ENTRY(uci_option) next;
	char *name;
	char *value;
	unsigned int line;
	bool is_list; /* one of several values of that name */
};

struct uci_section {
	TAILQ_ENTRY(uci_section) next;
	char *type;
	char *name; /* NULL: anonymous */
	unsigned int line;
	TAILQ_HEAD(uci_options, uci_option) options;
};

struct uci_file {
	TAILQ_HEAD(uci_sections, uci_section) sections;
};

/*
 * Parses len bytes of text. NULL: error holds "LINE: what is wrong". The
 * caller owns the tree.
 */
struct uci_file *uci_parse(const char *text, size_t len,
			   char error[UCI_ERROR_MAX]) MUST_CHECK;

/* --- for who wants to see how the text was read -------------------------- */
enum uci_kind {
	UCI_PACKAGE,
	UCI_CONFIG,
	UCI_OPTION,
	UCI_LIST,
};

struct uci_word {
	const char *raw; /* in the text that is parsed */
	size_t raw_len;	 /* 0: there is none */
	const char *text;
};

struct uci_statement {
	enum uci_kind kind;
	unsigned int line;
	const char *keyword; /* in the text, keyword_len bytes */
	size_t keyword_len;
	size_t words; /* the last one is empty, if not absent */
	struct uci_word word[UCI_WORDS_MAX];
};

/* Told of each statement, in order; texts of options and sections are those of
 * the tree, and all are lent for the call. */
struct uci_watcher {
	void (*on_statement)(const struct uci_statement *s, void *arg);
	void *arg;
};

struct uci_file *uci_parse_watched(const char *text, size_t len,
				   const struct uci_watcher *watcher,
				   char error[UCI_ERROR_MAX]) MUST_CHECK;

/* --- files --------------------------------------------------------------- */

/* The bytes of a file of at most 1 MiB, or NULL and errno. */
char *uci_load(const char *path, size_t *len) MUST_CHECK;

/* Loads and parses it; error holds "FILE:LINE: ...". */
struct uci_file *uci_read(const char *path, char error[UCI_ERROR_MAX]);
void uci_free(struct uci_file *file);

#endif
