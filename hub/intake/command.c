/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/intake/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct command *command_start(struct command *c, const char *name)
{
	c->args = 0;
	c->texts = 0;
	command_put(c, name, strlen(name));
	return c;
}

void command_put(struct command *c, const char *arg, size_t len)
{
	c->arg[c->args] = arg;
	c->len[c->args++] = len;
}

void command_text(struct command *c, const char *fmt, ...)
{
	char *text = c->text[c->texts++];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, COMMAND_TEXT, fmt, ap);
	va_end(ap);
	command_put(c, text, strlen(text));
}

void command_key(struct command *c, enum command_key key, const char *site)
{
	static const char *const prefix[COMMAND_KEYS] = {
		[COMMAND_INBOX] = "in",
		[COMMAND_BEATS] = "hb",
	};

	command_text(c, "%s:%s", prefix[key], site);
}
