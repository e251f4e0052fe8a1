/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pages: one template each (see template.h), whose texts come from the
 * languages, and from the config where it has others for a zone. Owns what was
 * read from DIR/pages and DIR/lang; knows nothing of people and requests.
 */
#ifndef STADTTOR_PORTAL_PAGES_PAGE_H
#define STADTTOR_PORTAL_PAGES_PAGE_H

#include "common/config/settings.h"
#include "portal/pages/lang.h"
#include "portal/util/strbuf.h"

#define PAGE_BYTES_MAX                                                         \
	(14 * 1024 - 640) /* with its head 14 kB: ten packets                  \
			   */
#define PAGE_ERROR_MAX 1024
#define PAGE_STYLE_MAX 96

enum page_id {
	PAGE_PORTAL,
	PAGE_STATUS,
	PAGE_TERMS,
	PAGE_ACCESS, /* the accessibility statement */
	PAGE_ERROR,
	PAGE_MAX
};

enum page_hole {
	HOLE_LANG, /* page_render() fills in these four */
	HOLE_DIR,
	HOLE_LANG_NAME,
	HOLE_STYLE,
	HOLE_NETWORK,
	HOLE_PROVIDER,
	HOLE_CONTACT,
	HOLE_BARRIER_CONTACT,
	HOLE_ENFORCEMENT,
	HOLE_LOGO, /* its address */
	HOLE_SUCCESS_URL,
	HOLE_TERMS_URL,
	HOLE_TERMS_VERSION,
	HOLE_PATH,     /* of the page itself, for the language switch */
	HOLE_QUERY,    /* "?lang=xx" where the language was chosen */
	HOLE_CHOSEN,   /* the chosen language, for forms */
	HOLE_BY_CODE,  /* set: a code is asked for */
	HOLE_CODE,     /* what stands in its field */
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
	HOLE_CAN_EXTEND,
	HOLE_TERMS_CHANGED,
	HOLE_AGE,
	HOLE_ERROR_TITLE,
	HOLE_ERROR_TEXT,
	HOLE_CAN_RETRY, /* set: the same again may help */
	HOLE_HAS_TILES, /* set: there is one */
	/* of the item of a list */
	HOLE_ITEM_CODE,
	HOLE_ITEM_NAME,
	HOLE_ITEM_DIR,
	HOLE_ITEM_CURRENT,
	HOLE_ITEM_LINK,
	HOLE_ITEM_TITLE,
	HOLE_ITEM_TEXT,
	HOLE_ITEM_ICON,
	HOLE_ITEM_LIVE,
	HOLE_MAX
};

/* NULL is empty. */
struct page_values {
	const char *value[HOLE_MAX];
	/* sets the item's holes for a tile; false: there is none. NULL: none */
	bool (*tile)(size_t i, struct page_values *v, void *arg);
	void *arg;
};

struct page_set;

/*
 * Reads what the settings, which are borrowed, ask for. NULL: error names the
 * file, or the text, and what is wrong.
 */
struct page_set *page_set_read(const struct settings *s,
			       char error[PAGE_ERROR_MAX]) MUST_CHECK;
void page_set_free(struct page_set *set);

const struct lang_set *page_languages(const struct page_set *set);

/* What Content-Security-Policy needs to allow our style: 'sha256-...'. */
const char *page_style_source(const struct page_set *set);

/* Where a page is shown: indexes of a zone of the settings and a language. */
struct page_place {
	size_t zone;
	size_t lang;
};

/* A text that no template names; NULL: there is none. */
const char *page_text(const struct page_set *set, struct page_place place,
		      const char *key);

void page_render(const struct page_set *set, enum page_id page,
		 struct page_place place, struct page_values *values,
		 struct out *out);

#endif
