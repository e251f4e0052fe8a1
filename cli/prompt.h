/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking the person at the terminal. */
#ifndef STADTTOR_CLI_PROMPT_H
#define STADTTOR_CLI_PROMPT_H

#include "cli/cli.h"

/*
 * A new password: asked for twice without echo, or with --stdin a line of
 * standard input. max counts the closing NUL; a longer one is cut.
 */
enum cli_exit prompt_password(const struct cli *cli, char *out, size_t max);

#endif
