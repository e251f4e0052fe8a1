/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing UCI. */
#ifndef STADTTOR_CLI_CITY_CITY_PUT_H
#define STADTTOR_CLI_CITY_CITY_PUT_H

#include <stdio.h>

/* "option NAME 'VALUE'", whatever is in the value; kind: option or list. */
void city_put(FILE *out, const char *kind, const char *name, const char *value);

#endif
