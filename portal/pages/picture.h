/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operator's pictures: the logo, and what the header shows of the place.
 * Small files, as the config names them, which are what they say they are.
 */
#ifndef STADTTOR_PORTAL_PAGES_PICTURE_H
#define STADTTOR_PORTAL_PAGES_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/log.h"

#define PICTURE_BYTES_MAX 6144 /* of the largest kind */
#define PICTURE_ERROR_MAX 320

enum picture_kind {
	PICTURE_LOGO, /* 4 kB; comes with the page */
	PICTURE_HERO, /* 6 kB; may come when the page can be used already */
	PICTURE_KINDS
};

struct picture {
	char *bytes; /* NULL: there is none */
	size_t len;
	const char *type; /* its media type */
};

/*
 * By its name an .svg that draws and does nothing else (see svg.h), a .png or
 * a .webp, as a hero also an .avif or .jpg; path "" is fine. false: error says
 * why not.
 */
bool picture_read(struct picture *p, enum picture_kind kind, const char *path,
		  char error[PICTURE_ERROR_MAX]) MUST_CHECK;
void picture_clear(struct picture *p);

#endif
