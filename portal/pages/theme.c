/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/pages/theme.h"

#include "portal/pages/page_preview.h"

_Static_assert(LOGO_ERROR_MAX <= PAGE_ERROR_MAX, "errors fit in one another");

bool theme_read(struct theme *l, const struct settings *s,
		char error[PAGE_ERROR_MAX])
{
	*l = (struct theme){ 0 };
	if (!logo_read(&l->logo, s->portal.logo, error))
		return false;
	l->pages = page_set_read(s, error);
	return l->pages != NULL;
}

void theme_clear(struct theme *l)
{
	page_set_free(l->pages);
	logo_clear(&l->logo);
}

bool theme_fit(const struct theme *l, const struct settings *s,
	       char error[PAGE_ERROR_MAX])
{
	const struct page_context_source source = {
		.settings = s,
		.pages = l->pages,
		.logo = l->logo.bytes ? THEME_LOGO : NULL,
	};

	return page_preview_check(&source, l->logo.len, error);
}
