/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a page shows: fills its placeholders with the figures and texts of a
 * zone or a session, in one language. Knows no connection, so that the preview
 * shows what people will see.
 */
#ifndef STADTTOR_PORTAL_PAGES_PAGE_CONTEXT_H
#define STADTTOR_PORTAL_PAGES_PAGE_CONTEXT_H

#include "portal/live/live_value.h"
#include "portal/pages/number_format.h"
#include "portal/pages/page.h"

#define PAGE_CONTEXT_FIGURES 13
#define PAGE_CONTEXT_LIVE    192

/* What all contexts are made of; borrowed. */
struct page_context_source {
	const struct settings *settings;
	const struct page_set *pages;
	const char *logo; /* its address; NULL: there is none */
	const char *hero; /* the same */
	bool is_in_city;  /* city_is_joined() */
	/* the live value of a tile of the settings; false: none. NULL: none */
	bool (*live)(size_t tile, struct live_value *out, void *arg);
	void *arg;
};

/* The opening hours of a zone, as netctl tells them. */
struct page_hours {
	int64_t change_s;     /* when it opens or closes; 0: not known, never */
	uint64_t change_in_s; /* until then */
	bool is_closed;
	bool is_used_up; /* no tap lets this device in before tomorrow */
};

struct page_context {
	const struct page_context_source *source;
	struct page_place place;
	const struct lang *lang;
	const struct zone_settings *zone;
	struct page_values values;
	char query[LANG_CODE_MAX + 8];
	char figure[PAGE_CONTEXT_FIGURES][NUMBER_FORMAT_MAX];
	size_t figures;
	char daily[2 * NUMBER_FORMAT_MAX + 4];
	char terms_version[8];
	/* of the tile being shown */
	char tile_lang[SETTINGS_LANGUAGE_MAX];
	char live[PAGE_CONTEXT_LIVE];
	char age[2 * NUMBER_FORMAT_MAX];
};

/*
 * path: of the page itself, for the language switch; chosen: the person chose
 * the language, which links and forms then carry on. place is valid.
 */
void page_context_init(struct page_context *s,
		       const struct page_context_source *source,
		       struct page_place place, const char *path, bool chosen);

struct page_hours page_hours_of(const struct ipc_session *session);

/* What a session in the zone gets. */
void page_context_fill_zone(struct page_context *s,
			    const struct page_hours *hours);
void page_context_fill_session(struct page_context *s,
			       const struct ipc_session *session);

/* key: of the text above everything else. */
void page_context_set_notice(struct page_context *s, enum page_notice notice);

void page_context_set_problem(struct page_context *s,
			      enum page_problem problem);

void page_context_render(struct page_context *s, enum page_id page,
			 struct strbuf *out);

#endif
