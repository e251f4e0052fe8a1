/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one style of all pages, with the config's colours in it. */
#ifndef STADTTOR_PORTAL_PAGES_PAGE_STYLE_H
#define STADTTOR_PORTAL_PAGES_PAGE_STYLE_H

#include <stdbool.h>

#include "common/config/settings.h"

#define PAGE_ERROR_MAX 1024
#define PAGE_STYLE_MAX 96

struct page_style {
	char *text;
	char source[PAGE_STYLE_MAX]; /* for Content-Security-Policy */
};

/* false: error says why. */
bool page_style_read(struct page_style *s, const struct portal_settings *p,
		     char error[PAGE_ERROR_MAX]) MUST_CHECK;
void page_style_clear(struct page_style *s);

#endif
