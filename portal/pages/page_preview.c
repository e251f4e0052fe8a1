/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/pages/page_preview.h"

#include <stdio.h>
#include <string.h>

#include "common/array.h"

#define LEFT_S	   (7ULL * 3600 + 23 * 60)
#define USED_BYTES 1234567890ULL
#define ESCAPED_MAX                                                            \
	6 /* bytes of a character, as strbuf_escaped() writes it               \
	   */

/* --- made-up figures ---------------------------------------------------- */

static struct ipc_session session_in(const struct zone_settings *z)
{
	struct ipc_session s = {
		.state = SESSION_GRANTED,
		.left_s = IPC_UNLIMITED,
		.down_bytes = USED_BYTES,
		.limits = z->limits,
		.is_tagged = !settings_zone_offers(z, ZONE_AUTH_CLICK),
	};

	if (z->limits.duration_s)
		s.left_s = z->limits.duration_s < 2 * LEFT_S
				   ? z->limits.duration_s / 2
				   : LEFT_S;
	if (z->limits.quota_bytes && z->limits.quota_bytes < 2 * USED_BYTES)
		s.down_bytes = z->limits.quota_bytes / 2;
	return s;
}

static bool sample_live(size_t tile, struct live_value *out, void *arg)
{
	(void)tile;
	(void)arg;
	*out = (struct live_value){ .text = "123",
				    .age_s = 50 * 60,
				    .is_stale = true };
	return true;
}

/* A Monday at seven and a week away, so that the date is told, too. */
#define HOURS_CHANGE_S	  1798441200
#define HOURS_CHANGE_IN_S (7 * 86400)

static void fill_portal(struct page_context *s, int with)
{
	const struct page_hours hours = {
		.change_s = HOURS_CHANGE_S,
		.change_in_s = HOURS_CHANGE_IN_S,
		.is_closed = with == PAGE_NOTICE_CLOSED,
		.is_used_up = with == PAGE_NOTICE_TODAY,
	};
	const struct page_hours none = { .is_used_up = hours.is_used_up };

	page_context_fill_zone(s, s->zone->open.count ? &hours : &none);
	page_context_set_notice(s, (enum page_notice)with);
}

static void fill_closing(struct page_context *s, int with)
{
	struct ipc_session session = session_in(s->zone);

	(void)with;
	session.left_s = session.change_in_s = 20 * 60;
	session.change_s = HOURS_CHANGE_S;
	page_context_fill_session(s, &session);
}

static void fill_status(struct page_context *s, int with)
{
	struct ipc_session session = session_in(s->zone);

	page_context_fill_session(s, &session);
	page_context_set_notice(s, (enum page_notice)with);
}

static void fill_slower(struct page_context *s, int with)
{
	struct ipc_session session = session_in(s->zone);

	(void)with;
	session.reduced = 1;
	session.down_bytes = session.limits.quota_bytes;
	page_context_fill_session(s, &session);
}

static void fill_offline(struct page_context *s, int with)
{
	struct ipc_session session = session_in(s->zone);

	(void)with;
	session.outlet = IPC_OUTLET_DOWN;
	page_context_fill_session(s, &session);
}

static void fill_new_terms(struct page_context *s, int with)
{
	struct ipc_session session = session_in(s->zone);

	(void)with;
	session.terms = IPC_TERMS_MAX;
	if (s->source->settings->portal.terms_version == IPC_TERMS_MAX)
		session.terms--;
	page_context_fill_session(s, &session);
}

static void fill_problem(struct page_context *s, int with)
{
	page_context_set_problem(s, (enum page_problem)with);
}

static void fill_nothing(struct page_context *s, int with)
{
	(void)s;
	(void)with;
}

static bool has_clicks(const struct zone_settings *z)
{
	return settings_zone_offers(z, ZONE_AUTH_CLICK);
}

static bool has_codes(const struct zone_settings *z)
{
	return settings_zone_offers(z, ZONE_AUTH_VOUCHER);
}

static bool has_accounts(const struct zone_settings *z)
{
	return settings_zone_offers(z, ZONE_AUTH_RADIUS);
}

static bool has_hours(const struct zone_settings *z)
{
	return z->open.count != 0;
}

static bool has_days(const struct zone_settings *z)
{
	return has_clicks(z) && (z->daily_s || z->daily_bytes);
}

static bool may_slow_down(const struct zone_settings *z)
{
	return z->limits.quota_bytes && z->over_quota == OVER_QUOTA_SLOW;
}

/* --- the table ---------------------------------------------------------- */

static const struct page_preview fixtures[] = {
	{ "portal", PAGE_PORTAL, "/", fill_portal, 0, NULL },
	{ "portal-logged-out", PAGE_PORTAL, "/goodbye", fill_portal,
	  PAGE_NOTICE_LOGGED_OUT, NULL },
	{ "portal-offline", PAGE_PORTAL, "/", fill_portal, PAGE_NOTICE_OFFLINE,
	  NULL },
	{ "portal-closed", PAGE_PORTAL, "/", fill_portal, PAGE_NOTICE_CLOSED,
	  has_hours },
	{ "portal-used-up", PAGE_PORTAL, "/", fill_portal, PAGE_NOTICE_TODAY,
	  has_days },
	{ "portal-code-wrong", PAGE_PORTAL, "/", fill_portal,
	  PAGE_NOTICE_CODE_TYPO, has_codes },
	{ "portal-code-in-use", PAGE_PORTAL, "/", fill_portal,
	  PAGE_NOTICE_CODE_DEVICES, has_codes },
	{ "portal-account-wrong", PAGE_PORTAL, "/", fill_portal,
	  PAGE_NOTICE_ACCOUNT_REFUSED, has_accounts },
	{ "status", PAGE_STATUS, "/status", fill_status, 0, NULL },
	{ "status-extended", PAGE_STATUS, "/extended", fill_status,
	  PAGE_NOTICE_EXTENDED, has_clicks },
	{ "status-offline", PAGE_STATUS, "/status", fill_offline, 0, NULL },
	{ "status-closing", PAGE_STATUS, "/status", fill_closing, 0,
	  has_hours },
	{ "status-slower", PAGE_STATUS, "/status", fill_slower, 0,
	  may_slow_down },
	{ "status-new-rules", PAGE_STATUS, "/status", fill_new_terms, 0,
	  has_clicks },
	{ "rules", PAGE_TERMS, "/terms", fill_nothing, 0, NULL },
	{ "accessibility", PAGE_ACCESS, "/accessibility", fill_nothing, 0,
	  NULL },
	{ "legal-notice", PAGE_IMPRINT, "/legal-notice", fill_nothing, 0,
	  NULL },
	{ "privacy", PAGE_PRIVACY, "/privacy", fill_nothing, 0, NULL },
	{ "error-busy", PAGE_ERROR, "/", fill_problem, PAGE_PROBLEM_BUSY,
	  NULL },
	{ "error-full", PAGE_ERROR, "/", fill_problem, PAGE_PROBLEM_FULL,
	  NULL },
	{ "error-unknown", PAGE_ERROR, "/", fill_problem, PAGE_PROBLEM_UNKNOWN,
	  NULL },
	{ "error-missing", PAGE_ERROR, "/", fill_problem, PAGE_PROBLEM_MISSING,
	  NULL },
	{ "error-login", PAGE_ERROR, "/", fill_problem, PAGE_PROBLEM_LOGIN,
	  NULL },
	{ "error-bad", PAGE_ERROR, "/", fill_problem, PAGE_PROBLEM_BAD, NULL },
	{ "error-foreign", PAGE_ERROR, "/", fill_problem, PAGE_PROBLEM_FOREIGN,
	  NULL },
	{ "error-late", PAGE_ERROR, "/", fill_problem, PAGE_PROBLEM_LATE,
	  NULL },
};

const struct page_preview *page_preview_at(size_t i)
{
	return i < ARRAY_SIZE(fixtures) ? &fixtures[i] : NULL;
}

void page_preview_render(const struct page_preview *fixture,
			 const struct page_context_source *source,
			 struct page_place place, struct strbuf *out)
{
	struct page_context_source made_up = *source;
	struct page_context s;

	if (!made_up.live)
		made_up.live = sample_live;
	page_context_init(&s, &made_up, place, fixture->path, true);
	fixture->fill(&s, fixture->with);
	page_context_render(&s, fixture->page, out);
}

/* --- the check ---------------------------------------------------------- */

/* The one that is nearest to its bound, or furthest beyond it. */
struct worst {
	const char *fixture, *zone, *language;
	size_t len, max;
};

static void measure(const struct page_context_source *source,
		    struct page_place place, struct worst *worst)
{
	static char text[2 * PAGE_LEGAL_BYTES_MAX];
	const struct zone_settings *z = &source->settings->zone[place.zone];
	const struct page_preview *fixture;

	for (size_t i = 0; (fixture = page_preview_at(i)); i++) {
		size_t max = page_bytes_max(fixture->page);
		struct strbuf o;

		if (fixture->is_for && !fixture->is_for(z))
			continue;
		strbuf_init(&o, text, sizeof(text));
		page_preview_render(fixture, source, place, &o);
		if (o.is_cut)
			o.len = sizeof(text);
		if (o.len + worst->max > worst->len + max)
			*worst = (struct worst){
				fixture->name,
				z->name,
				page_languages(source->pages)->lang[place.lang].code,
				o.len,
				max,
			};
	}
}

/* As long as a value gets, see live_value.h. */
static bool longest_live(size_t tile, struct live_value *out, void *arg)
{
	sample_live(tile, out, arg);
	memset(out->text, '8', LIVE_TEXT_MAX - 1);
	out->text[LIVE_TEXT_MAX - 1] = '\0';
	return true;
}

bool page_preview_check(const struct page_context_source *source,
			size_t logo_len, char error[PAGE_ERROR_MAX])
{
	struct page_context_source made_up = *source;
	struct worst worst = { .max = PAGE_LEGAL_BYTES_MAX };
	struct page_place at;

	made_up.live = longest_live;
	for (at.zone = 0; at.zone < source->settings->zones; at.zone++)
		for (at.lang = 0;
		     at.lang < page_languages(source->pages)->count; at.lang++)
			measure(&made_up, at, &worst);
	worst.len += ESCAPED_MAX * (PAGE_PREVIEW_TYPED_MAX - 1);
	if (worst.len + logo_len <= worst.max)
		return true;
	snprintf(error, PAGE_ERROR_MAX,
		 "page %s of zone %s in %s takes %zu bytes with the logo, %zu "
		 "too many: shorten texts, tiles or the logo",
		 worst.fixture, worst.zone, worst.language,
		 worst.len + logo_len, worst.len + logo_len - worst.max);
	return false;
}
