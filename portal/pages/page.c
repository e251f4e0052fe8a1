/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/pages/page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "portal/pages/page_style.h"
#include "portal/pages/template.h"
#include "portal/pages/wifi4eu.h"

#define WORDS_MAX 192
#define GOOD	  "good" /* classes of style.css */
#define BAD	  "bad"

enum page_list { LIST_LANGUAGES, LIST_TILES };

/* The texts of one language as programs, the zones' own among them. */
struct page_language {
	struct template texts;
	struct template_word word[WORDS_MAX];
	struct template_word *own[SETTINGS_ZONES]; /* NULL: as above */
	struct wifi4eu wifi4eu;
};

struct page_set {
	const struct settings *settings;
	struct lang_set *languages;
	struct page_style style;
	struct legal *legal;
	struct template pages;
	struct template_part page[PAGE_MAX];
	char word_name[WORDS_MAX][TEMPLATE_NAME_MAX];
	size_t words;
	struct page_language *language; /* one for each of the set */
};

static const char *const page_file[PAGE_MAX] = {
	[PAGE_PORTAL] = "portal",      [PAGE_STATUS] = "status",
	[PAGE_TERMS] = "terms",	       [PAGE_ACCESS] = "access",
	[PAGE_ERROR] = "error",	       [PAGE_IMPRINT] = "legal_page",
	[PAGE_PRIVACY] = "legal_page",
};

/* LEGAL_PAGES: has no legal text. */
static const enum legal_page legal_page[PAGE_MAX] = {
	[PAGE_PORTAL] = LEGAL_PAGES,	[PAGE_STATUS] = LEGAL_PAGES,
	[PAGE_TERMS] = LEGAL_TERMS,	[PAGE_ACCESS] = LEGAL_ACCESS,
	[PAGE_ERROR] = LEGAL_PAGES,	[PAGE_IMPRINT] = LEGAL_IMPRINT,
	[PAGE_PRIVACY] = LEGAL_PRIVACY,
};

static const char *const placeholder_name[PLACEHOLDER_MAX] = {
	[PLACEHOLDER_LANG] = "lang",
	[PLACEHOLDER_DIR] = "dir",
	[PLACEHOLDER_LANG_NAME] = "lang_name",
	[PLACEHOLDER_STYLE] = "style",
	[PLACEHOLDER_LEGAL] = "legal",
	[PLACEHOLDER_IS_IMPRINT] = "is_imprint",
	[PLACEHOLDER_LEGAL_LANG] = "legal_lang",
	[PLACEHOLDER_OWN_TERMS] = "own_terms",
	[PLACEHOLDER_NETWORK] = "network",
	[PLACEHOLDER_PROVIDER] = "provider",
	[PLACEHOLDER_CONTACT] = "contact",
	[PLACEHOLDER_BARRIER_CONTACT] = "barrier_contact",
	[PLACEHOLDER_ENFORCEMENT] = "enforcement",
	[PLACEHOLDER_LOGO] = "logo",
	[PLACEHOLDER_HERO] = "hero",
	[PLACEHOLDER_WIFI4EU] = "wifi4eu",
	[PLACEHOLDER_WIFI4EU_BANNER] = "wifi4eu_banner",
	[PLACEHOLDER_SUCCESS_URL] = "success_url",
	[PLACEHOLDER_TERMS_URL] = "terms_url",
	[PLACEHOLDER_TERMS_VERSION] = "terms_version",
	[PLACEHOLDER_PATH] = "path",
	[PLACEHOLDER_QUERY] = "query",
	[PLACEHOLDER_CHOSEN] = "chosen",
	[PLACEHOLDER_BY_CLICK] = "by_click",
	[PLACEHOLDER_BY_CODE] = "by_code",
	[PLACEHOLDER_BY_ACCOUNT] = "by_account",
	[PLACEHOLDER_NAME] = "name",
	[PLACEHOLDER_BY_OIDC] = "by_oidc",
	[PLACEHOLDER_ACCOUNT] = "account",
	[PLACEHOLDER_CHOICE] = "choice",
	[PLACEHOLDER_CODE] = "code",
	[PLACEHOLDER_DURATION] = "duration",
	[PLACEHOLDER_QUOTA] = "quota",
	[PLACEHOLDER_SPEED] = "speed",
	[PLACEHOLDER_SPEED_UP] = "speed_up",
	[PLACEHOLDER_HAS_SPEEDS] = "has_speeds",
	[PLACEHOLDER_IS_FOR_VIDEO] = "is_for_video",
	[PLACEHOLDER_IS_FOR_MUSIC] = "is_for_music",
	[PLACEHOLDER_SLOW_SPEED] = "slow_speed",
	[PLACEHOLDER_NOTICE] = "notice",
	[PLACEHOLDER_TONE] = "tone",
	[PLACEHOLDER_CODE_ERROR] = "code_error",
	[PLACEHOLDER_ACCOUNT_ERROR] = "account_error",
	[PLACEHOLDER_TIME_LEFT] = "time_left",
	[PLACEHOLDER_TIME_SHARE] = "time_share",
	[PLACEHOLDER_USED] = "used",
	[PLACEHOLDER_DATA_LEFT] = "data_left",
	[PLACEHOLDER_DATA_SHARE] = "data_share",
	[PLACEHOLDER_REDUCED] = "reduced",
	[PLACEHOLDER_CAN_EXTEND] = "can_extend",
	[PLACEHOLDER_REFRESH_FIRST] = "refresh_first",
	[PLACEHOLDER_CAN_REPLACE] = "can_replace",
	[PLACEHOLDER_OFFLINE] = "offline",
	[PLACEHOLDER_CLOSED] = "closed",
	[PLACEHOLDER_OPENS] = "opens",
	[PLACEHOLDER_CLOSES] = "closes",
	[PLACEHOLDER_DAILY] = "daily",
	[PLACEHOLDER_TERMS_CHANGED] = "terms_changed",
	[PLACEHOLDER_ERROR_TITLE] = "error_title",
	[PLACEHOLDER_ERROR_TEXT] = "error_text",
	[PLACEHOLDER_CAN_RETRY] = "can_retry",
	[PLACEHOLDER_HAS_TILES] = "has_tiles",
	[PLACEHOLDER_ASKS_WHO] = "asks_who",
	[PLACEHOLDER_ROAMS] = "roams",
	[PLACEHOLDER_IS_LIVE] = "is_live",
	[PLACEHOLDER_ITEM_CODE] = "item_code",
	[PLACEHOLDER_ITEM_NAME] = "item_name",
	[PLACEHOLDER_ITEM_DIR] = "item_dir",
	[PLACEHOLDER_ITEM_CURRENT] = "item_current",
	[PLACEHOLDER_ITEM_LINK] = "item_link",
	[PLACEHOLDER_ITEM_TITLE] = "item_title",
	[PLACEHOLDER_ITEM_TEXT] = "item_text",
	[PLACEHOLDER_ITEM_ICON] = "item_icon",
	[PLACEHOLDER_ITEM_LIVE] = "item_live",
	[PLACEHOLDER_ITEM_AGE] = "item_age",
};

/* Texts that no template names, but the program. */
static const char *const texts_of_code[] = {
	"language_name", "direction", "plural",	   "decimal_sign", "digits",
	"duration_two",	 "unit_b",    "unit_kb",   "unit_mb",	   "unit_gb",
	"unit_tb",	 "unit_bps",  "unit_kbps", "unit_mbps",	   "unit_gbps",
	"sunday",	 "monday",    "tuesday",   "wednesday",	   "thursday",
	"friday",	 "saturday",  "moment",	   "date",	   "live_age",
};

static const struct {
	const char *key;
	const char *tone;      /* NULL: neutral */
	enum page_field field; /* that will not do */
} notices[PAGE_NOTICES] = {
	[PAGE_NOTICE_TERMS] = { "notice_terms", NULL, PAGE_FIELD_NONE },
	[PAGE_NOTICE_TERMS_CHANGED] = { "notice_terms_changed", NULL,
					PAGE_FIELD_NONE },
	[PAGE_NOTICE_LOGGED_OUT] = { "notice_logged_out", GOOD,
				     PAGE_FIELD_NONE },
	[PAGE_NOTICE_EXTENDED] = { "notice_extended", GOOD, PAGE_FIELD_NONE },
	[PAGE_NOTICE_OFFLINE] = { "notice_offline", NULL, PAGE_FIELD_NONE },
	[PAGE_NOTICE_CLOSED] = { "notice_closed", NULL, PAGE_FIELD_NONE },
	[PAGE_NOTICE_TODAY] = { "notice_today", NULL, PAGE_FIELD_NONE },
	[PAGE_NOTICE_CODE_MISSING] = { "notice_code_missing", BAD,
				       PAGE_FIELD_CODE },
	[PAGE_NOTICE_CODE_TYPO] = { "notice_code_typo", BAD, PAGE_FIELD_CODE },
	[PAGE_NOTICE_CODE_UNKNOWN] = { "notice_code_unknown", BAD,
				       PAGE_FIELD_CODE },
	[PAGE_NOTICE_CODE_EXPIRED] = { "notice_code_expired", BAD,
				       PAGE_FIELD_CODE },
	[PAGE_NOTICE_CODE_USED_UP] = { "notice_code_used_up", BAD,
				       PAGE_FIELD_CODE },
	[PAGE_NOTICE_CODE_REVOKED] = { "notice_code_revoked", BAD,
				       PAGE_FIELD_CODE },
	[PAGE_NOTICE_CODE_DEVICES] = { "notice_code_devices", BAD,
				       PAGE_FIELD_CODE },
	[PAGE_NOTICE_CODE_WAIT] = { "notice_code_wait", BAD, PAGE_FIELD_NONE },
	[PAGE_NOTICE_CODE_PLACE] = { "notice_code_place", BAD,
				     PAGE_FIELD_CODE },
	[PAGE_NOTICE_CODE_UNAVAILABLE] = { "notice_code_unavailable", NULL,
					   PAGE_FIELD_NONE },
	[PAGE_NOTICE_ACCOUNT_UNAVAILABLE] = { "notice_account_unavailable",
					      NULL, PAGE_FIELD_NONE },
	[PAGE_NOTICE_ACCOUNT_MISSING] = { "notice_account_missing", BAD,
					  PAGE_FIELD_ACCOUNT },
	[PAGE_NOTICE_ACCOUNT_REFUSED] = { "notice_account_refused", BAD,
					  PAGE_FIELD_ACCOUNT },
	[PAGE_NOTICE_ACCOUNT_FAILED] = { "notice_account_failed", BAD,
					 PAGE_FIELD_NONE },
	[PAGE_NOTICE_ACCOUNT_OTHER] = { "notice_account_other", BAD,
					PAGE_FIELD_NONE },
};

static const struct {
	const char *title, *text;
} problem_key[PAGE_PROBLEMS] = {
	[PAGE_PROBLEM_BAD] = { "error_bad_title", "error_bad_text" },
	[PAGE_PROBLEM_FOREIGN] = { "error_foreign_title",
				   "error_foreign_text" },
	[PAGE_PROBLEM_MISSING] = { "error_missing_title",
				   "error_missing_text" },
	[PAGE_PROBLEM_LATE] = { "error_late_title", "error_late_text" },
	[PAGE_PROBLEM_BUSY] = { "error_busy_title", "error_busy_text" },
	[PAGE_PROBLEM_FULL] = { "error_full_title", "error_full_text" },
	[PAGE_PROBLEM_UNKNOWN] = { "error_unknown_title",
				   "error_unknown_text" },
	[PAGE_PROBLEM_LOGIN] = { "error_login_title", "error_login_text" },
};

/* Of these there is one for each plural form. */
static const char *const nouns[] = { "days", "hours", "minutes" };

/* --- names -------------------------------------------------------------- */

static int find_placeholder(const char *name, void *arg)
{
	(void)arg;
	for (int h = 0; h < PLACEHOLDER_MAX; h++)
		if (!strcmp(placeholder_name[h], name))
			return h;
	return -1;
}

static int find_list(const char *name, void *arg)
{
	(void)arg;
	if (!strcmp(name, "languages"))
		return LIST_LANGUAGES;
	return strcmp(name, "tiles") ? -1 : LIST_TILES;
}

/* A text within a list within a list would take ages. */
static int find_no_list(const char *name, void *arg)
{
	(void)name;
	(void)arg;
	return -1;
}

static int find_word(const struct page_set *set, const char *name)
{
	for (size_t i = 0; i < set->words; i++)
		if (!strcmp(set->word_name[i], name))
			return (int)i;
	return -1;
}

static int take_word(const char *name, void *arg)
{
	struct page_set *set = arg;
	int found = find_word(set, name);

	if (found >= 0 || set->words == WORDS_MAX)
		return found;
	snprintf(set->word_name[set->words], TEMPLATE_NAME_MAX, "%s", name);
	return (int)set->words++;
}

/* Within texts there are placeholders, but no further texts. */
static struct template_names names_in_texts(const struct lang *l)
{
	const char *direction = lang_find(l, "direction");

	return (struct template_names){
		.placeholder = find_placeholder,
		.list = find_no_list,
		.isolates = direction && !strcmp(direction, "rtl"),
	};
}

/* --- languages ---------------------------------------------------------- */

struct missing {
	const struct lang *lang;
	char keys[PAGE_ERROR_MAX - 256];
};

static void require_text(struct missing *m, const char *key)
{
	size_t len = strlen(m->keys);

	if (!lang_find(m->lang, key))
		snprintf(m->keys + len, sizeof(m->keys) - len, " %s", key);
}

static void require_plurals(struct missing *m, const char *noun)
{
	char key[TEMPLATE_NAME_MAX];

	for (int f = 0; f < PLURAL_FORMS; f++) {
		if (!plural_has(m->lang->plural, (enum plural_form)f))
			continue;
		snprintf(key, sizeof(key), "%s_%s", noun,
			 plural_form_to_string((enum plural_form)f));
		require_text(m, key);
	}
}

static bool is_complete(const struct page_set *set, const struct lang *l,
			char *error)
{
	struct missing m = { .lang = l };

	for (size_t i = 0; i < set->words; i++)
		require_text(&m, set->word_name[i]);
	for (size_t i = 0; i < ARRAY_SIZE(texts_of_code); i++)
		require_text(&m, texts_of_code[i]);
	for (int i = PAGE_NOTICE_NONE + 1; i < PAGE_NOTICES; i++)
		require_text(&m, notices[i].key);
	for (int i = 0; i < PAGE_PROBLEMS; i++) {
		require_text(&m, problem_key[i].title);
		require_text(&m, problem_key[i].text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(nouns); i++)
		require_plurals(&m, nouns[i]);
	if (!m.keys[0])
		return true;
	snprintf(error, PAGE_ERROR_MAX, "%.200s/lang/%s.json: missing:%s",
		 set->settings->portal.pages, l->code, m.keys);
	return false;
}

static bool make_word(struct page_set *set, size_t lang, const char *text,
		      struct template_word *word, char why[TEMPLATE_ERROR_MAX])
{
	struct template_names names =
		names_in_texts(&set->languages->lang[lang]);
	struct template *texts = &set->language[lang].texts;

	word->template = texts;
	return template_add_text(texts, &names, text, &word->part, why);
}

static bool make_words(struct page_set *set, size_t index, char *error)
{
	const struct lang *l = &set->languages->lang[index];
	char why[TEMPLATE_ERROR_MAX];

	for (size_t i = 0; i < set->words; i++) {
		if (make_word(set, index, lang_find(l, set->word_name[i]),
			      &set->language[index].word[i], why))
			continue;
		snprintf(error, PAGE_ERROR_MAX, "%.200s/lang/%s.json: %s: %s",
			 set->settings->portal.pages, l->code,
			 set->word_name[i], why);
		return false;
	}
	return true;
}

/* --- texts of the config ------------------------------------------------ */

/* The words of the zone, which may differ from now on. */
static struct template_word *own_words(struct page_language *pl, size_t zone)
{
	if (pl->own[zone])
		return pl->own[zone];
	pl->own[zone] = malloc(sizeof(pl->word));
	if (pl->own[zone])
		memcpy(pl->own[zone], pl->word, sizeof(pl->word));
	return pl->own[zone];
}

static bool put_text(struct page_set *set, const struct text_settings *t,
		     const struct template_word *word, size_t index)
{
	struct page_language *pl = &set->language[index];
	int id = find_word(set, t->key);

	for (size_t z = 0; z < set->settings->zones; z++) {
		struct template_word *own;

		if (!settings_is_for_zone(&t->zone,
					  set->settings->zone[z].name))
			continue;
		own = own_words(pl, z);
		if (!own)
			return false;
		own[id] = *word;
	}
	return true;
}

static bool take_translation(struct page_set *set,
			     const struct text_settings *t,
			     const char *translation, char *error)
{
	char code[LANG_CODE_MAX] = "";
	char why[TEMPLATE_ERROR_MAX];
	struct template_word word;
	size_t index;

	snprintf(code, sizeof(code), "%.*s", (int)strcspn(translation, "="),
		 translation);
	index = lang_index(set->languages, code);
	if (index == set->languages->count) {
		snprintf(error, PAGE_ERROR_MAX,
			 "config text '%s': there is no language '%s'", t->key,
			 code);
		return false;
	}
	if (find_word(set, t->key) < 0)
		return true; /* page_text() finds it */
	if (!make_word(set, index,
		       settings_text_in(translation, code, strlen(code)), &word,
		       why)) {
		snprintf(error, PAGE_ERROR_MAX, "config text '%s': %s", t->key,
			 why);
		return false;
	}
	return put_text(set, t, &word, index);
}

static bool take_text(struct page_set *set, const struct text_settings *t,
		      char *error)
{
	const struct lang *first = &set->languages->lang[0];

	if (!lang_find(first, t->key)) {
		snprintf(error, PAGE_ERROR_MAX,
			 "config text '%s': no page has such a text; "
			 "%.200s/lang/%s.json names them all",
			 t->key, set->settings->portal.pages, first->code);
		return false;
	}
	for (size_t i = 0; i < t->text.count; i++)
		if (!take_translation(set, t, t->text.value[i], error))
			return false;
	return true;
}

/* --- the set ------------------------------------------------------------ */

static bool make_pages(struct page_set *set, char *error)
{
	char folder[256], why[TEMPLATE_ERROR_MAX];
	struct template_names names = {
		.dir = folder,
		.placeholder = find_placeholder,
		.list = find_list,
		.word = take_word,
		.arg = set,
	};

	snprintf(folder, sizeof(folder), "%.200s/pages",
		 set->settings->portal.pages);
	for (int p = 0; p < PAGE_MAX; p++) {
		if (template_add_file(&set->pages, &names, page_file[p],
				      &set->page[p], why))
			continue;
		snprintf(error, PAGE_ERROR_MAX, "%s", why);
		return false;
	}
	template_shrink(&set->pages);
	return true;
}

static bool make_languages(struct page_set *set, char *error)
{
	char why[LANG_ERROR_MAX] = "out of memory";
	size_t count;

	set->languages = lang_set_read(set->settings->portal.pages, why);
	if (!set->languages) {
		snprintf(error, PAGE_ERROR_MAX, "%s", why);
		return false;
	}
	count = set->languages->count;
	set->language = calloc(count, sizeof(*set->language));
	if (!set->language)
		return false;
	for (size_t i = 0; i < count; i++)
		wifi4eu_build(&set->language[i].wifi4eu, &set->settings->portal,
			      set->languages->lang[i].code);
	for (size_t i = 0; i < count; i++)
		if (!is_complete(set, &set->languages->lang[i], error) ||
		    !make_words(set, i, error))
			return false;
	for (size_t i = 0; i < set->settings->texts; i++)
		if (!take_text(set, &set->settings->text[i], error))
			return false;
	for (size_t i = 0; i < count; i++)
		template_shrink(&set->language[i].texts);
	return true;
}

struct page_set *page_set_read(const struct settings *s,
			       char error[PAGE_ERROR_MAX])
{
	struct page_set *set = calloc(1, sizeof(*set));

	snprintf(error, PAGE_ERROR_MAX, "out of memory");
	if (!set)
		return NULL;
	set->settings = s;
	if (make_pages(set, error) && make_languages(set, error) &&
	    page_style_read(&set->style, &s->portal, error) &&
	    (set->legal = legal_read(s, error)))
		return set;
	page_set_free(set);
	return NULL;
}

void page_set_free(struct page_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; set->language && i < set->languages->count; i++) {
		template_clear(&set->language[i].texts);
		for (size_t z = 0; z < SETTINGS_ZONES; z++)
			free(set->language[i].own[z]);
	}
	free(set->language);
	lang_set_free(set->languages);
	template_clear(&set->pages);
	page_style_clear(&set->style);
	legal_free(set->legal);
	free(set);
}

const struct lang_set *page_languages(const struct page_set *set)
{
	return set->languages;
}

const char *page_style_source(const struct page_set *set)
{
	return set->style.source;
}

const char *page_script_source(const struct page_set *set, enum page_id page,
			       size_t lang)
{
	const char *source = set->language[lang].wifi4eu.source;

	return page == PAGE_PORTAL && *source ? source : NULL;
}

/* --- pages -------------------------------------------------------------- */

const char *page_text(const struct page_set *set, struct page_place place,
		      const char *key)
{
	const struct settings *s = set->settings;
	const struct lang *l = &set->languages->lang[place.lang];

	for (size_t i = 0; i < s->texts; i++) {
		const struct text_settings *t = &s->text[i];

		if (strcmp(t->key, key) ||
		    !settings_is_for_zone(&t->zone, s->zone[place.zone].name))
			continue;
		for (size_t n = 0; n < t->text.count; n++) {
			const char *text = settings_text_in(
				t->text.value[n], l->code, strlen(l->code));

			if (text)
				return text;
		}
	}
	return lang_find(l, key);
}

const char *page_notice(const struct page_set *set, struct page_place place,
			enum page_notice notice)
{
	return page_text(set, place, notices[notice].key);
}

const char *page_notice_tone(enum page_notice notice)
{
	return notices[notice].tone;
}

enum page_field page_notice_field(enum page_notice notice)
{
	return notices[notice].field;
}

const char *page_problem_title(const struct page_set *set,
			       struct page_place place,
			       enum page_problem problem)
{
	return page_text(set, place, problem_key[problem].title);
}

const char *page_problem_text(const struct page_set *set,
			      struct page_place place,
			      enum page_problem problem)
{
	return page_text(set, place, problem_key[problem].text);
}

struct rendering {
	const struct page_set *set;
	size_t lang;
	struct page_values *values;
};

static bool fill_language(const struct rendering *r, size_t i)
{
	const struct lang_set *languages = r->set->languages;
	const char **value = r->values->value;
	const struct lang *l;

	if (i == languages->count)
		return false;
	l = &languages->lang[i];
	value[PLACEHOLDER_ITEM_CODE] = l->code;
	value[PLACEHOLDER_ITEM_NAME] = lang_find(l, "language_name");
	value[PLACEHOLDER_ITEM_CURRENT] = i == r->lang ? "1" : NULL;
	return true;
}

static bool fill_item(int list, size_t i, void *arg)
{
	struct rendering *r = arg;
	struct page_values *v = r->values;

	if (list == LIST_LANGUAGES)
		return fill_language(r, i);
	return v->tile && v->tile(i, v, v->arg);
}

size_t page_bytes_max(enum page_id page)
{
	return legal_page[page] == LEGAL_PAGES ? PAGE_BYTES_MAX
					       : PAGE_LEGAL_BYTES_MAX;
}

static void fill_legal(const struct page_set *set, enum page_id page,
		       const char *language, const char *value[],
		       char in[SETTINGS_LANGUAGE_MAX])
{
	value[PLACEHOLDER_LEGAL] = NULL;
	if (legal_page[page] != LEGAL_PAGES)
		value[PLACEHOLDER_LEGAL] =
			legal_text(set->legal, legal_page[page], language, in);
	value[PLACEHOLDER_LEGAL_LANG] = in;
	value[PLACEHOLDER_IS_IMPRINT] = page == PAGE_IMPRINT ? "1" : NULL;
	if (set->settings->legal.terms_file.count)
		value[PLACEHOLDER_OWN_TERMS] = "1";
}

void page_render(const struct page_set *set, enum page_id page,
		 struct page_place place, struct page_values *values,
		 struct strbuf *out)
{
	char legal_lang[SETTINGS_LANGUAGE_MAX];
	const struct page_language *pl = &set->language[place.lang];
	const struct lang *l = &set->languages->lang[place.lang];
	struct rendering r = { set, place.lang, values };
	struct template_context context = {
		.value = values->value,
		.word = pl->own[place.zone] ? pl->own[place.zone] : pl->word,
		.item = fill_item,
		.arg = &r,
	};

	values->value[PLACEHOLDER_LANG] = l->code;
	values->value[PLACEHOLDER_DIR] = lang_find(l, "direction");
	values->value[PLACEHOLDER_LANG_NAME] = lang_find(l, "language_name");
	values->value[PLACEHOLDER_STYLE] = set->style.text;
	fill_legal(set, page, l->code, values->value, legal_lang);
	values->value[PLACEHOLDER_WIFI4EU] = pl->wifi4eu.script;
	values->value[PLACEHOLDER_WIFI4EU_BANNER] = pl->wifi4eu.banner;
	template_render(&set->pages, set->page[page], &context, out);
}
