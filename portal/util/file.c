/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/util/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

char *file_read(const char *path, size_t max, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;

	if (!f)
		return NULL;
	text = malloc(max + 1);
	if (text) {
		*len = fread(text, 1, max, f);
		if (ferror(f) || (*len == max && fgetc(f) != EOF)) {
			errno = ferror(f) ? EIO : EFBIG;
			free(text);
			text = NULL;
		}
	}
	if (text)
		text[*len] = '\0';
	fclose(f);
	return text;
}
