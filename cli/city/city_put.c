/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/city/city_put.h"

void city_put(FILE *out, const char *kind, const char *name, const char *value)
{
	fprintf(out, "\t%s %s '", kind, name);
	for (; *value; value++)
		if (*value == '\'')
			fputs("'\\''", out);
		else
			putc(*value, out);
	fputs("'\n", out);
}
