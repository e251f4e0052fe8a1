/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pages: templates and languages made into programs at start, so that a
 * page is copied together without looking anything up.
 *
 *	{{hole}}		a value of the request, escaped
 *	{{#hole}}...{{/hole}}	only where the value is not empty
 *	{{^hole}}...{{/hole}}	only where it is
 *	{{text}}		a text of the language, escaped; holes in it
 *work
 *	{{>file}}		pages/file.html in its place
 *	{{lang}} {{dir}}	of the page's language
 *	{{languages}}		links to this page in every language
 */
#ifndef STADTTOR_PORTAL_PAGE_H
#define STADTTOR_PORTAL_PAGE_H

#include "portal/lang.h"
#include "portal/out.h"

#define PAGE_BYTES_MAX (14 * 1024) /* rendered */
#define PAGE_ERROR_MAX 1024
#define PAGE_STYLE_MAX 96

enum page_id { PAGE_PORTAL, PAGE_STATUS, PAGE_TERMS, PAGE_ERROR, PAGE_MAX };

enum page_hole {
	HOLE_NETWORK,
	HOLE_PROVIDER,
	HOLE_CONTACT,
	HOLE_SUCCESS_URL,
	HOLE_TERMS_URL,
	HOLE_PATH,     /* of the page itself, for the language switch */
	HOLE_QUERY,    /* "?lang=xx" where the language was chosen */
	HOLE_CHOSEN,   /* the chosen language, for forms */
	HOLE_DURATION, /* of a session, as the zone has it */
	HOLE_QUOTA,
	HOLE_SPEED, /* download */
	HOLE_SPEED_UP,
	HOLE_SLOW_SPEED,
	HOLE_NOTICE,
	HOLE_TIME_LEFT,
	HOLE_USED,
	HOLE_DATA_LEFT,
	HOLE_REDUCED,
	HOLE_ERROR_TITLE,
	HOLE_ERROR_TEXT,
	HOLE_REFRESH, /* seconds */
	HOLE_MAX
};

/* NULL is empty. */
struct page_values {
	const char *value[HOLE_MAX];
};

struct page_set;

/*
 * Reads DIR/pages and DIR/lang. The form is the name of the file that takes
 * the place of {{>form}}. NULL: error names the file and what is wrong.
 */
struct page_set *page_set_read(const char *dir, const char *form,
			       char error[PAGE_ERROR_MAX]) MUST_CHECK;
void page_set_free(struct page_set *set);

const struct lang_set *page_languages(const struct page_set *set);

/* What Content-Security-Policy needs to allow our style: 'sha256-...'. */
const char *page_style_source(const struct page_set *set);

void page_render(const struct page_set *set, enum page_id page, size_t lang,
		 const struct page_values *values, struct out *out);

#endif
