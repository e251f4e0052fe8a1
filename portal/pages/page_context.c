/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/pages/page_context.h"

#include <stdio.h>
#include <string.h>

#include "portal/pages/icon.h"

#define MINUTE	  60
#define VIDEO_BPS 5000000 /* a stream in HD */
#define MUSIC_BPS 1000000
#define VALUE	  "{}" /* in the text of a tile with a live value */

static bool has_value(const struct page_context *s, enum page_placeholder p)
{
	return s->values.value[p] && *s->values.value[p];
}

/* Which forms there are; where there is a choice, each has a heading. */
static void fill_ways(struct page_context *s)
{
	static const enum page_placeholder by[ZONE_AUTH_MAX] = {
		[ZONE_AUTH_CLICK] = PLACEHOLDER_BY_CLICK,
		[ZONE_AUTH_VOUCHER] = PLACEHOLDER_BY_CODE,
		[ZONE_AUTH_RADIUS] = PLACEHOLDER_BY_ACCOUNT,
		[ZONE_AUTH_OIDC] = PLACEHOLDER_BY_OIDC,
	};

	for (int a = 0; a < ZONE_AUTH_MAX; a++)
		if (settings_zone_offers(s->zone, (enum zone_auth)a))
			s->values.value[by[a]] = "1";
	if (settings_zone_offers(s->zone, ZONE_AUTH_OIDC))
		s->values.value[PLACEHOLDER_ACCOUNT] =
			s->source->settings->oidc.account;
	if (settings_zone_offers(s->zone, ZONE_AUTH_RADIUS) ||
	    settings_zone_offers(s->zone, ZONE_AUTH_OIDC))
		s->values.value[PLACEHOLDER_ASKS_WHO] = "1";
	if (s->source->is_in_city && settings_zone_roams(s->zone))
		s->values.value[PLACEHOLDER_ROAMS] = "1";
	if (settings_zone_has_choice(s->zone))
		s->values.value[PLACEHOLDER_CHOICE] = "1";
}

static char *next_figure(struct page_context *s)
{
	return s->figure[s->figures++];
}

static void fill_config(struct page_context *s)
{
	const struct portal_settings *p = &s->source->settings->portal;
	const char **value = s->values.value;

	value[PLACEHOLDER_NETWORK] = p->network;
	value[PLACEHOLDER_PROVIDER] = p->provider;
	value[PLACEHOLDER_CONTACT] = p->contact;
	value[PLACEHOLDER_BARRIER_CONTACT] =
		*p->barrier_contact ? p->barrier_contact : p->contact;
	value[PLACEHOLDER_ENFORCEMENT] = p->enforcement;
	value[PLACEHOLDER_SUCCESS_URL] = p->success_url;
	value[PLACEHOLDER_TERMS_URL] = p->terms_url;
	value[PLACEHOLDER_LOGO] = s->source->logo;
	value[PLACEHOLDER_HERO] = s->source->hero;
	snprintf(s->terms_version, sizeof(s->terms_version), "%u",
		 (unsigned int)p->terms_version);
	value[PLACEHOLDER_TERMS_VERSION] = s->terms_version;
}

/* --- tiles -------------------------------------------------------------- */

/* The tile that is the i-th of the zone; NULL: it has fewer. */
static const struct tile_settings *tile_of_zone(const struct page_context *s,
						size_t i)
{
	const struct settings *all = s->source->settings;

	for (size_t t = 0; t < all->tiles; t++)
		if (settings_is_for_zone(&all->tile[t].zone, s->zone->name) &&
		    !i--)
			return &all->tile[t];
	return NULL;
}

static bool is_number(const char *text)
{
	return *text && !text[strspn(text, "-.0123456789")];
}

/* In the language of the tile's title, so that no tile is in two; or NULL. */
static const char *tile_text(const struct page_context *s,
			     const struct conf_list *texts)
{
	char code[SETTINGS_LANGUAGE_MAX];
	const char *text = settings_translation(texts, s->tile_lang, code);

	return text && !strcmp(code, s->tile_lang) ? text : NULL;
}

static struct page_place tile_place(const struct page_context *s)
{
	size_t lang =
		lang_index(page_languages(s->source->pages), s->tile_lang);
	struct page_place place = s->place;

	if (lang < page_languages(s->source->pages)->count)
		place.lang = lang;
	return place;
}

static const struct lang *tile_language(const struct page_context *s)
{
	return &page_languages(s->source->pages)->lang[tile_place(s).lang];
}

static void put_live(struct page_context *s, const char *phrase,
		     const char *value)
{
	const char *placeholder = strstr(phrase, VALUE);
	char number[NUMBER_FORMAT_MAX];

	if (is_number(value))
		value = number_format_number(number, value, tile_language(s));
	if (placeholder)
		snprintf(s->live, sizeof(s->live), "%.*s%.40s%s",
			 (int)(placeholder - phrase), phrase, value,
			 placeholder + strlen(VALUE));
	else
		snprintf(s->live, sizeof(s->live), "%s", phrase);
	s->values.value[PLACEHOLDER_ITEM_LIVE] = s->live;
}

static void put_age(struct page_context *s, uint64_t age_s)
{
	s->values.value[PLACEHOLDER_ITEM_AGE] = number_format_age(
		s->age, age_s,
		page_text(s->source->pages, tile_place(s), "live_age"),
		tile_language(s));
}

static void fill_live(struct page_context *s, const struct tile_settings *t)
{
	const struct page_context_source *source = s->source;
	const char *phrase = tile_text(s, &t->live_text);
	struct live_value v;

	s->values.value[PLACEHOLDER_ITEM_LIVE] = NULL;
	s->values.value[PLACEHOLDER_ITEM_AGE] = NULL;
	if (!phrase || !*t->live_url || !source->live ||
	    !source->live((size_t)(t - source->settings->tile), &v,
			  source->arg))
		return;
	put_live(s, phrase, v.text);
	if (v.is_stale)
		put_age(s, v.age_s);
}

static bool fill_tile(size_t i, struct page_values *v, void *arg)
{
	struct page_context *s = arg;
	const struct tile_settings *t = tile_of_zone(s, i);

	if (!t)
		return false;
	v->value[PLACEHOLDER_ITEM_LINK] = t->link;
	v->value[PLACEHOLDER_ITEM_TITLE] =
		settings_translation(&t->title, s->lang->code, s->tile_lang);
	v->value[PLACEHOLDER_ITEM_TEXT] = tile_text(s, &t->text);
	/* whoever reads it out must know */
	v->value[PLACEHOLDER_ITEM_CODE] =
		strcmp(s->tile_lang, s->lang->code) ? s->tile_lang : NULL;
	v->value[PLACEHOLDER_ITEM_DIR] =
		lang_find(tile_language(s), "direction");
	v->value[PLACEHOLDER_ITEM_ICON] = icon_path(t->icon);
	fill_live(s, t);
	return true;
}

/* --- the context -------------------------------------------------------- */

void page_context_init(struct page_context *s,
		       const struct page_context_source *source,
		       struct page_place place, const char *path, bool chosen)
{
	const char **value = s->values.value;

	memset(s, 0, sizeof(*s));
	s->source = source;
	s->place = place;
	s->lang = &page_languages(source->pages)->lang[place.lang];
	s->zone = &source->settings->zone[place.zone];
	s->values.tile = fill_tile;
	s->values.arg = s;
	fill_config(s);
	value[PLACEHOLDER_PATH] = path;
	fill_ways(s);
	if (tile_of_zone(s, 0))
		value[PLACEHOLDER_HAS_TILES] = "1";
	if (source->settings->admin.enabled && source->settings->admin.live)
		value[PLACEHOLDER_IS_LIVE] = "1";
	if (chosen) {
		value[PLACEHOLDER_CHOSEN] = s->lang->code;
		snprintf(s->query, sizeof(s->query), "?lang=%s", s->lang->code);
		value[PLACEHOLDER_QUERY] = s->query;
	}
}

static bool is_bound(uint64_t limit)
{
	return limit && limit != IPC_UNLIMITED;
}

static void fill_rate(struct page_context *s, enum page_placeholder placeholder,
		      uint64_t bps)
{
	if (is_bound(bps))
		s->values.value[placeholder] =
			number_format_rate(next_figure(s), bps, s->lang);
}

static void fill_rates(struct page_context *s, uint64_t down_bps,
		       uint64_t up_bps)
{
	const char **value = s->values.value;

	fill_rate(s, PLACEHOLDER_SPEED, down_bps);
	fill_rate(s, PLACEHOLDER_SPEED_UP, up_bps);
	if (value[PLACEHOLDER_SPEED] || value[PLACEHOLDER_SPEED_UP])
		value[PLACEHOLDER_HAS_SPEEDS] = "1";
	if (!is_bound(down_bps))
		return;
	if (down_bps >= VIDEO_BPS)
		value[PLACEHOLDER_IS_FOR_VIDEO] = "1";
	if (down_bps >= MUSIC_BPS)
		value[PLACEHOLDER_IS_FOR_MUSIC] = "1";
}

/* Of a whole, in percent; a rest is one at least. */
static void fill_share(struct page_context *s,
		       enum page_placeholder placeholder, uint64_t left,
		       uint64_t whole)
{
	uint64_t percent = (uint64_t)(100.0 * (double)left / (double)whole);

	if (!percent && left)
		percent = 1;
	snprintf(next_figure(s), NUMBER_FORMAT_MAX, "%u",
		 (unsigned int)(percent < 100 ? percent : 100));
	s->values.value[placeholder] = s->figure[s->figures - 1];
}

struct page_hours page_hours_of(const struct ipc_session *session)
{
	return (struct page_hours){ session->change_s, session->change_in_s,
				    session->is_closed == IPC_CLOSED_ZONE,
				    session->is_closed == IPC_CLOSED_TODAY };
}

/* false: it closes later than that, or never. */
static bool closes_within(const struct page_hours *h, uint64_t seconds)
{
	return !h->is_closed && h->change_s && h->change_in_s <= seconds;
}

/* seconds: what a session has ahead of it. */
static void fill_hours(struct page_context *s, const struct page_hours *h,
		       uint64_t seconds)
{
	bool tells = h->is_closed ? h->change_s : closes_within(h, seconds);

	if (h->is_closed)
		s->values.value[PLACEHOLDER_CLOSED] = "1";
	if (tells)
		s->values.value[h->is_closed ? PLACEHOLDER_OPENS
					     : PLACEHOLDER_CLOSES] =
			number_format_moment(next_figure(s), h->change_s,
					     h->change_in_s, s->lang);
}

/* "2 hours · 500 MB" */
static void fill_daily(struct page_context *s)
{
	const struct zone_settings *z = s->zone;
	const char *time = "", *data = "";

	if (!z->daily_s && !z->daily_bytes)
		return;
	if (z->daily_s)
		time = number_format_duration(next_figure(s), z->daily_s,
					      s->lang);
	if (z->daily_bytes)
		data = number_format_bytes(next_figure(s), z->daily_bytes,
					   s->lang);
	snprintf(s->daily, sizeof(s->daily), "%s%s%s", time,
		 *time && *data ? " · " : "", data);
	s->values.value[PLACEHOLDER_DAILY] = s->daily;
}

/* Others ways in are left, or none. */
static void hide_clicks(struct page_context *s)
{
	s->values.value[PLACEHOLDER_BY_CLICK] = NULL;
	if (!settings_zone_has_choice(s->zone))
		s->values.value[PLACEHOLDER_CLOSED] = "1";
}

void page_context_fill_zone(struct page_context *s,
			    const struct page_hours *hours)
{
	const struct zone_settings *z = s->zone;
	const char **value = s->values.value;
	uint64_t duration_s =
		z->limits.duration_s ? z->limits.duration_s : UINT64_MAX;

	fill_hours(s, hours, duration_s);
	if (hours->is_used_up)
		hide_clicks(s);
	if (closes_within(hours, duration_s))
		duration_s = hours->change_in_s;
	if (settings_zone_offers(z, ZONE_AUTH_CLICK))
		fill_daily(s);
	/* how long a code lasts stands on the code */
	if (is_bound(duration_s) && settings_zone_offers(z, ZONE_AUTH_CLICK))
		value[PLACEHOLDER_DURATION] = number_format_duration(
			next_figure(s), duration_s, s->lang);
	if (is_bound(z->limits.quota_bytes))
		value[PLACEHOLDER_QUOTA] = number_format_bytes(
			next_figure(s), z->limits.quota_bytes, s->lang);
	fill_rates(s, z->limits.down_bps, z->limits.up_bps);
	if (z->over_quota == OVER_QUOTA_SLOW)
		fill_rate(s, PLACEHOLDER_SLOW_SPEED, z->slow_bps);
}

static void fill_speeds(struct page_context *s,
			const struct ipc_session *session)
{
	const struct ipc_limits *l = &session->limits;
	uint64_t slow_bps = session->reduced ? s->zone->slow_bps : 0;

	if (slow_bps)
		s->values.value[PLACEHOLDER_REDUCED] = "1";
	fill_rates(s, slow_bps ? slow_bps : l->down_bps,
		   slow_bps ? slow_bps : l->up_bps);
}

static bool has_old_terms(const struct page_context *s,
			  const struct ipc_session *session)
{
	return settings_zone_offers(s->zone, ZONE_AUTH_CLICK) &&
	       session->terms && !session->is_tagged &&
	       session->terms != s->source->settings->portal.terms_version;
}

/* Whether a tap would make a running session longer, by a minute at least. */
static bool can_extend(const struct zone_settings *z,
		       const struct ipc_session *s)
{
	struct page_hours h = page_hours_of(s);

	return settings_zone_offers(z, ZONE_AUTH_CLICK) && !s->is_tagged &&
	       is_bound(s->left_s) &&
	       s->left_s + MINUTE < z->limits.duration_s && !h.is_used_up &&
	       !closes_within(&h, s->left_s + MINUTE);
}

static void fill_time_left(struct page_context *s,
			   const struct ipc_session *session)
{
	struct page_hours hours = page_hours_of(session);
	uint64_t whole_s = s->zone->limits.duration_s;

	if (!is_bound(session->left_s))
		return;
	fill_hours(s, &hours, session->left_s + MINUTE);
	s->values.value[PLACEHOLDER_TIME_LEFT] = number_format_duration(
		next_figure(s), session->left_s, s->lang);
	/* how long a code lasts is not known here */
	if (is_bound(whole_s) && !session->is_tagged &&
	    settings_zone_offers(s->zone, ZONE_AUTH_CLICK))
		fill_share(s, PLACEHOLDER_TIME_SHARE, session->left_s, whole_s);
}

static void fill_data(struct page_context *s, const struct ipc_session *session)
{
	uint64_t used = session->up_bytes + session->down_bytes;
	uint64_t quota = session->limits.quota_bytes;
	uint64_t left = quota > used ? quota - used : 0;

	s->values.value[PLACEHOLDER_USED] =
		number_format_bytes(next_figure(s), used, s->lang);
	if (!is_bound(quota))
		return;
	s->values.value[PLACEHOLDER_DATA_LEFT] =
		number_format_bytes(next_figure(s), left, s->lang);
	fill_share(s, PLACEHOLDER_DATA_SHARE, left, quota);
}

/* One of them is what most people want, and a button in the accent's colour. */
static void fill_actions(struct page_context *s,
			 const struct ipc_session *session)
{
	const char **value = s->values.value;

	if (session->outlet != IPC_OUTLET_OPEN) {
		value[PLACEHOLDER_OFFLINE] = "1";
		value[PLACEHOLDER_SUCCESS_URL] = NULL;
	}
	if (can_extend(s->zone, session))
		value[PLACEHOLDER_CAN_EXTEND] = "1";
	if (has_old_terms(s, session))
		value[PLACEHOLDER_TERMS_CHANGED] = page_notice(
			s->source->pages, s->place, PAGE_NOTICE_TERMS_CHANGED);
	else if (!has_value(s, PLACEHOLDER_SUCCESS_URL) &&
		 !has_value(s, PLACEHOLDER_CAN_EXTEND))
		value[PLACEHOLDER_REFRESH_FIRST] = "1";
}

void page_context_fill_session(struct page_context *s,
			       const struct ipc_session *session)
{
	fill_time_left(s, session);
	fill_data(s, session);
	if (!session->is_tagged && !session->is_account)
		fill_daily(s);
	fill_speeds(s, session);
	fill_actions(s, session);
}

void page_context_set_notice(struct page_context *s, enum page_notice notice)
{
	const char **value = s->values.value;

	if (notice == PAGE_NOTICE_CODE_DEVICES)
		value[PLACEHOLDER_CAN_REPLACE] = "1";
	if (notice == PAGE_NOTICE_OFFLINE)
		value[PLACEHOLDER_OFFLINE] = "1";
	if (page_notice_field(notice) == PAGE_FIELD_CODE)
		value[PLACEHOLDER_CODE_ERROR] = value[PLACEHOLDER_BY_CODE];
	if (page_notice_field(notice) == PAGE_FIELD_ACCOUNT)
		value[PLACEHOLDER_ACCOUNT_ERROR] =
			value[PLACEHOLDER_BY_ACCOUNT];
	value[PLACEHOLDER_TONE] = page_notice_tone(notice);
	if (notice)
		value[PLACEHOLDER_NOTICE] =
			page_notice(s->source->pages, s->place, notice);
}

void page_context_set_problem(struct page_context *s, enum page_problem problem)
{
	const char **value = s->values.value;
	const struct page_set *pages = s->source->pages;

	if (problem == PAGE_PROBLEM_BUSY || problem == PAGE_PROBLEM_FULL ||
	    problem == PAGE_PROBLEM_UNKNOWN)
		value[PLACEHOLDER_CAN_RETRY] = "1";
	value[PLACEHOLDER_ERROR_TITLE] =
		page_problem_title(pages, s->place, problem);
	value[PLACEHOLDER_ERROR_TEXT] =
		page_problem_text(pages, s->place, problem);
}

void page_context_render(struct page_context *s, enum page_id page,
			 struct strbuf *out)
{
	page_render(s->source->pages, page, s->place, &s->values, out);
}
