/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/util/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/file_room.h"

static char *read_all(FILE *f, size_t max, size_t *len)
{
	size_t room = file_room(fileno(f), max);
	char *text = malloc(room + 1);

	if (!text)
		return NULL;
	*len = fread(text, 1, room, f);
	if (ferror(f) || (*len == room && fgetc(f) != EOF)) {
		free(text);
		errno = ferror(f) ? EIO : room < max ? EBUSY : EFBIG;
		return NULL;
	}
	text[*len] = '\0';
	return text;
}

static char *read_if(const char *path, mode_t needed, size_t max, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	struct stat st;

	if (!f)
		return NULL;
	if (fstat(fileno(f), &st) == 0) {
		if ((st.st_mode & needed) == needed)
			text = read_all(f, max, len);
		else
			errno = EPERM;
	}
	fclose(f);
	return text;
}

char *file_read(const char *path, size_t max, size_t *len)
{
	return read_if(path, 0, max, len);
}

char *file_read_public(const char *path, size_t max, size_t *len)
{
	return read_if(path, S_IROTH, max, len);
}
