/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A command of the store, put together word by word. */
#ifndef STADTTOR_HUB_INTAKE_COMMAND_H
#define STADTTOR_HUB_INTAKE_COMMAND_H

#include <stddef.h>

#include "common/log.h"

#define COMMAND_PAGE 500 /* keys of one read */
#define COMMAND_ARGS (4 + 2 * COMMAND_PAGE)
#define COMMAND_TEXT 96

/* What a box may write to. */
enum command_key { COMMAND_INBOX, COMMAND_BEATS, COMMAND_KEYS };

struct command {
	int args;
	const char *arg[COMMAND_ARGS];
	size_t len[COMMAND_ARGS];
	size_t texts;
	char text[COMMAND_PAGE][COMMAND_TEXT];
};

/* Anew. Returns c. */
struct command *command_start(struct command *c, const char *name);

/* arg: lent until it is sent. */
void command_put(struct command *c, const char *arg, size_t len);

/* The text is cut to its room. */
void PRINTF_LIKE(2, 3) command_text(struct command *c, const char *fmt, ...);
void command_key(struct command *c, enum command_key key, const char *site);

#endif
