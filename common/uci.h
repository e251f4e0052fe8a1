/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * OpenWrt's UCI syntax as a tree: sections with options and lists, each with
 * the line it stands on. Knows nothing of what the options mean.
 *
 *	config TYPE ['NAME']
 *		option NAME 'VALUE'
 *		list NAME 'VALUE'
 *
 * Words are bare, or in single or double quotes (with backslash escapes in
 * double quotes), pieces side by side join; # starts a comment; a backslash at
 * the end of a line continues it. "package" lines are accepted and ignored.
 */
#ifndef STADTTOR_UCI_H
#define STADTTOR_UCI_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "common/log.h"

#define UCI_WORD_MAX  4096
#define UCI_ERROR_MAX 512

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

/* Reads and parses a file of at most 1 MiB; error holds "FILE:LINE: ...". */
struct uci_file *uci_read(const char *path, char error[UCI_ERROR_MAX]);
void uci_free(struct uci_file *file);

#endif
