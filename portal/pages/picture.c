/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/pages/picture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "portal/pages/svg.h"
#include "portal/util/file.h"

static const struct {
	const char *name;
	size_t bytes_max;
	const char *allowed;
} kinds[PICTURE_KINDS] = {
	[PICTURE_LOGO] = { "logo", 4096, ".svg, .png or .webp" },
	[PICTURE_HERO] = { "hero", PICTURE_BYTES_MAX,
			   ".svg, .png, .webp, .avif or .jpg" },
};

/* By the end of the name and by bytes that such a file has at a place. */
static const struct type {
	const char *ending;
	const char *magic; /* NULL: text */
	size_t at;
	const char *type;
} types[] = {
	{ ".svg", NULL, 0, "image/svg+xml" },
	{ ".png", "\x89PNG", 0, "image/png" },
	{ ".webp", "WEBP", 8, "image/webp" },
	{ ".avif", "ftypavif", 4, "image/avif" },
	{ ".jpg", "\xff\xd8\xff", 0, "image/jpeg" },
};

static bool has_ending(const char *path, const char *ending)
{
	size_t len = strlen(path), n = strlen(ending);

	return len > n && !strcmp(path + len - n, ending);
}

/* NULL: no such picture. */
static const struct type *type_of(enum picture_kind kind, const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (has_ending(path, types[i].ending) &&
		    strstr(kinds[kind].allowed, types[i].ending))
			return &types[i];
	return NULL;
}

static bool has_magic(const struct picture *p, const struct type *t)
{
	size_t n = strlen(t->magic);

	return p->len > t->at + n && !memcmp(p->bytes + t->at, t->magic, n);
}

/* NULL: it is what its name says. */
static const char *find_fault(const struct picture *p, const struct type *t)
{
	if (!t->magic)
		return strlen(p->bytes) == p->len ? svg_find_fault(p->bytes)
						  : "a zero byte";
	return has_magic(p, t) ? NULL : "something else than its name says";
}

static bool refuse(struct picture *p, const char *path, const char *why,
		   const char *what, char error[PICTURE_ERROR_MAX])
{
	snprintf(error, PICTURE_ERROR_MAX, "%.160s: %s%s", path, why, what);
	picture_clear(p);
	return false;
}

bool picture_read(struct picture *p, enum picture_kind kind, const char *path,
		  char error[PICTURE_ERROR_MAX])
{
	const struct type *t = type_of(kind, path);
	char why[96];
	const char *fault;

	memset(p, 0, sizeof(*p));
	if (!*path)
		return true;
	p->bytes = file_read(path, kinds[kind].bytes_max, &p->len);
	if (!p->bytes && errno != EFBIG)
		return refuse(p, path, strerror(errno), "", error);
	if (!p->bytes) {
		snprintf(why, sizeof(why), "a %s is at most %zu kB, ",
			 kinds[kind].name, kinds[kind].bytes_max / 1024);
		return refuse(p, path, why, "pages are for bad radio links",
			      error);
	}
	if (!t) {
		snprintf(why, sizeof(why), "a %s is an %s file",
			 kinds[kind].name, kinds[kind].allowed);
		return refuse(p, path, why, "", error);
	}
	fault = find_fault(p, t);
	if (fault)
		return refuse(p, path, "not shown to guests: it has ", fault,
			      error);
	p->type = t->type;
	return true;
}

void picture_clear(struct picture *p)
{
	free(p->bytes);
	memset(p, 0, sizeof(*p));
}
