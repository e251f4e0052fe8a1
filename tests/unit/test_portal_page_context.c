/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which placeholders are set for which zone, session and notice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/array.h"
#include "common/config/settings_read.h"
#include "portal/pages/page_context.h"

#define NBSP	 "\xc2\xa0"
#define MB	 1000000ULL
#define TERMS	 3
#define DAY_S	 86400
#define MONDAY_S 1796076000 /* 2026-11-30 22:00 UTC */
#define FIGURE	 3	    /* of a case */

#define CONFIG                                                                 \
	"config uplink 'wan'\n\toption device 'eth0'\n"                        \
	"config zone 'square'\n\toption device 'eth1'\n"                       \
	"config zone 'library'\n\toption device 'eth2'\n"                      \
	"\toption auth 'voucher'\n"                                            \
	"config portal\n\toption pages '%s/web'\n"                             \
	"\toption network 'Testnet'\n\toption contact 'mail@city.test'\n"      \
	"\toption terms_version '3'\n"                                         \
	"config tile 'parking'\n\toption link 'http://parking.test/'\n"        \
	"\tlist title 'de=Parken'\n\tlist title 'en=Parking'\n"                \
	"\tlist text 'en=Where to park'\n\tlist zone 'square'\n"               \
	"\toption live_url 'http://parking.test/x'\n"                          \
	"\tlist live_text 'de={} frei'\n\tlist live_text 'en={} free'\n"       \
	"config tile 'news'\n\toption link 'http://news.test/'\n"              \
	"\tlist title 'de=Neues'\n\tlist zone 'square'\n"

enum { CLICK_ZONE, CODE_ZONE };

static struct settings *settings;
static struct page_set *pages;
static struct page_context_source source;
static struct zone_settings zones[2]; /* as they were read */
static struct page_context context;

static int start(void **state)
{
	char text[2048], error[PAGE_ERROR_MAX], why[UCI_ERROR_MAX];
	char here[200];

	(void)state;
	setenv("TZ", "UTC0", 1);
	assert_non_null(getcwd(here, sizeof(here)));
	snprintf(text, sizeof(text), CONFIG, here);
	settings = settings_parse("test", text, strlen(text), why);
	if (!settings)
		fail_msg("%s", why);
	pages = page_set_read(settings, error);
	if (!pages)
		fail_msg("%s", error);
	memcpy(zones, settings->zone, sizeof(zones));
	return 0;
}

static int stop(void **state)
{
	(void)state;
	page_set_free(pages);
	settings_free(settings);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	memcpy(settings->zone, zones, sizeof(zones));
	source = (struct page_context_source){ .settings = settings,
					       .pages = pages };
	return 0;
}

static struct page_place place_in(size_t zone, const char *lang)
{
	return (struct page_place){
		.zone = zone, .lang = lang_index(page_languages(pages), lang)
	};
}

static void begin(size_t zone, bool chosen)
{
	page_context_init(&context, &source, place_in(zone, "en"), "/here",
			  chosen);
}

static const char *value(enum page_placeholder p)
{
	return context.values.value[p];
}

static void assert_value(enum page_placeholder p, const char *text)
{
	if (!text)
		assert_null(value(p));
	else if (!value(p) || strcmp(value(p), text))
		fail_msg("placeholder %d is '%s' instead of '%s'", p,
			 value(p) ? value(p) : "(none)", text);
}

typedef unsigned __int128 placeholders; /* one bit each */

static placeholders set_ones(void)
{
	placeholders bits = 0;

	for (int p = 0; p < PLACEHOLDER_MAX; p++)
		if (context.values.value[p] && *context.values.value[p])
			bits |= (placeholders)1 << p;
	return bits;
}

#define BIT(p) ((placeholders)1 << PLACEHOLDER_##p)

static void assert_set(placeholders wanted)
{
	placeholders differ = set_ones() ^ wanted;

	for (int p = 0; p < PLACEHOLDER_MAX; p++)
		if (differ >> p & 1)
			fail_msg("placeholder %d is '%s'", p,
				 value(p) ? value(p) : "(none)");
}

/* --- the beginning ------------------------------------------------------ */

#define ALWAYS                                                                 \
	(BIT(NETWORK) | BIT(CONTACT) | BIT(BARRIER_CONTACT) |                  \
	 BIT(TERMS_VERSION) | BIT(PATH))

static void test_init(void **state)
{
	(void)state;
	begin(CLICK_ZONE, false);
	assert_set(ALWAYS | BIT(BY_CLICK) | BIT(HAS_TILES));
	assert_value(PLACEHOLDER_NETWORK, "Testnet");
	assert_value(PLACEHOLDER_PATH, "/here");
	assert_value(PLACEHOLDER_TERMS_VERSION, "3");
	assert_value(PLACEHOLDER_BARRIER_CONTACT, "mail@city.test");
	assert_string_equal(context.query, "");
	begin(CODE_ZONE, false); /* its tiles are the square's */
	assert_set(ALWAYS | BIT(BY_CODE));
	settings->zone[CODE_ZONE].ways |= 1 << ZONE_AUTH_CLICK;
	begin(CODE_ZONE, false);
	assert_set(ALWAYS | BIT(BY_CLICK) | BIT(BY_CODE) | BIT(CHOICE));
}

/* Whose use others learn of is promised less. */
static void test_who_is_told(void **state)
{
	static const enum zone_auth asking[] = { ZONE_AUTH_RADIUS,
						 ZONE_AUTH_OIDC };
	const uint64_t ways = settings->zone[CLICK_ZONE].ways;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(asking); i++) {
		settings->zone[CLICK_ZONE].ways = ways | 1U << asking[i];
		begin(CLICK_ZONE, false);
		assert_non_null(value(PLACEHOLDER_ASKS_WHO));
		settings->zone[CLICK_ZONE].ways = ways;
	}
	source.is_in_city = true;
	begin(CLICK_ZONE, false);
	assert_non_null(value(PLACEHOLDER_ROAMS));
	assert_null(value(PLACEHOLDER_ASKS_WHO));
	settings->zone[CLICK_ZONE].roam_s = 0;
	begin(CLICK_ZONE, false);
	assert_null(value(PLACEHOLDER_ROAMS));
	settings->zone[CLICK_ZONE].roam_s = 86400;
	source.is_in_city = false;
	begin(CLICK_ZONE, false);
	assert_null(value(PLACEHOLDER_ROAMS));
}

static void test_chosen_language(void **state)
{
	(void)state;
	begin(CODE_ZONE, true);
	assert_set(ALWAYS | BIT(BY_CODE) | BIT(CHOSEN) | BIT(QUERY));
	assert_value(PLACEHOLDER_CHOSEN, "en");
	assert_value(PLACEHOLDER_QUERY, "?lang=en");
}

static void test_portal_options(void **state)
{
	struct settings other = *settings;
	char barriers[] = "barrier@city.test", body[] = "the body";
	char url[] = "https://city.test/", provider[] = "the city";

	(void)state;
	other.portal.barrier_contact = barriers;
	other.portal.enforcement = body;
	other.portal.provider = provider;
	other.portal.success_url = url;
	other.portal.terms_url = url;
	source.settings = &other;
	source.logo = "/logo";
	begin(CLICK_ZONE, false);
	assert_value(PLACEHOLDER_BARRIER_CONTACT, barriers);
	assert_value(PLACEHOLDER_CONTACT, "mail@city.test");
	assert_value(PLACEHOLDER_ENFORCEMENT, body);
	assert_value(PLACEHOLDER_PROVIDER, provider);
	assert_value(PLACEHOLDER_SUCCESS_URL, url);
	assert_value(PLACEHOLDER_TERMS_URL, url);
	assert_value(PLACEHOLDER_LOGO, "/logo");
}

/* --- cases -------------------------------------------------------------- */

/* What a zone or a session adds to the beginning. */
struct context_case {
	size_t zone;
	struct ipc_limits limits; /* of the zone or the session */
	uint64_t over_quota, slow_bps, zone_duration_s, daily_s, daily_bytes;
	struct ipc_session session; /* without its limits */
	placeholders adds;
	struct {
		enum page_placeholder placeholder;
		const char *text;
	} figure[FIGURE];
};

static void fill_of_zone(const struct context_case *c)
{
	struct page_hours hours = page_hours_of(&c->session);

	page_context_fill_zone(&context, &hours);
}

static void fill_of_session(const struct context_case *c)
{
	struct ipc_session s = c->session;

	s.limits = c->limits;
	page_context_fill_session(&context, &s);
}

static void run(const struct context_case *cases, size_t count,
		void (*fill)(const struct context_case *c))
{
	for (size_t i = 0; i < count; i++) {
		const struct context_case *c = &cases[i];
		struct zone_settings *z = &settings->zone[c->zone];
		placeholders before;

		z->limits = c->limits;
		if (fill == fill_of_session)
			z->limits.duration_s = c->zone_duration_s;
		z->over_quota = c->over_quota;
		z->slow_bps = c->slow_bps;
		z->daily_s = c->daily_s;
		z->daily_bytes = c->daily_bytes;
		begin(c->zone, false);
		before = set_ones();
		fill(c);
		print_message("case %zu\n", i);
		assert_set(before | c->adds);
		for (size_t f = 0; f < FIGURE && c->figure[f].text; f++)
			assert_value(c->figure[f].placeholder,
				     c->figure[f].text);
	}
}

static const struct context_case zone_cases[] = {
	{ .zone = CLICK_ZONE, .adds = 0 },
	{ .limits = { .duration_s = 5400 },
	  .adds = BIT(DURATION),
	  .figure = { { PLACEHOLDER_DURATION,
			"1" NBSP "hour 30" NBSP "minutes" } } },
	/* how long a code lasts is another matter */
	{ .zone = CODE_ZONE, .limits = { .duration_s = 5400 }, .adds = 0 },
	{ .limits = { .quota_bytes = 500 * MB },
	  .adds = BIT(QUOTA),
	  .figure = { { PLACEHOLDER_QUOTA, "500" NBSP "MB" } } },
	{ .zone = CODE_ZONE,
	  .limits = { .down_bps = 5000000, .up_bps = 1500000 },
	  .adds = BIT(SPEED) | BIT(SPEED_UP) | BIT(HAS_SPEEDS) |
		  BIT(IS_FOR_VIDEO) | BIT(IS_FOR_MUSIC),
	  .figure = { { PLACEHOLDER_SPEED, "5" NBSP "Mbit/s" },
		      { PLACEHOLDER_SPEED_UP, "1.5" NBSP "Mbit/s" } } },
	{ .limits = { .down_bps = 4999999 },
	  .adds = BIT(SPEED) | BIT(HAS_SPEEDS) | BIT(IS_FOR_MUSIC) },
	{ .limits = { .down_bps = 999999 },
	  .adds = BIT(SPEED) | BIT(HAS_SPEEDS) },
	{ .limits = { IPC_UNLIMITED, IPC_UNLIMITED, IPC_UNLIMITED,
		      IPC_UNLIMITED, IPC_UNLIMITED },
	  .adds = 0 },
	{ .slow_bps = 64000, .adds = 0 }, /* what is used up ends it */
	{ .slow_bps = 64000,
	  .over_quota = OVER_QUOTA_SLOW,
	  .adds = BIT(SLOW_SPEED),
	  .figure = { { PLACEHOLDER_SLOW_SPEED, "64" NBSP "kbit/s" } } },
	{ .slow_bps = 0, .over_quota = OVER_QUOTA_SLOW, .adds = 0 },
	/* it closes before, at and after a session's end */
	{ .limits = { .duration_s = 5400 },
	  .session = { .change_s = MONDAY_S, .change_in_s = 3600 },
	  .adds = BIT(DURATION) | BIT(CLOSES),
	  .figure = { { PLACEHOLDER_DURATION, "1" NBSP "hour" },
		      { PLACEHOLDER_CLOSES, "Monday, 22:00" } } },
	{ .limits = { .duration_s = 5400 },
	  .session = { .change_s = MONDAY_S, .change_in_s = 5401 },
	  .adds = BIT(DURATION) },
	{ .session = { .change_s = MONDAY_S, .change_in_s = 7 * DAY_S },
	  .adds = BIT(DURATION) | BIT(CLOSES),
	  .figure = { { PLACEHOLDER_CLOSES, "Monday 30/11/2026, 22:00" } } },
	/* closed, and whether it is known until when */
	{ .limits = { .duration_s = 5400 },
	  .session = { .is_closed = 1, .change_s = MONDAY_S },
	  .adds = BIT(DURATION) | BIT(CLOSED) | BIT(OPENS),
	  .figure = { { PLACEHOLDER_OPENS, "Monday, 22:00" } } },
	{ .limits = { .duration_s = 5400 },
	  .session = { .is_closed = 1, .change_in_s = IPC_UNLIMITED },
	  .adds = BIT(DURATION) | BIT(CLOSED) },
	/* so much a day, of those who tap */
	{ .daily_s = 7200,
	  .adds = BIT(DAILY),
	  .figure = { { PLACEHOLDER_DAILY, "2" NBSP "hours" } } },
	{ .daily_s = 7200,
	  .daily_bytes = 500 * MB,
	  .adds = BIT(DAILY),
	  .figure = { { PLACEHOLDER_DAILY,
			"2" NBSP "hours · 500" NBSP "MB" } } },
	{ .zone = CODE_ZONE, .daily_s = 7200, .adds = 0 },
};

/* The tap goes; who has a code may type it. */
static void test_used_up(void **state)
{
	const struct page_hours hours = { .is_used_up = true };
	struct zone_settings *z = &settings->zone[CLICK_ZONE];

	(void)state;
	begin(CLICK_ZONE, false);
	page_context_fill_zone(&context, &hours);
	assert_null(value(PLACEHOLDER_BY_CLICK));
	assert_value(PLACEHOLDER_CLOSED, "1");
	assert_null(value(PLACEHOLDER_OPENS));
	z->ways |= 1 << ZONE_AUTH_VOUCHER;
	begin(CLICK_ZONE, false);
	page_context_fill_zone(&context, &hours);
	z->ways &= ~(1ULL << ZONE_AUTH_VOUCHER);
	assert_null(value(PLACEHOLDER_BY_CLICK));
	assert_value(PLACEHOLDER_BY_CODE, "1");
	assert_null(value(PLACEHOLDER_CLOSED));
}

static void test_zone(void **state)
{
	(void)state;
	run(zone_cases, ARRAY_SIZE(zone_cases), fill_of_zone);
}

static const struct context_case session_cases[] = {
	{ .session = { .terms = TERMS },
	  .adds = BIT(USED) | BIT(REFRESH_FIRST),
	  .figure = { { PLACEHOLDER_USED, "0" NBSP "B" } } },
	{ .session = { .left_s = 61, .terms = TERMS },
	  .adds = BIT(USED) | BIT(REFRESH_FIRST) | BIT(TIME_LEFT),
	  .figure = { { PLACEHOLDER_TIME_LEFT, "2" NBSP "minutes" } } },
	{ .session = { .left_s = IPC_UNLIMITED },
	  .zone_duration_s = 3600,
	  .adds = BIT(USED) | BIT(REFRESH_FIRST) },
	/* who may stay longer: not beyond the closing */
	{ .session = { .left_s = 600,
		       .change_s = MONDAY_S,
		       .change_in_s = 600 },
	  .zone_duration_s = 3600,
	  .adds = BIT(USED) | BIT(REFRESH_FIRST) | BIT(TIME_LEFT) |
		  BIT(TIME_SHARE) | BIT(CLOSES) },
	{ .session = { .left_s = 600,
		       .change_s = MONDAY_S,
		       .change_in_s = 661 },
	  .zone_duration_s = 3600,
	  .adds = BIT(USED) | BIT(TIME_LEFT) | BIT(TIME_SHARE) |
		  BIT(CAN_EXTEND) },
	/* nor beyond the day's time */
	{ .session = { .left_s = 600, .is_closed = IPC_CLOSED_TODAY },
	  .zone_duration_s = 3600,
	  .daily_bytes = MB,
	  .adds = BIT(USED) | BIT(REFRESH_FIRST) | BIT(TIME_LEFT) |
		  BIT(TIME_SHARE) | BIT(DAILY),
	  .figure = { { PLACEHOLDER_DAILY, "1" NBSP "MB" } } },
	{ .session = { .left_s = IPC_UNLIMITED, .is_tagged = 1 },
	  .daily_s = 7200,
	  .adds = BIT(USED) | BIT(REFRESH_FIRST) },
	/* data */
	{ .limits = { .quota_bytes = 10 * MB },
	  .session = { .up_bytes = MB, .down_bytes = 2 * MB },
	  .adds = BIT(USED) | BIT(REFRESH_FIRST) | BIT(DATA_LEFT) |
		  BIT(DATA_SHARE),
	  .figure = { { PLACEHOLDER_USED, "3" NBSP "MB" },
		      { PLACEHOLDER_DATA_LEFT, "7" NBSP "MB" },
		      { PLACEHOLDER_DATA_SHARE, "70" } } },
	{ .limits = { .quota_bytes = 1000 * MB },
	  .session = { .down_bytes = 999 * MB },
	  .adds = BIT(USED) | BIT(REFRESH_FIRST) | BIT(DATA_LEFT) |
		  BIT(DATA_SHARE),
	  .figure = { { PLACEHOLDER_DATA_SHARE, "1" } } },
	{ .limits = { .quota_bytes = MB },
	  .session = { .up_bytes = MB, .down_bytes = MB },
	  .adds = BIT(USED) | BIT(REFRESH_FIRST) | BIT(DATA_LEFT) |
		  BIT(DATA_SHARE),
	  .figure = { { PLACEHOLDER_DATA_LEFT, "0" NBSP "B" },
		      { PLACEHOLDER_DATA_SHARE, "0" } } },
	{ .limits = { .quota_bytes = IPC_UNLIMITED },
	  .adds = BIT(USED) | BIT(REFRESH_FIRST) },
	/* rates */
	{ .limits = { .down_bps = 2000000 },
	  .slow_bps = 64000,
	  .adds = BIT(USED) | BIT(REFRESH_FIRST) | BIT(SPEED) |
		  BIT(HAS_SPEEDS) | BIT(IS_FOR_MUSIC),
	  .figure = { { PLACEHOLDER_SPEED, "2" NBSP "Mbit/s" } } },
	{ .limits = { .down_bps = 2000000 },
	  .slow_bps = 64000,
	  .session = { .reduced = 1 },
	  .adds = BIT(USED) | BIT(REFRESH_FIRST) | BIT(REDUCED) | BIT(SPEED) |
		  BIT(SPEED_UP) | BIT(HAS_SPEEDS),
	  .figure = { { PLACEHOLDER_SPEED, "64" NBSP "kbit/s" },
		      { PLACEHOLDER_SPEED_UP, "64" NBSP "kbit/s" } } },
	/* the zone does not slow down any more */
	{ .limits = { .up_bps = 2000000 },
	  .session = { .reduced = 1 },
	  .adds = BIT(USED) | BIT(REFRESH_FIRST) | BIT(SPEED_UP) |
		  BIT(HAS_SPEEDS) },
	/* more time: by a minute at least, by tap, and where it ends */
	{ .session = { .left_s = 3539 },
	  .zone_duration_s = 3600,
	  .adds = BIT(USED) | BIT(TIME_LEFT) | BIT(TIME_SHARE) |
		  BIT(CAN_EXTEND) },
	{ .session = { .left_s = 3540 },
	  .figure = { { PLACEHOLDER_TIME_SHARE, "98" } },
	  .zone_duration_s = 3600,
	  .adds = BIT(USED) | BIT(REFRESH_FIRST) | BIT(TIME_LEFT) |
		  BIT(TIME_SHARE) },
	{ .session = { .left_s = 60, .is_tagged = 1 },
	  .zone_duration_s = 3600,
	  .adds = BIT(USED) | BIT(REFRESH_FIRST) | BIT(TIME_LEFT) },
	{ .zone = CODE_ZONE,
	  .session = { .left_s = 60 },
	  .zone_duration_s = 3600,
	  .adds = BIT(USED) | BIT(REFRESH_FIRST) | BIT(TIME_LEFT) },
	/* terms: of those who have accepted some, by tap */
	{ .session = { .terms = TERMS - 1 },
	  .adds = BIT(USED) | BIT(TERMS_CHANGED) },
	{ .session = { .terms = TERMS + 1 },
	  .adds = BIT(USED) | BIT(TERMS_CHANGED) },
	{ .session = { .terms = 0 }, .adds = BIT(USED) | BIT(REFRESH_FIRST) },
	{ .session = { .terms = 1, .is_tagged = 1 },
	  .adds = BIT(USED) | BIT(REFRESH_FIRST) },
	{ .zone = CODE_ZONE,
	  .session = { .terms = 1 },
	  .adds = BIT(USED) | BIT(REFRESH_FIRST) },
	/* outlets */
	{ .session = { .outlet = IPC_OUTLET_DOWN },
	  .adds = BIT(USED) | BIT(REFRESH_FIRST) | BIT(OFFLINE) },
	{ .session = { .outlet = IPC_OUTLET_OVERLAP },
	  .adds = BIT(USED) | BIT(REFRESH_FIRST) | BIT(OFFLINE) },
};

static void test_session(void **state)
{
	(void)state;
	run(session_cases, ARRAY_SIZE(session_cases), fill_of_session);
}

/* Nothing leads to the internet while there is none. */
static void test_one_thing_first(void **state)
{
	static char url[] = "https://city.test/";
	char *none = settings->portal.success_url;
	struct ipc_session session = { .left_s = IPC_UNLIMITED };

	(void)state;
	settings->portal.success_url = url;
	begin(CLICK_ZONE, false);
	page_context_fill_session(&context, &session);
	assert_value(PLACEHOLDER_SUCCESS_URL, url);
	assert_value(PLACEHOLDER_REFRESH_FIRST, NULL);
	session.outlet = IPC_OUTLET_DOWN;
	begin(CLICK_ZONE, false);
	page_context_fill_session(&context, &session);
	assert_value(PLACEHOLDER_SUCCESS_URL, NULL);
	assert_value(PLACEHOLDER_REFRESH_FIRST, "1");
	settings->portal.success_url = none;
}

/* --- notices and problems ----------------------------------------------- */

static void test_notices(void **state)
{
	(void)state;
	begin(CODE_ZONE, false);
	page_context_set_notice(&context, PAGE_NOTICE_NONE);
	assert_set(ALWAYS | BIT(BY_CODE));
	for (int n = PAGE_NOTICE_NONE + 1; n < PAGE_NOTICES; n++) {
		placeholders more = n == PAGE_NOTICE_CODE_DEVICES
					    ? BIT(CAN_REPLACE)
				    : n == PAGE_NOTICE_OFFLINE ? BIT(OFFLINE)
							       : 0;

		if (page_notice_field((enum page_notice)n) == PAGE_FIELD_CODE)
			more |= BIT(CODE_ERROR);
		if (page_notice_tone((enum page_notice)n))
			more |= BIT(TONE);
		begin(CODE_ZONE, false);
		page_context_set_notice(&context, (enum page_notice)n);
		assert_set(ALWAYS | BIT(BY_CODE) | BIT(NOTICE) | more);
		assert_value(
			PLACEHOLDER_NOTICE,
			page_notice(pages, context.place, (enum page_notice)n));
	}
}

static void test_problems(void **state)
{
	(void)state;
	for (int n = 0; n < PAGE_PROBLEMS; n++) {
		enum page_problem problem = (enum page_problem)n;
		bool may_pass = n == PAGE_PROBLEM_BUSY ||
				n == PAGE_PROBLEM_FULL ||
				n == PAGE_PROBLEM_UNKNOWN;

		begin(CODE_ZONE, false);
		page_context_set_problem(&context, problem);
		assert_set(ALWAYS | BIT(BY_CODE) | BIT(ERROR_TITLE) |
			   BIT(ERROR_TEXT) | (may_pass ? BIT(CAN_RETRY) : 0));
		assert_value(PLACEHOLDER_ERROR_TITLE,
			     page_problem_title(pages, context.place, problem));
		assert_value(PLACEHOLDER_ERROR_TEXT,
			     page_problem_text(pages, context.place, problem));
	}
}

/* --- tiles -------------------------------------------------------------- */

static bool no_live(size_t tile, struct live_value *out, void *arg)
{
	(void)tile;
	(void)out;
	(void)arg;
	return false;
}

/* Of the first tile; arg: what is told. */
static bool live_of(size_t tile, struct live_value *out, void *arg)
{
	assert_int_equal(tile, 0);
	*out = *(struct live_value *)arg;
	return true;
}

static bool tile(size_t i)
{
	return context.values.tile(i, &context.values, context.values.arg);
}

static void test_tiles(void **state)
{
	(void)state;
	begin(CLICK_ZONE, false);
	assert_true(tile(0));
	assert_value(PLACEHOLDER_ITEM_LINK, "http://parking.test/");
	assert_value(PLACEHOLDER_ITEM_TITLE, "Parking");
	assert_value(PLACEHOLDER_ITEM_TEXT, "Where to park");
	assert_value(PLACEHOLDER_ITEM_CODE, NULL);
	assert_value(PLACEHOLDER_ITEM_LIVE, NULL);
	assert_non_null(value(PLACEHOLDER_ITEM_ICON));
	assert_true(tile(1)); /* there is no English for it */
	assert_value(PLACEHOLDER_ITEM_TITLE, "Neues");
	assert_value(PLACEHOLDER_ITEM_TEXT, NULL);
	assert_value(PLACEHOLDER_ITEM_CODE, "de");
	assert_false(tile(2));
	begin(CODE_ZONE, false);
	assert_false(tile(0));
}

/* Its other texts are left out where they are in another language. */
static void test_tiles_are_of_one_language(void **state)
{
	struct live_value v = { .text = "7" };

	(void)state;
	source.live = live_of;
	source.arg = &v;
	page_context_init(&context, &source, place_in(CLICK_ZONE, "de"), "/",
			  false);
	assert_true(tile(0));
	assert_value(PLACEHOLDER_ITEM_TITLE, "Parken");
	assert_value(PLACEHOLDER_ITEM_TEXT, NULL);
	assert_value(PLACEHOLDER_ITEM_LIVE, "7 frei");
	page_context_init(&context, &source, place_in(CLICK_ZONE, "uk"), "/",
			  false);
	assert_true(tile(0));
	assert_value(PLACEHOLDER_ITEM_TITLE, "Parking");
	assert_value(PLACEHOLDER_ITEM_TEXT, "Where to park");
	assert_value(PLACEHOLDER_ITEM_LIVE, "7 free");
	assert_value(PLACEHOLDER_ITEM_CODE, "en");
	page_context_init(&context, &source, place_in(CLICK_ZONE, "ar"), "/",
			  false);
	assert_true(tile(0));
	assert_value(PLACEHOLDER_ITEM_CODE, "en");
	assert_value(PLACEHOLDER_ITEM_DIR, "ltr");
}

static void test_live(void **state)
{
	static const struct {
		const char *lang, *told;
		uint64_t age_s;
		bool is_stale;
		const char *live, *age;
	} cases[] = {
		{ "en", "7", 30, false, "7 free", NULL },
		{ "en", "1.5", 30, false, "1.5 free", NULL },
		{ "de", "1.5", 30, false, "1,5 frei", NULL },
		{ "de", "v1.5", 30, false, "v1.5 frei", NULL }, /* no number */
		{ "en", "7", 600, true, "7 free",
		  "As of 10" NBSP "minutes ago" },
		{ "de", "7", 600, true, "7 frei",
		  "Stand: vor 10" NBSP "Minuten" },
		{ "uk", "1.5", 600, true, "1.5 free",
		  "As of 10" NBSP "minutes ago" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct live_value v = { .age_s = cases[i].age_s,
					.is_stale = cases[i].is_stale };

		snprintf(v.text, sizeof(v.text), "%s", cases[i].told);
		source.live = live_of;
		source.arg = &v;
		page_context_init(&context, &source,
				  place_in(CLICK_ZONE, cases[i].lang), "/",
				  false);
		assert_true(tile(0));
		assert_value(PLACEHOLDER_ITEM_LIVE, cases[i].live);
		assert_value(PLACEHOLDER_ITEM_AGE, cases[i].age);
		assert_true(tile(1)); /* which has none; nothing is left over */
		assert_value(PLACEHOLDER_ITEM_LIVE, NULL);
		assert_value(PLACEHOLDER_ITEM_AGE, NULL);
	}
	source.live = no_live;
	begin(CLICK_ZONE, false);
	assert_true(tile(0));
	assert_value(PLACEHOLDER_ITEM_LIVE, NULL);
}

/* --- the page ----------------------------------------------------------- */

static void test_render(void **state)
{
	static char text[PAGE_BYTES_MAX + 1];
	const struct ipc_session s = { .left_s = 60, .terms = TERMS };
	struct strbuf o;

	(void)state;
	begin(CLICK_ZONE, true);
	page_context_fill_session(&context, &s);
	strbuf_init(&o, text, PAGE_BYTES_MAX);
	page_context_render(&context, PAGE_STATUS, &o);
	assert_false(o.is_cut);
	text[o.len] = '\0';
	assert_non_null(strstr(text, "<bdi>1" NBSP "minute</bdi>"));
	assert_non_null(strstr(text, "href=\"/here?lang=de\""));
	assert_non_null(strstr(text, "href=\"http://parking.test/\""));
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_who_is_told),
		TEST(test_init),
		TEST(test_chosen_language),
		TEST(test_portal_options),
		TEST(test_zone),
		TEST(test_used_up),
		TEST(test_session),
		TEST(test_one_thing_first),
		TEST(test_notices),
		TEST(test_problems),
		TEST(test_tiles),
		TEST(test_tiles_are_of_one_language),
		TEST(test_live),
		TEST(test_render),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
