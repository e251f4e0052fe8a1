/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/util/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static char *read_all(FILE *f, size_t max, size_t *len)
{
	char *text = malloc(max + 1);

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
	return text;
}

char *file_read(const char *path, size_t max, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *text = f ? read_all(f, max, len) : NULL;

	if (f)
		fclose(f);
	return text;
}

char *file_read_public(const char *path, size_t max, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	struct stat st;

	if (!f)
		return NULL;
	if (fstat(fileno(f), &st) == 0) {
		if (st.st_mode & S_IROTH)
			text = read_all(f, max, len);
		else
			errno = EPERM;
	}
	fclose(f);
	return text;
}
