/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every page as somebody might see it, with made-up figures: what a preview
 * shows, and what must fit into a few packets before the pages go out.
 */
#ifndef STADTTOR_PORTAL_PAGES_PAGE_PREVIEW_H
#define STADTTOR_PORTAL_PAGES_PAGE_PREVIEW_H

#include "portal/pages/page_context.h"

#define PAGE_PREVIEW_TYPED_MAX 64 /* bytes of what was typed, shown again */

struct page_preview {
	const char *name; /* "status-slower" */
	enum page_id page;
	const char *path; /* of the page */
	void (*fill)(struct page_context *s, int with);
	int with; /* enum page_notice, or enum page_problem of an error */
	bool (*is_for)(const struct zone_settings *z); /* NULL: each zone */
};

/* The fixtures in order; NULL: there are no more. */
const struct page_preview *page_preview_at(size_t i);

/* The page; the source's live values are made up where it has none. */
void page_preview_render(const struct page_preview *fixture,
			 const struct page_context_source *source,
			 struct page_place place, struct strbuf *out);

/*
 * Whether every page in every zone and language fits into PAGE_BYTES_MAX with
 * the logo. false: error names the worst one, and by how much.
 */
bool page_preview_check(const struct page_context_source *source,
			size_t logo_len, char error[PAGE_ERROR_MAX]) MUST_CHECK;

#endif
