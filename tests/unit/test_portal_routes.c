/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which request gets which answer, where the way in is a tap. */
#include "portal/guest/routes.h"
#include "tests/unit/guesttest.h"

#define NBSP   "\xc2\xa0"
#define ACROSS ENGLISH "Sec-Fetch-Site: cross-site\r\n"

/* --- the table ---------------------------------------------------------- */

static const struct guest_case pages[] = {
	{ .line = "GET /",
	  .status = 200,
	  .has = { "portal_heading", "button_accept", "portal_intro" },
	  .lacks = { "notice_offline", "role=\"alert\"", "code_label" },
	  .asks = IPC_LOOKUP },
	{ .line = "GET /",
	  .says = &ended,
	  .status = 200,
	  .has = { "portal_heading" },
	  .asks = IPC_LOOKUP },
	{ .line = "HEAD /", .status = 200, .asks = IPC_LOOKUP },
	{ .line = "GET /",
	  .says = &granted,
	  .status = 200,
	  .has = { "status_heading", "button_logout", "30" NBSP "minutes" },
	  .lacks = { "notice_extended", "offline_heading" },
	  .asks = IPC_LOOKUP },
	{ .line = "GET /status",
	  .says = &granted,
	  .status = 200,
	  .has = { "status_heading", "button_extend", "action=\"/logout\"" },
	  .lacks = { "notice_extended", "reduced_note",
		     "notice_terms_changed" },
	  .asks = IPC_LOOKUP },
	{ .line = "HEAD /status",
	  .says = &granted,
	  .status = 200,
	  .asks = IPC_LOOKUP },
	{ .line = "GET /status",
	  .status = 302,
	  .location = "/",
	  .asks = IPC_LOOKUP },
	{ .line = "GET /status",
	  .says = &ended,
	  .status = 302,
	  .location = "/",
	  .asks = IPC_LOOKUP },
	{ .line = "GET /extended",
	  .says = &granted,
	  .status = 200,
	  .has = { "notice_extended", "status_heading" },
	  .asks = IPC_LOOKUP },
	{ .line = "GET /extended",
	  .status = 302,
	  .location = "/",
	  .asks = IPC_LOOKUP },
	{ .line = "GET /goodbye",
	  .status = 200,
	  .has = { "notice_logged_out", "button_accept", "/goodbye?lang=de" } },
	{ .line = "GET /terms",
	  .status = 200,
	  .has = { "terms_fair_heading", "Version 3", "/terms?lang=de" } },
	{ .line = "HEAD /terms", .status = 200 },
	{ .line = "GET /accessibility",
	  .status = 200,
	  .has = { "access_heading", "/accessibility?lang=de" } },
	{ .line = "GET /legal-notice",
	  .status = 200,
	  .has = { "<h1>Legal notice</h1>", "/legal-notice?lang=de" } },
	{ .line = "GET /privacy",
	  .status = 200,
	  .has = { "<h1>Privacy notice</h1>", "/privacy?lang=de" } },
	{ .line = "GET /privacy?lang=de-simple",
	  .status = 200,
	  .lang = "de-simple",
	  .has = { "<h1>Datenschutzhinweise</h1>", "lang=\"de\"" } },
	{ .line = "GET /privacy?lang=ar",
	  .status = 200,
	  .lang = "ar",
	  .has = { "<h1>Privacy notice</h1>", "lang=\"en\"" } },
	{ .line = "GET /logo",
	  .status = 404,
	  .has = { "error_missing_title" } },
	{ .line = "GET /hero",
	  .status = 404,
	  .has = { "error_missing_title" } },
	{ .line = "GET /captive-api",
	  .status = 404,
	  .has = { "error_missing_title" } },
};

static void test_pages(void **state)
{
	(void)state;
	run_cases(pages, ARRAY_SIZE(pages));
}

static const struct guest_case forms[] = {
	{ .line = "POST /accept",
	  .form = ACCEPT,
	  .status = 303,
	  .location = "/status",
	  .asks = IPC_GRANT },
	{ .line = "POST /accept",
	  .form = "terms=2",
	  .status = 200,
	  .has = { "notice_terms_changed", "button_accept" } },
	{ .line = "POST /accept",
	  .form = "",
	  .status = 200,
	  .has = { "notice_terms", "button_accept" },
	  .lacks = { "notice_terms_changed" } },
	{ .line = "POST /extend",
	  .form = ACCEPT,
	  .says = &granted,
	  .status = 303,
	  .location = "/extended",
	  .asks = IPC_GRANT },
	{ .line = "POST /extend",
	  .form = "terms=2",
	  .status = 303,
	  .location = "/status" },
	{ .line = "POST /extend",
	  .form = "",
	  .status = 303,
	  .location = "/status" },
	{ .line = "POST /logout",
	  .form = "",
	  .status = 303,
	  .location = "/goodbye",
	  .asks = IPC_LOGOUT },
};

static void test_forms(void **state)
{
	(void)state;
	run_cases(forms, ARRAY_SIZE(forms));
}

/* Whom the config lets in stays so, and sees that. */
static void test_resident(void **state)
{
	const struct guest_case c = { .line = "POST /logout",
				      .form = "",
				      .error = -EEXIST,
				      .status = 303,
				      .location = "/status",
				      .asks = IPC_LOGOUT };

	(void)state;
	run_case(&c);
}

/* What netctl is asked beside the type. */
static void test_questions(void **state)
{
	const struct guest_case probed = { .line = "GET /?via=a",
					   .status = 200,
					   .asks = IPC_LOOKUP };

	(void)state;
	run_case(&probed);
	assert_int_equal(t.asked, 1);
	assert_int_equal(t.lookup.shown, 1);
	assert_int_equal(t.lookup.platform, USAGE_PLATFORM_APPLE);
	assert_int_equal(t.lookup.attempt, 0);
	assert_int_equal(t.lookup.client.family, AF_INET);
	assert_int_equal(t.lookup.client.ifindex, IFINDEX);
	assert_int_equal(t.lookup.client.byte[3], 9);
	run_case(&pages[6]); /* GET /status */
	assert_int_equal(t.lookup.shown, 0);
	run_case(&forms[0]);
	assert_int_equal(t.asked, 1);
	assert_int_equal(t.grant.terms, TERMS);
	assert_string_equal(t.grant.language, "en");
	assert_int_equal(t.grant.client.byte[3], 9);
	assert_int_equal(t.grant.limits.duration_s, 0);
	assert_int_equal(t.grant.tag, 0);
	assert_int_equal(t.grant.extend + t.grant.replace, 0);
	run_case(&forms[3]); /* POST /extend */
	assert_int_equal(t.grant.extend, 1);
	assert_int_equal(t.grant.terms, TERMS);
}

/* --- what is refused ---------------------------------------------------- */

static const struct guest_case refused[] = {
	{ .line = "GET /nothing",
	  .status = 511,
	  .has = { "error_login_title", "button_back" },
	  .lacks = { "button_retry" },
	  .asks = IPC_LOOKUP },
	{ .line = "POST /nothing",
	  .form = "a=b",
	  .status = 511,
	  .asks = IPC_LOOKUP },
	{ .line = "GET /nothing",
	  .says = &granted,
	  .status = 404,
	  .has = { "error_missing_title" },
	  .asks = IPC_LOOKUP },
	{ .line = "GET /status/", .status = 511, .asks = IPC_LOOKUP },
	{ .line = "GET /%ff%00", .status = 400, .has = { "error_bad_title" } },
	{ .line = "POST /accept",
	  .fields = ACROSS,
	  .form = ACCEPT,
	  .status = 403,
	  .has = { "error_foreign_title" } },
	{ .line = "POST /extend",
	  .fields = ACROSS,
	  .form = ACCEPT,
	  .status = 403 },
	{ .line = "POST /logout", .fields = ACROSS, .form = "", .status = 403 },
	{ .line = "POST /logout",
	  .fields = ENGLISH "Origin: http://other.test\r\n",
	  .form = "",
	  .status = 403 },
	{ .line = "POST /logout",
	  .fields = ENGLISH "Origin: http://" HOST "\r\n",
	  .form = "",
	  .status = 303,
	  .location = "/goodbye",
	  .asks = IPC_LOGOUT },
	/* somebody's link may lead to us */
	{ .line = "GET /",
	  .fields = ACROSS,
	  .status = 200,
	  .asks = IPC_LOOKUP },
	{ .line = "POST /accept",
	  .form = "terms=%zz",
	  .status = 400,
	  .has = { "error_bad_title" } },
	{ .line = "POST /extend", .form = "terms=%zz", .status = 400 },
	{ .line = "POST /logout", .form = "%", .status = 400 },
	{ .line = "POST /accept",
	  .form = "a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8&terms=3",
	  .status = 400 },
	{ .line = "POST /accept", /* no form */
	  .fields = ENGLISH "Content-Length: 7\r\n"
			    "Content-Type: text/plain\r\n\r\n" ACCEPT,
	  .status = 400,
	  .has = { "error_bad_title" } },
};

static void test_refused(void **state)
{
	(void)state;
	run_cases(refused, ARRAY_SIZE(refused));
}

static void assert_no_method(const char *verb, const char *path,
			     const char *allow)
{
	char line[64];
	const struct guest_case c = { .line = line,
				      .form = *verb == 'P' ? "" : NULL,
				      .status = 405 };

	snprintf(line, sizeof(line), "%s %s", verb, path);
	run_case(&c);
	assert_string_equal(field("Allow"), allow);
}

/* Each page, asked by each method that it does not have. */
static void test_methods(void **state)
{
	static const char *const reading[] = {
		"/",	     "/status",	       "/goodbye",	"/terms",
		"/extended", "/accessibility", "/logo",		"/captive-api",
		"/hero",     "/privacy",       "/legal-notice",
	};
	static const char *const posting[] = { "/accept", "/logout",
					       "/extend" };
	static const char *const verbs[] = { "PUT", "DELETE", "PATCH",
					     "OPTIONS" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reading); i++) {
		assert_no_method("POST", reading[i], "GET, HEAD");
		for (size_t v = 0; v < ARRAY_SIZE(verbs); v++)
			assert_no_method(verbs[v], reading[i], "GET, HEAD");
	}
	for (size_t i = 0; i < ARRAY_SIZE(posting); i++) {
		assert_no_method("GET", posting[i], "POST");
		assert_no_method("HEAD", posting[i], "POST");
		for (size_t v = 0; v < ARRAY_SIZE(verbs); v++)
			assert_no_method(verbs[v], posting[i], "POST");
	}
}

/* Bytes that are no request, answered in the language that they came to. */
static void test_trouble(void **state)
{
	static const struct {
		const char *bytes;
		unsigned int status;
	} cases[] = {
		{ "GET / HTTP/1.1\r\n\r\n", 400 }, /* no host */
		{ "GET\r\n\r\n", 400 },
		{ "GET / HTTP/3.0\r\nHost: " HOST "\r\n\r\n", 505 },
		{ "POST /accept HTTP/1.1\r\nHost: " HOST "\r\n\r\n", 411 },
		{ "BREW / HTTP/1.1\r\nHost: " HOST "\r\n\r\n", 501 },
	};

	(void)state;
	gate_start(true);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		visit(cases[i].bytes);
		assert_int_equal(wire.status, cases[i].status);
		assert_int_equal(t.asked, 0);
		assert_non_null(
			strstr(wire.body, text_of("de", "error_bad_title")));
	}
	gate_stop();
}

/* The same bytes, meant for somebody else, are led here. */
static void test_diverted_trouble(void **state)
{
	static const char *const cases[] = {
		"GET / HTTP/1.1\r\n\r\n",
		"GET\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"\x16\x03\x01",
	};

	(void)state;
	gate_start(true);
	t.kind = LISTENER_HIJACK;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		visit(cases[i]);
		assert_int_equal(wire.status, 302);
		assert_string_equal(field("Location"),
				    "http://" HOST "/?via=o");
		assert_int_equal(t.asked, 0);
	}
	gate_stop();
}

/* In a city: who was let in a moment ago asks again, and is through. */
static void test_probe_before_its_grant(void **state)
{
	static const struct ipc_session offline = { .state = SESSION_GRANTED,
						    .outlet = IPC_OUTLET_DOWN };
	static const char portal[] = "http://" HOST "/?via=a";
	static const struct {
		const char *line, *host;
		const struct ipc_session *says;
		int32_t error;
		unsigned int asked;
		const char *location; /* NULL: the portal, whoever asks */
	} cases[] = {
		{ "GET /hotspot-detect.html", "captive.apple.com", &granted, 0,
		  1, "http://captive.apple.com/hotspot-detect.html" },
		{ "GET /generate_204", "www.google.com", &granted, 0, 1,
		  "http://www.google.com/generate_204" },
		{ "GET /hotspot-detect.html", "captive.apple.com", &ended, 0, 1,
		  portal },
		{ "GET /hotspot-detect.html", "captive.apple.com", &offline, 0,
		  1, portal },
		{ "GET /hotspot-detect.html", "captive.apple.com", &granted,
		  -ENOENT, 1, portal },
		{ "GET /a%0d%0aSet-Cookie:x", "captive.apple.com", &granted, 0,
		  0, portal },
		{ "GET /a%20b", "captive.apple.com", &granted, 0, 0, portal },
		{ "GET /", "news.example", &granted, 0, 0, NULL },
	};

	(void)state;
	gate_start(true);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		const char *line = cases[i / 2].line;
		char request[256];

		t.kind = LISTENER_HIJACK;
		t.site.is_in_city = i % 2 == 0;
		t.says = *cases[i / 2].says;
		t.error[IPC_LOOKUP] = cases[i / 2].error;
		snprintf(request, sizeof(request),
			 "%s HTTP/1.1\r\nHost: %s\r\n\r\n", line,
			 cases[i / 2].host);
		visit(request);
		assert_int_equal(wire.status, 302);
		assert_int_equal(t.asked, i % 2 ? 0 : cases[i / 2].asked);
		if (t.asked)
			assert_false(t.lookup.shown);
		if (cases[i / 2].location && i % 2 == 0)
			assert_string_equal(field("Location"),
					    cases[i / 2].location);
		else
			assert_ptr_equal(
				strstr(field("Location"), "http://" HOST "/"),
				field("Location"));
	}
	t.site.is_in_city = false;
	gate_stop();
}

/* --- what netctl says --------------------------------------------------- */

static const struct {
	int32_t error;
	const char *title, *retry_after, *button;
} errors[] = {
	{ -ENOENT, "error_unknown_title", "5", "button_retry" },
	{ -ENOSPC, "error_full_title", "60", "button_retry" },
	{ -EUSERS, "error_busy_title", "5", "button_retry" },
	{ -EIO, "error_busy_title", "5", "button_retry" },
	{ -EAGAIN, "error_busy_title", "5", "button_retry" },
	{ -EINVAL, "error_busy_title", "5", "button_retry" },
	{ GATE_LEAVES, "error_busy_title", "5", "button_retry" },
	{ 0, "error_busy_title", "5", "button_retry" }, /* away */
};

/* Whatever is asked: netctl's refusals look the same everywhere. */
static void test_errors(void **state)
{
	static const struct {
		const char *line, *form;
		enum ipc_type asks;
	} askers[] = {
		{ "GET /", NULL, IPC_LOOKUP },
		{ "GET /status", NULL, IPC_LOOKUP },
		{ "GET /extended", NULL, IPC_LOOKUP },
		{ "GET /nothing", NULL, IPC_LOOKUP },
		{ "POST /accept", ACCEPT, IPC_GRANT },
		{ "POST /extend", ACCEPT, IPC_GRANT },
		{ "POST /logout", "", IPC_LOGOUT },
	};

	(void)state;
	for (size_t e = 0; e < ARRAY_SIZE(errors); e++) {
		for (size_t i = 0; i < ARRAY_SIZE(askers); i++) {
			struct guest_case c = {
				.line = askers[i].line,
				.form = askers[i].form,
				.error = errors[e].error,
				.is_away = !errors[e].error,
				.status = 503,
				.has = { errors[e].title, errors[e].button },
				.asks = errors[e].error ? askers[i].asks
							: IPC_NONE,
			};

			run_case(&c);
			assert_string_equal(field("Retry-After"),
					    errors[e].retry_after);
		}
	}
}

/* What needs no netctl is there without it. */
static void test_away(void **state)
{
	static const struct guest_case cases[] = {
		{ .line = "GET /terms", .is_away = true, .status = 200 },
		{ .line = "GET /goodbye", .is_away = true, .status = 200 },
		{ .line = "GET /accessibility",
		  .is_away = true,
		  .status = 200 },
		{ .line = "GET /",
		  .host = "other.test",
		  .is_away = true,
		  .status = 302,
		  .location = "http://" HOST "/?via=o" },
	};

	(void)state;
	run_cases(cases, ARRAY_SIZE(cases));
}

/* All places taken: whoever would have to wait for netctl is told so. */
static void test_no_room(void **state)
{
	static const struct conns_bounds none = { .max = 0,
						  .max_per_device = 8 };
	static const struct conns_bounds some = {
		.max = 8, .max_per_device = 8, .request_s = 60, .answer_s = 60
	};
	const struct guest_case c = { .line = "GET /status",
				      .says = &granted,
				      .status = 503,
				      .has = { "error_busy_title" } };

	(void)state;
	conns_set_bounds(wire.conns, &none);
	run_case(&c);
	conns_set_bounds(wire.conns, &some);
}

static void test_offline(void **state)
{
	(void)state;
	for (uint32_t o = IPC_OUTLET_DOWN; o < IPC_OUTLET_MAX; o++) {
		struct ipc_session out = { 0 }, in = granted;
		const struct guest_case cases[] = {
			{ .line = "GET /",
			  .says = &out,
			  .status = 200,
			  .has = { "notice_offline", "button_accept" },
			  .lacks = { "portal_intro" },
			  .asks = IPC_LOOKUP },
			{ .line = "GET /status",
			  .says = &in,
			  .status = 200,
			  .has = { "offline_heading", "offline_intro",
				   "button_logout" },
			  .lacks = { "status_heading" },
			  .asks = IPC_LOOKUP },
		};

		out.outlet = in.outlet = o;
		run_cases(cases, ARRAY_SIZE(cases));
	}
}

/* Closed: no way in, whether it is known when it opens or not. */
static void test_closed(void **state)
{
	struct ipc_session closed = { .is_closed = 1 };
	const struct guest_case unknown[] = {
		{ .line = "GET /",
		  .says = &closed,
		  .status = 200,
		  .has = { "notice_closed" },
		  .lacks = { "button_accept", "It opens again" },
		  .asks = IPC_LOOKUP },
		/* netctl knows better than the page that was shown */
		{ .line = "POST /accept",
		  .form = ACCEPT,
		  .says = &closed,
		  .grant_error = -ESHUTDOWN,
		  .status = 303,
		  .location = "/",
		  .asks = IPC_GRANT },
		{ .line = "GET /status",
		  .says = &closed,
		  .status = 302,
		  .location = "/",
		  .asks = IPC_LOOKUP },
	};
	const struct guest_case known[] = {
		{ .line = "GET /",
		  .says = &closed,
		  .status = 200,
		  .has = { "notice_closed",
			   "It opens again: Monday, 22:00</b>" },
		  .lacks = { "button_accept" },
		  .asks = IPC_LOOKUP },
	};

	(void)state;
	run_cases(unknown, ARRAY_SIZE(unknown));
	setenv("TZ", "UTC0", 1);
	closed.change_s = 1796076000;
	run_cases(known, ARRAY_SIZE(known));
}

/* This device has had its day: other ways in are left, where there are. */
static void test_used_up(void **state)
{
	struct ipc_session today = { .is_closed = IPC_CLOSED_TODAY };
	const struct guest_case cases[] = {
		{ .line = "GET /",
		  .says = &today,
		  .status = 200,
		  .has = { "notice_today" },
		  .lacks = { "button_accept", "notice_closed" },
		  .asks = IPC_LOOKUP },
		{ .line = "POST /accept",
		  .form = ACCEPT,
		  .says = &today,
		  .grant_error = -EDQUOT,
		  .status = 303,
		  .location = "/",
		  .asks = IPC_GRANT },
	};

	(void)state;
	run_cases(cases, ARRAY_SIZE(cases));
}

/* A session's figures on its page. */
static void test_session(void **state)
{
	struct ipc_session old = granted, slow = granted;
	const struct guest_case cases[] = {
		{ .line = "GET /status",
		  .says = &old,
		  .status = 200,
		  .has = { "notice_terms_changed", "button_accept_again",
			   "action=\"/accept\"" },
		  .asks = IPC_LOOKUP },
		{ .line = "GET /status",
		  .says = &slow,
		  .status = 200,
		  .has = { "reduced_note", "8" NBSP "kbit/s",
			   "label_data_left" },
		  .lacks = { "notice_terms_changed" },
		  .asks = IPC_LOOKUP },
	};

	(void)state;
	old.terms = TERMS - 1;
	slow.reduced = 1;
	slow.limits.quota_bytes = slow.up_bytes = 1 << 20;
	t.settings->zone[CLICK_ZONE].slow_bps = 8000;
	run_cases(cases, ARRAY_SIZE(cases));
}

/* --- languages ---------------------------------------------------------- */

static const struct guest_case languages[] = {
	{ .line = "GET /",
	  .fields = "",
	  .status = 200,
	  .lang = "de",
	  .has = { "portal_heading", "href=\"/accessibility\"" },
	  .lacks = { "name=\"lang\"" },
	  .asks = IPC_LOOKUP },
	{ .line = "GET /",
	  .fields = "Accept-Language: de;q=0.5, fr-CH, en;q=0.8\r\n",
	  .status = 200,
	  .lang = "fr",
	  .has = { "portal_heading" },
	  .asks = IPC_LOOKUP },
	{ .line = "GET /",
	  .fields = "Accept-Language: ar\r\n",
	  .status = 200,
	  .lang = "ar",
	  .has = { "dir=\"rtl\"" },
	  .asks = IPC_LOOKUP },
	{ .line = "GET /?lang=tr",
	  .status = 200,
	  .lang = "tr",
	  .has = { "portal_heading", "name=\"lang\" value=\"tr\"",
		   "href=\"/accessibility?lang=tr\"" },
	  .asks = IPC_LOOKUP },
	{ .line = "GET /?lang=xx", /* no such one: not carried on */
	  .status = 200,
	  .lang = "en",
	  .lacks = { "name=\"lang\"", "lang=xx" },
	  .asks = IPC_LOOKUP },
	{ .line = "GET /status?lang=fr",
	  .status = 302,
	  .location = "/?lang=fr",
	  .lang = "fr",
	  .asks = IPC_LOOKUP },
	{ .line = "GET /nothing?lang=fr",
	  .status = 511,
	  .lang = "fr",
	  .has = { "error_login_title", "href=\"/?lang=fr\"" },
	  .asks = IPC_LOOKUP },
	{ .line = "POST /accept",
	  .form = "terms=3&lang=fr",
	  .status = 303,
	  .location = "/status?lang=fr",
	  .asks = IPC_GRANT },
	{ .line = "POST /accept",
	  .form = "terms=3&lang=xx",
	  .status = 303,
	  .location = "/status",
	  .asks = IPC_GRANT },
	{ .line = "POST /accept?lang=tr", /* the form's is newer */
	  .form = "lang=fr",
	  .status = 200,
	  .lang = "fr",
	  .has = { "notice_terms" } },
	{ .line = "POST /logout",
	  .form = "lang=fr",
	  .status = 303,
	  .location = "/goodbye?lang=fr",
	  .asks = IPC_LOGOUT },
	{ .line = "POST /extend",
	  .form = "terms=3&lang=fr",
	  .status = 303,
	  .location = "/extended?lang=fr",
	  .asks = IPC_GRANT },
};

static void test_languages(void **state)
{
	(void)state;
	run_cases(languages, ARRAY_SIZE(languages));
	run_case(&languages[7]);
	assert_string_equal(t.grant.language, "fr");
	run_case(&languages[8]);
	assert_string_equal(t.grant.language, "en");
}

/* --- while netctl is asked ---------------------------------------------- */

static void close_zone(void)
{
	conns_close_zone(wire.conns, &t.zone[CLICK_ZONE]);
}

/* The answer is nobody's then. */
static void test_zone_goes(void **state)
{
	(void)state;
	gate_start(true);
	t.meanwhile = close_zone;
	exchange("GET / HTTP/1.1\r\nHost: " HOST "\r\n\r\n");
	assert_int_equal(t.asked, 1);
	assert_int_equal(wire.len, 0);
	t.meanwhile = NULL;
	exchange("GET / HTTP/1.1\r\nHost: " HOST "\r\n\r\n");
	assert_true(wire.len > 0);
	gate_stop();
}

/* A reload has taken away the language that was chosen. */
static void test_language_goes(void **state)
{
	static const struct guest_case cases[] = {
		{ .line = "GET /",
		  .fields = "Accept-Language: uk\r\n",
		  .status = 200,
		  .lang = "de",
		  .has = { "portal_heading" },
		  .asks = IPC_LOOKUP },
		{ .line = "POST /accept",
		  .fields = "Accept-Language: uk\r\n",
		  .form = ACCEPT,
		  .status = 303,
		  .location = "/status",
		  .lang = "de",
		  .asks = IPC_GRANT },
	};

	(void)state;
	read_fewer_pages();
	t.meanwhile = change_pages;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		t.site.source.pages = t.pages;
		run_case(&cases[i]);
	}
	assert_string_equal(t.grant.language, "uk");
	t.site.source.pages = t.pages;
}

/* --- pictures and style ------------------------------------------------- */

/* Nothing but the page's own style and our logo. */
static void test_policy(void **state)
{
	static const struct guest_case c = { .line = "GET /terms",
					     .status = 200 };
	char style[128];

	(void)state;
	snprintf(style, sizeof(style), "; style-src %s",
		 page_style_source(t.pages));
	run_case(&c);
	assert_non_null(strstr(field("Content-Security-Policy"), style));
	assert_null(strstr(field("Content-Security-Policy"), "img-src"));
	t.site.source.logo = "/logo";
	run_case(&c);
	t.site.source.logo = NULL;
	assert_non_null(strstr(field("Content-Security-Policy"), style));
	assert_non_null(
		strstr(field("Content-Security-Policy"), "; img-src 'self'"));
}

/* The one exception, on the one page that asks for it. */
static void test_policy_of_wifi4eu(void **state)
{
	static const struct guest_case home = { .line = "GET /",
						.status = 200,
						.asks = IPC_LOOKUP };
	static const struct guest_case rules = { .line = "GET /terms",
						 .status = 200 };
	char id[] = "123e4567-e89b-12d3-a456-426655440000";
	char *none = t.settings->portal.wifi4eu, error[PAGE_ERROR_MAX];
	const struct page_set *before = t.site.source.pages;
	struct page_set *with;

	(void)state;
	t.settings->portal.wifi4eu = id;
	with = page_set_read(t.settings, error);
	assert_non_null(with);
	t.site.source.pages = with;
	run_case(&home);
	assert_non_null(strstr(
		field("Content-Security-Policy"),
		"; img-src 'self' https://collection.wifi4eu.ec.europa.eu; "
		"script-src 'sha256-"));
	assert_non_null(
		strstr(field("Content-Security-Policy"),
		       "' https://collection.wifi4eu.ec.europa.eu; connect-src "
		       "https://collection.wifi4eu.ec.europa.eu"));
	run_case(&rules);
	assert_null(strstr(field("Content-Security-Policy"), "script-src"));
	assert_null(strstr(field("Content-Security-Policy"), "wifi4eu"));
	t.site.source.pages = before;
	t.settings->portal.wifi4eu = none;
	page_set_free(with);
}

static void test_pictures(void **state)
{
	static const struct guest_case logo[] = {
		{ .line = "GET /logo", .status = 200, .has = { "picture" } },
		{ .line = "HEAD /logo", .status = 200 },
	};
	static const struct guest_case hero[] = {
		{ .line = "GET /hero", .status = 200, .has = { "picture" } },
		{ .line = "GET /logo", .status = 404 },
	};
	char bytes[] = "picture";

	(void)state;
	t.picture[PICTURE_LOGO] =
		(struct picture){ bytes, strlen(bytes), "image/png" };
	run_cases(logo, ARRAY_SIZE(logo));
	assert_string_equal(field("Content-Type"), "image/png");
	assert_string_equal(field("Cache-Control"), "max-age=3600");
	t.picture[PICTURE_HERO] = t.picture[PICTURE_LOGO];
	memset(&t.picture[PICTURE_LOGO], 0, sizeof(t.picture[0]));
	run_cases(hero, ARRAY_SIZE(hero));
	memset(t.picture, 0, sizeof(t.picture));
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pages),     TEST(test_forms),
		TEST(test_resident),  TEST(test_questions),
		TEST(test_refused),   TEST(test_methods),
		TEST(test_trouble),   TEST(test_diverted_trouble),
		TEST(test_errors),    TEST(test_away),
		TEST(test_no_room),   TEST(test_offline),
		TEST(test_session),   TEST(test_languages),
		TEST(test_zone_goes), TEST(test_language_goes),
		TEST(test_policy),    TEST(test_policy_of_wifi4eu),
		TEST(test_pictures),  TEST(test_closed),
		TEST(test_used_up),   TEST(test_probe_before_its_grant),
	};

	return cmocka_run_group_tests(tests, guesttest_start, guesttest_stop);
}
