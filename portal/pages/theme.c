/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/pages/theme.h"

#include "portal/pages/page_preview.h"

_Static_assert(PICTURE_ERROR_MAX <= PAGE_ERROR_MAX,
	       "errors fit in one another");

bool theme_read(struct theme *l, const struct settings *s,
		char error[PAGE_ERROR_MAX])
{
	*l = (struct theme){ 0 };
	if (!picture_read(&l->picture[PICTURE_LOGO], PICTURE_LOGO,
			  s->portal.logo, error) ||
	    !picture_read(&l->picture[PICTURE_HERO], PICTURE_HERO,
			  s->portal.hero, error))
		return false;
	l->pages = page_set_read(s, error);
	return l->pages != NULL;
}

void theme_clear(struct theme *l)
{
	page_set_free(l->pages);
	for (int i = 0; i < PICTURE_KINDS; i++)
		picture_clear(&l->picture[i]);
}

struct page_context_source theme_source(const struct theme *l,
					const struct settings *s,
					const char *logo, const char *hero)
{
	return (struct page_context_source){
		.settings = s,
		.pages = l->pages,
		.logo = l->picture[PICTURE_LOGO].bytes ? logo : NULL,
		.hero = l->picture[PICTURE_HERO].bytes ? hero : NULL,
	};
}

bool theme_fit(const struct theme *l, const struct settings *s,
	       char error[PAGE_ERROR_MAX])
{
	const struct page_context_source source =
		theme_source(l, s, THEME_LOGO, THEME_HERO);

	return page_preview_check(&source, l->picture[PICTURE_LOGO].len, error);
}
