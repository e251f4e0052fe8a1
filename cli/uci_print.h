/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A UCI file told again from what the parser has understood of it. Only the
 * command line links this.
 *
 * Every letter of a word comes from the tree that the programs read, keywords
 * from the kind of the statement. From the text come the quotes, backslashes
 * and joined line breaks in words, and between words blanks, comments and ';'
 * and nothing else. So what the parser loses or misreads is missing or wrong.
 */
#ifndef STADTTOR_CLI_UCI_PRINT_H
#define STADTTOR_CLI_UCI_PRINT_H

#include <stdio.h>

#include "common/config/uci.h"

/*
 * Parses and writes to out, byte for byte what the text is. false: error holds
 * "LINE: what is wrong", and what was written is to be thrown away.
 */
bool uci_print(const char *text, size_t len, FILE *out,
	       char error[UCI_ERROR_MAX]) MUST_CHECK;

#endif
