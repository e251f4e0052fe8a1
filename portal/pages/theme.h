/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What guests are shown by one config: the pages in every language, and the
 * operator's logo. The portal serves it, check and preview look at it before.
 */
#ifndef STADTTOR_PORTAL_PAGES_THEME_H
#define STADTTOR_PORTAL_PAGES_THEME_H

#include "portal/pages/logo.h"
#include "portal/pages/page.h"

#define THEME_LOGO "/logo" /* the path of the operator's logo */

struct theme {
	struct page_set *pages;
	struct logo logo;
};

/*
 * The settings are borrowed until theme_clear(), which is due in any case.
 * false: error says what is wrong.
 */
bool theme_read(struct theme *l, const struct settings *s,
		char error[PAGE_ERROR_MAX]) MUST_CHECK;
void theme_clear(struct theme *l);

/* Whether every page is small enough for the portal; error says which not. */
bool theme_fit(const struct theme *l, const struct settings *s,
	       char error[PAGE_ERROR_MAX]) MUST_CHECK;

#endif
