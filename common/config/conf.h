/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Turns one UCI section into one struct by a table of options. The same table
 * gives defaults, bounds, the effective config as text, and the man page's
 * list, so an option is written down once.
 */
#ifndef STADTTOR_COMMON_CONFIG_CONF_H
#define STADTTOR_COMMON_CONFIG_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/config/uci.h"

#define CONF_LIST_MAX 64

enum conf_type {
	CONF_BOOL,    /* 0 or 1 (also no, yes, off, on, false, true): bool */
	CONF_NUMBER,  /* uint64_t */
	CONF_SECONDS, /* "90", "15m", "8h", "2d", "1h30m": uint64_t */
	CONF_RATE,    /* bits/s: "5mbit", "800kbit"; 0 is none: uint64_t */
	CONF_BYTES,   /* "500MB" = 5e8, "1GiB" = 2^30; 0 is none: uint64_t */
	CONF_WORD,    /* one of words[]: uint64_t, its index */
	CONF_WORDS,   /* some of words[], by list or option: uint64_t, bits */
	CONF_DEVICE,  /* network device: char[IFNAMSIZ] */
	CONF_MAC,     /* of a guests' device; no error repeats it: struct mac */
	CONF_TEXT,    /* min to max bytes, no control characters: char * */
	CONF_PATH,    /* absolute file name; empty if min is 0: char * */
	CONF_TYPE_MAX
};

struct conf_list {
	char **value;
	size_t count;
};

struct conf_option {
	const char *name;
	enum conf_type type;
	bool is_list; /* struct conf_list of CONF_TEXT */
	bool required;
	bool is_secret; /* no error repeats it */
	size_t offset;	/* of the field in the struct */
	const char *fallback;
	uint64_t min, max;
	const char *const *words; /* CONF_WORD, CONF_WORDS: NULL-terminated */
	/* CONF_TEXT: what the value must be, or NULL; names what is allowed */
	bool (*is_valid)(const char *text);
	const char *allowed;
	const char *help; /* HELP("...") */
};

/*
 * For the man page and for LuCI, which are made from the tables; no program
 * prints it, so that a build for a router is spared 7 kB in each of them.
 */
#ifdef WITHOUT_HELP
#define HELP(text) NULL
#else
#define HELP(text) text
#endif

struct conf_table {
	const char *section; /* its UCI type */
	const struct conf_option *option;
	size_t count;
	const char *ignored; /* option of earlier versions that may be there */
};

/* The field of an option in the struct at base. */
#define CONF_FIELD(type, base, o) ((type *)((char *)(base) + (o)->offset))

/* Fills in every default. -ENOMEM or 0. */
int conf_defaults(const struct conf_table *t, void *base) MUST_CHECK;

/*
 * Applies a section. false: error holds "LINE: what is wrong, what is
 * allowed". The struct stays valid for conf_clear() either way.
 */
bool conf_apply(const struct conf_table *t, void *base,
		const struct uci_section *s,
		char error[UCI_ERROR_MAX]) MUST_CHECK;

/* Frees what the fields own; the struct itself stays. */
void conf_clear(const struct conf_table *t, void *base);

/* The section in UCI syntax, all options with their values. */
void conf_print(const struct conf_table *t, const void *base, const char *name,
		FILE *out);

/* The options as mdoc list items, for the man page. */
void conf_document(const struct conf_table *t, FILE *out);

#endif
