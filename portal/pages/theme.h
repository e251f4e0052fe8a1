/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What guests are shown by one config: the pages in every language, and the
 * operator's pictures. The portal serves it, check and preview look at it
 * before.
 */
#ifndef STADTTOR_PORTAL_PAGES_THEME_H
#define STADTTOR_PORTAL_PAGES_THEME_H

#include "portal/pages/page_context.h"
#include "portal/pages/picture.h"

/* The paths of the operator's pictures. */
#define THEME_LOGO "/logo"
#define THEME_HERO "/hero"

struct theme {
	struct page_set *pages;
	struct picture picture[PICTURE_KINDS];
};

/*
 * The settings are borrowed until theme_clear(), which is due in any case.
 * false: error says what is wrong.
 */
bool theme_read(struct theme *l, const struct settings *s,
		char error[PAGE_ERROR_MAX]) MUST_CHECK;
void theme_clear(struct theme *l);

/* What pages are made of with these pictures at these addresses. */
struct page_context_source theme_source(const struct theme *l,
					const struct settings *s,
					const char *logo, const char *hero);

/* Whether every page is small enough for the portal; error says which not. */
bool theme_fit(const struct theme *l, const struct settings *s,
	       char error[PAGE_ERROR_MAX]) MUST_CHECK;

#endif
