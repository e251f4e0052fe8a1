/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/pages/logo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "portal/util/file.h"

/* By the end of the name and by the bytes that such a file begins with. */
static const struct {
	const char *ending;
	const char *magic; /* NULL: text */
	const char *type;
} types[] = {
	{ ".svg", NULL, "image/svg+xml" },
	{ ".png", "\x89PNG", "image/png" },
	{ ".webp", "RIFF", "image/webp" },
};

static const char *type_of(const char *path, const char *bytes, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		size_t n = strlen(types[i].ending);

		if (strlen(path) <= n ||
		    strcmp(path + strlen(path) - n, types[i].ending))
			continue;
		if (!types[i].magic)
			return memmem(bytes, len, "<svg", 4) ? types[i].type
							     : NULL;
		return len > 4 && !memcmp(bytes, types[i].magic, 4)
			       ? types[i].type
			       : NULL;
	}
	return NULL;
}

bool logo_read(struct logo *l, const char *path, char error[LOGO_ERROR_MAX])
{
	memset(l, 0, sizeof(*l));
	if (!*path)
		return true;
	l->bytes = file_read(path, LOGO_BYTES_MAX, &l->len);
	if (!l->bytes) {
		snprintf(error, LOGO_ERROR_MAX, "%.200s: %s", path,
			 errno == EFBIG
				 ? "a logo is at most 4 kB, pages are for bad "
				   "radio links"
				 : strerror(errno));
		return false;
	}
	l->type = type_of(path, l->bytes, l->len);
	if (l->type)
		return true;
	snprintf(error, LOGO_ERROR_MAX,
		 "%.200s: a logo is an .svg, .png or .webp file", path);
	logo_clear(l);
	return false;
}

void logo_clear(struct logo *l)
{
	free(l->bytes);
	memset(l, 0, sizeof(*l));
}
