/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/pages/theme.h"

#include "portal/guest/view.h"
#include "portal/pages/page_preview.h"

_Static_assert(LOGO_ERROR_MAX <= PAGE_ERROR_MAX, "errors fit in one another");

bool looks_read(struct looks *l, const struct settings *s,
		char error[PAGE_ERROR_MAX])
{
	*l = (struct looks){ 0 };
	if (!logo_read(&l->logo, s->portal.logo, error))
		return false;
	l->pages = page_set_read(s, error);
	return l->pages != NULL;
}

void looks_clear(struct looks *l)
{
	page_set_free(l->pages);
	logo_clear(&l->logo);
}

bool looks_fit(const struct looks *l, const struct settings *s,
	       char error[PAGE_ERROR_MAX])
{
	const struct scene_source source = {
		.settings = s,
		.pages = l->pages,
		.logo = l->logo.bytes ? VIEW_LOGO : NULL,
	};

	return sample_check(&source, l->logo.len, error);
}
