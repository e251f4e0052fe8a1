/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What guests are shown by one config: the pages in every language, and the
 * operator's logo. The portal serves it, check and preview look at it before.
 */
#ifndef STADTTOR_PORTAL_PAGES_THEME_H
#define STADTTOR_PORTAL_PAGES_THEME_H

#include "portal/pages/logo.h"
#include "portal/pages/page.h"

struct looks {
	struct page_set *pages;
	struct logo logo;
};

/*
 * The settings are borrowed until looks_clear(), which is due in any case.
 * false: error says what is wrong.
 */
bool looks_read(struct looks *l, const struct settings *s,
		char error[PAGE_ERROR_MAX]) MUST_CHECK;
void looks_clear(struct looks *l);

/* Whether every page is small enough for the portal; error says which not. */
bool looks_fit(const struct looks *l, const struct settings *s,
	       char error[PAGE_ERROR_MAX]) MUST_CHECK;

#endif
