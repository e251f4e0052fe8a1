/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operator's logo: a small picture, as the config names it. */
#ifndef STADTTOR_PORTAL_PAGES_LOGO_H
#define STADTTOR_PORTAL_PAGES_LOGO_H

#include <stdbool.h>
#include <stddef.h>

#include "common/log.h"

#define LOGO_BYTES_MAX 4096
#define LOGO_ERROR_MAX 320

struct logo {
	char *bytes; /* NULL: there is none */
	size_t len;
	const char *type; /* its media type */
};

/* An .svg, .png or .webp file; path "" is fine. false: error says why not. */
bool logo_read(struct logo *l, const char *path,
	       char error[LOGO_ERROR_MAX]) MUST_CHECK;
void logo_clear(struct logo *l);

#endif
