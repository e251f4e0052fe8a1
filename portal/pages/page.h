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
#include "portal/pages/legal.h"
#include "portal/pages/page_style.h"
#include "portal/util/strbuf.h"

#define PAGE_BYTES_MAX                                                         \
	(14 * 1024 - 640) /* with its head 14 kB: ten packets                  \
			   */

/* Of a legal page: several round trips, but nobody needs it for the tap. */
#define PAGE_LEGAL_BYTES_MAX (PAGE_BYTES_MAX + LEGAL_BYTES_MAX)

enum page_id {
	PAGE_PORTAL,
	PAGE_STATUS,
	PAGE_TERMS,
	PAGE_ACCESS, /* the accessibility statement */
	PAGE_IMPRINT,
	PAGE_PRIVACY,
	PAGE_ERROR,
	PAGE_MAX
};

/* What stands above a form: the texts "notice_terms" and so on. */
enum page_notice {
	PAGE_NOTICE_NONE,
	PAGE_NOTICE_TERMS,
	PAGE_NOTICE_TERMS_CHANGED,
	PAGE_NOTICE_LOGGED_OUT,
	PAGE_NOTICE_EXTENDED,
	PAGE_NOTICE_OFFLINE,
	PAGE_NOTICE_CLOSED,
	PAGE_NOTICE_TODAY,
	PAGE_NOTICE_CODE_MISSING,
	PAGE_NOTICE_CODE_TYPO,
	PAGE_NOTICE_CODE_UNKNOWN,
	PAGE_NOTICE_CODE_EXPIRED,
	PAGE_NOTICE_CODE_USED_UP,
	PAGE_NOTICE_CODE_REVOKED,
	PAGE_NOTICE_CODE_DEVICES,
	PAGE_NOTICE_CODE_WAIT,
	PAGE_NOTICE_CODE_PLACE,
	PAGE_NOTICE_CODE_UNAVAILABLE,
	PAGE_NOTICE_ACCOUNT_UNAVAILABLE,
	PAGE_NOTICE_ACCOUNT_MISSING,
	PAGE_NOTICE_ACCOUNT_REFUSED,
	PAGE_NOTICE_ACCOUNT_FAILED,
	PAGE_NOTICE_ACCOUNT_OTHER, /* it is good, but not for this zone */
	PAGE_NOTICES
};

/* Where a notice stands: at the fields that it is about, or above all. */
enum page_field { PAGE_FIELD_NONE, PAGE_FIELD_CODE, PAGE_FIELD_ACCOUNT };

/* What an error page tells: "error_bad_title", "error_bad_text" and so on. */
enum page_problem {
	PAGE_PROBLEM_BAD,
	PAGE_PROBLEM_FOREIGN,
	PAGE_PROBLEM_MISSING,
	PAGE_PROBLEM_LATE,
	PAGE_PROBLEM_BUSY,
	PAGE_PROBLEM_FULL,
	PAGE_PROBLEM_UNKNOWN,
	PAGE_PROBLEM_LOGIN,
	PAGE_PROBLEMS
};

enum page_placeholder {
	PLACEHOLDER_LANG, /* page_render() fills in these */
	PLACEHOLDER_DIR,
	PLACEHOLDER_LANG_NAME,
	PLACEHOLDER_STYLE,
	PLACEHOLDER_LEGAL,	/* the legal text of the page, as HTML */
	PLACEHOLDER_LEGAL_LANG, /* which it is in */
	PLACEHOLDER_IS_IMPRINT, /* set: it is the legal notice */
	PLACEHOLDER_OWN_TERMS,	/* set: there are terms of the operator's */
	PLACEHOLDER_NETWORK,
	PLACEHOLDER_PROVIDER,
	PLACEHOLDER_CONTACT,
	PLACEHOLDER_BARRIER_CONTACT,
	PLACEHOLDER_ENFORCEMENT,
	PLACEHOLDER_LOGO,	    /* its address */
	PLACEHOLDER_HERO,	    /* its address */
	PLACEHOLDER_WIFI4EU,	    /* the script of wifi4eu.h */
	PLACEHOLDER_WIFI4EU_BANNER, /* its address */
	PLACEHOLDER_SUCCESS_URL,
	PLACEHOLDER_TERMS_URL,
	PLACEHOLDER_TERMS_VERSION,
	PLACEHOLDER_PATH,     /* of the page itself, for the language switch */
	PLACEHOLDER_QUERY,    /* "?lang=xx" where the language was chosen */
	PLACEHOLDER_CHOSEN,   /* the chosen language, for forms */
	PLACEHOLDER_BY_CLICK, /* set: a tap is enough */
	PLACEHOLDER_BY_CODE,  /* set: a code lets in */
	PLACEHOLDER_BY_ACCOUNT, /* set: name and password do */
	PLACEHOLDER_BY_OIDC,	/* set: an account of elsewhere does */
	PLACEHOLDER_ACCOUNT,	/* its name */
	PLACEHOLDER_NAME,	/* what stands in its field */
	PLACEHOLDER_CHOICE,	/* set: there are several ways in */
	PLACEHOLDER_CODE,	/* what stands in its field */
	PLACEHOLDER_DURATION,	/* of a session, as the zone has it */
	PLACEHOLDER_QUOTA,
	PLACEHOLDER_SPEED, /* download */
	PLACEHOLDER_SPEED_UP,
	PLACEHOLDER_HAS_SPEEDS,	  /* set: there is one of both */
	PLACEHOLDER_IS_FOR_VIDEO, /* set: what the download is fast enough */
	PLACEHOLDER_IS_FOR_MUSIC, /* for */
	PLACEHOLDER_SLOW_SPEED,
	PLACEHOLDER_NOTICE,
	PLACEHOLDER_TONE,	/* of the notice: "good", "bad", or neither */
	PLACEHOLDER_CODE_ERROR, /* set: the notice is about the code */
	PLACEHOLDER_ACCOUNT_ERROR, /* or about name and password */
	PLACEHOLDER_TIME_LEFT,
	PLACEHOLDER_TIME_SHARE, /* percent of the zone's duration */
	PLACEHOLDER_USED,
	PLACEHOLDER_DATA_LEFT,
	PLACEHOLDER_DATA_SHARE, /* percent of the quota */
	PLACEHOLDER_REDUCED,
	PLACEHOLDER_CAN_EXTEND,
	PLACEHOLDER_REFRESH_FIRST, /* set: there is nothing else to do */
	PLACEHOLDER_CAN_REPLACE,   /* set: another device may make room */
	PLACEHOLDER_OFFLINE,	   /* set: nothing gets out at the moment */
	PLACEHOLDER_CLOSED,	   /* set: nobody is let in at this hour */
	PLACEHOLDER_OPENS,	   /* when that ends, if it is known */
	PLACEHOLDER_CLOSES,	   /* when the session ends by that */
	PLACEHOLDER_DAILY,	   /* what the zone gives a device a day */
	PLACEHOLDER_TERMS_CHANGED,
	PLACEHOLDER_ERROR_TITLE,
	PLACEHOLDER_ERROR_TEXT,
	PLACEHOLDER_CAN_RETRY, /* set: the same again may help */
	PLACEHOLDER_HAS_TILES, /* set: there is one */
	PLACEHOLDER_ASKS_WHO,  /* set: an account is one of the ways in */
	PLACEHOLDER_ROAMS,     /* set: other boxes of a city are told */
	PLACEHOLDER_IS_LIVE,   /* set: operators see numbers of people */
	/* of the item of a list */
	PLACEHOLDER_ITEM_CODE,
	PLACEHOLDER_ITEM_NAME,
	PLACEHOLDER_ITEM_DIR, /* of a tile in another language */
	PLACEHOLDER_ITEM_CURRENT,
	PLACEHOLDER_ITEM_LINK,
	PLACEHOLDER_ITEM_TITLE,
	PLACEHOLDER_ITEM_TEXT,
	PLACEHOLDER_ITEM_ICON,
	PLACEHOLDER_ITEM_LIVE,
	PLACEHOLDER_ITEM_AGE, /* how old that is */
	PLACEHOLDER_MAX
};

/* NULL is empty. */
struct page_values {
	const char *value[PLACEHOLDER_MAX];
	/* sets the item's placeholders for a tile; false: there is none. NULL:
	 * none */
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

/* The most bytes that the page may have. */
size_t page_bytes_max(enum page_id page);

const struct lang_set *page_languages(const struct page_set *set);

/* Of WiFi4EU's script on a page in that language: 'sha256-...', or NULL. */
const char *page_script_source(const struct page_set *set, enum page_id page,
			       size_t lang);

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
const char *page_notice(const struct page_set *set, struct page_place place,
			enum page_notice notice);

/* "good" or "bad"; NULL: neither. */
const char *page_notice_tone(enum page_notice notice);

/* Whose content will not do, as it says. */
enum page_field page_notice_field(enum page_notice notice);
const char *page_problem_title(const struct page_set *set,
			       struct page_place place,
			       enum page_problem problem);
const char *page_problem_text(const struct page_set *set,
			      struct page_place place,
			      enum page_problem problem);

void page_render(const struct page_set *set, enum page_id page,
		 struct page_place place, struct page_values *values,
		 struct strbuf *out);

#endif
