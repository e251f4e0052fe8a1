/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The legal pages: whose facts, in which language; and own terms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/array.h"
#include "common/config/settings_read.h"
#include "portal/pages/land.h"
#include "portal/pages/legal.h"
#include "portal/pages/own_text.h"

#define BASE                                                                   \
	"config uplink 'wan'\n\toption device 'eth0'\n"                        \
	"config zone 'guest'\n\toption device 'eth1'\n%s"                      \
	"config portal\n\toption pages '%s/web'\n"                             \
	"\toption network '<Net>'\n\toption contact 'a@city.test'\n"           \
	"\toption provider 'City & Co'\n"                                      \
	"config legal\n%s"

static struct settings *settings;

static struct legal *read_legal(const char *zone, const char *options)
{
	char text[4096], here[200], why[UCI_ERROR_MAX], error[LEGAL_ERROR_MAX];
	struct legal *l;

	assert_non_null(getcwd(here, sizeof(here)));
	snprintf(text, sizeof(text), BASE, zone, here, options);
	settings = settings_parse("test", text, strlen(text), why);
	if (!settings)
		fail_msg("%s", why);
	l = legal_read(settings, error);
	if (!l)
		fail_msg("%s", error);
	return l;
}

static void release(struct legal *l)
{
	legal_free(l);
	settings_free(settings);
}

static void check_text(struct legal *l, enum legal_page page,
		       const char *language, const char *in, const char *part)
{
	char got[SETTINGS_LANGUAGE_MAX] = "";
	const char *text = legal_text(l, page, language, got);

	if (!part) {
		assert_null(text);
		return;
	}
	assert_non_null(text);
	assert_string_equal(got, in);
	if (!strstr(text, part))
		fail_msg("%s: no '%s' in %s", language, part, text);
	assert_null(strstr(text, "{{"));
	assert_null(strstr(text, "<Net>")); /* escaped */
}

static void test_languages(void **state)
{
	struct legal *l = read_legal("", "");
	static const char *const german[] = { "de", "de-simple" };
	static const char *const others[] = { "en", "ar", "uk", "el" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(german); i++) {
		check_text(l, LEGAL_IMPRINT, german[i], "de", "Impressum");
		check_text(l, LEGAL_PRIVACY, german[i], "de", "Verantwortlich");
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		check_text(l, LEGAL_IMPRINT, others[i], "en", "Legal notice");
		check_text(l, LEGAL_PRIVACY, others[i], "en", "Controller");
	}
	check_text(l, LEGAL_IMPRINT, "en", "en", "City &amp; Co");
	check_text(l, LEGAL_IMPRINT, "en", "en", "a@city.test");
	/* nobody has judged them, and there are no terms */
	check_text(l, LEGAL_ACCESS, "de", NULL, NULL);
	check_text(l, LEGAL_TERMS, "de", NULL, NULL);
	release(l);
}

static bool says(struct legal *l, enum legal_page page, const char *part)
{
	char in[SETTINGS_LANGUAGE_MAX];

	return strstr(legal_text(l, page, "en", in), part) != NULL;
}

/* Each fact is told where it is given, and no heading is left without. */
static void test_facts(void **state)
{
	static const struct {
		const char *option;
		enum legal_page page;
		const char *told, *heading;
	} facts[] = {
		{ "option operator 'The <Body>'", LEGAL_IMPRINT,
		  "The &lt;Body&gt;", NULL },
		{ "option address 'Market 1'", LEGAL_IMPRINT, "Market 1",
		  NULL },
		{ "option represented_by 'The Mayor'", LEGAL_IMPRINT,
		  "The Mayor", "Represented by" },
		{ "option phone '0234'", LEGAL_IMPRINT, "Telephone: 0234",
		  NULL },
		{ "option register 'HRB 7'", LEGAL_IMPRINT, "HRB 7",
		  "Register" },
		{ "option vat_id 'DE7'", LEGAL_IMPRINT, "DE7", "VAT" },
		{ "option supervisor 'The County'", LEGAL_IMPRINT, "The County",
		  "Supervisory" },
		{ "option privacy_officer 'dpo@city.test'", LEGAL_PRIVACY,
		  "dpo@city.test", "protection officer" },
		{ "option land 'nw'", LEGAL_PRIVACY, "www.ldi.nrw.de", NULL },
		{ "option privacy_authority 'The Other'", LEGAL_PRIVACY,
		  "The Other", NULL },
		{ "option basis 'contract'", LEGAL_PRIVACY, "Art. 20",
		  "6 (1) (b)" },
		{ "option basis 'interest'", LEGAL_PRIVACY, "Art. 21",
		  "6 (1) (f)" },
		{ "list privacy_text 'en=Leases last a day'", LEGAL_PRIVACY,
		  "Leases last a day", "Moreover" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
		struct legal *l = read_legal("", facts[i].option);

		if (!says(l, facts[i].page, facts[i].told) ||
		    (facts[i].heading &&
		     !says(l, facts[i].page, facts[i].heading)))
			fail_msg("%s", facts[i].option);
		release(l);
		l = read_legal("", "");
		if (facts[i].heading &&
		    says(l, facts[i].page, facts[i].heading))
			fail_msg("'%s' without %s", facts[i].heading,
				 facts[i].option);
		release(l);
	}
}

/* What the zones and the figures do is what the notice says. */
static void test_privacy_follows_the_config(void **state)
{
	static const struct {
		const char *zone, *options, *part;
		bool is_told;
	} cases[] = {
		{ "", "", "Usage figures", true },
		{ "\toption counted '0'\n", "", "Usage figures", false },
		{ "", "", "for 400 days", true },
		{ "", "config usage\n\toption keep_hours '30d'\n",
		  "for 30 days", true },
		{ "", "", "language and kind of device", true },
		{ "", "config usage\n\tlist series 'bytes'\n",
		  "language and kind of device", false },
		{ "", "", "hash of the code", false },
		{ "\toption auth 'voucher'\n", "", "hash of the code", true },
		{ "", "", "without accepting", false },
		{ "\tlist garden_name 'city.test'\n", "", "without accepting",
		  true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct legal *l = read_legal(cases[i].zone, cases[i].options);

		if (says(l, LEGAL_PRIVACY, cases[i].part) != cases[i].is_told)
			fail_msg("case %zu", i);
		release(l);
	}
}

/* It says that no scripts run, and then which does. */
/* The folder of a city that was joined, and one of none. */
static void test_city(void **state)
{
	static char folder[] = "/tmp/legal-city.XXXXXX";
	char options[128], login[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(login, sizeof(login), "%s/login", folder);
	snprintf(options, sizeof(options),
		 "config city\n\toption folder '%s'\n", folder);
	for (int is_joined = 0; is_joined < 2; is_joined++) {
		struct legal *l;

		if (is_joined)
			fclose(fopen(login, "we"));
		l = read_legal("", options);
		assert_int_equal(
			says(l, LEGAL_PRIVACY, "a code for your device"),
			is_joined);
		release(l);
		l = read_legal("\toption roam '0'\n", options);
		assert_false(says(l, LEGAL_PRIVACY, "a code for your device"));
		release(l);
	}
	unlink(login);
	rmdir(folder);
}

static void test_wifi4eu(void **state)
{
	struct legal *l = read_legal("", "");
	char network[] = "123e4567-e89b-12d3-a456-426655440000", *none;

	(void)state;
	assert_true(
		says(l, LEGAL_PRIVACY, "load nothing from third parties. "));
	assert_false(says(l, LEGAL_PRIVACY, "WiFi4EU"));
	legal_free(l);
	none = settings->portal.wifi4eu;
	settings->portal.wifi4eu = network;
	l = legal_read(settings, (char[LEGAL_ERROR_MAX]){ "" });
	assert_non_null(l);
	assert_false(says(l, LEGAL_PRIVACY, "run no scripts, read"));
	assert_true(says(l, LEGAL_PRIVACY, network));
	assert_true(says(l, LEGAL_PRIVACY, "collection.wifi4eu.ec.europa.eu"));
	settings->portal.wifi4eu = none;
	release(l);
}

static void test_statement(void **state)
{
	struct legal *l = read_legal(
		"", "\toption land 'by'\n\toption statement 'partial'\n"
		    "\toption statement_date '2026-11-30'\n"
		    "\tlist statement_limits 'en=The map'\n");

	(void)state;
	assert_true(says(l, LEGAL_ACCESS, "partially compliant"));
	assert_true(says(l, LEGAL_ACCESS, "BayDiG"));
	assert_true(says(l, LEGAL_ACCESS, "2026-11-30"));
	assert_true(says(l, LEGAL_ACCESS, "The map"));
	assert_true(says(l, LEGAL_ACCESS, "self-assessment"));
	assert_true(says(l, LEGAL_ACCESS, "a@city.test"));
	assert_true(says(l, LEGAL_ACCESS, "bitv@bayern.de"));
	release(l);
	l = read_legal("", "\toption statement 'full'\n"
			   "\toption statement_external '1'\n"
			   "config text\n\toption key 'portal_heading'\n"
			   "\tlist text 'en=x'\n");
	assert_true(says(l, LEGAL_ACCESS, "fully compliant"));
	assert_true(says(l, LEGAL_ACCESS, "by a third party"));
	assert_false(says(l, LEGAL_ACCESS, "Non-accessible content"));
	assert_false(says(l, LEGAL_ACCESS, "Enforcement procedure"));
	release(l);
}

static void test_every_land(void **state)
{
	size_t i;

	(void)state;
	assert_null(land_find(0));
	for (i = 1; settings_land_words[i]; i++) {
		const struct land *land = land_find(i);

		assert_non_null(land);
		assert_non_null(strchr(land->enforcement, ' '));
		assert_non_null(strchr(land->privacy, '.'));
		assert_true(*land->accessibility_law);
	}
	assert_int_equal(i - 1, 17); /* 16, and the federation */
	assert_null(land_find(i));
}

/* --- own terms ---------------------------------------------------------- */

static char path[] = "/tmp/stadttor-terms-XXXXXX";

static void write_terms(const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fchmod(fileno(f), 0644), 0);
	fclose(f);
}

static void test_own_text(void **state)
{
	static const struct {
		const char *text, *html;
	} cases[] = {
		{ "", "" },
		{ "\n \n\n", "" },
		{ "one\ntwo\n\nthree", "<p>one two</p>\n<p>three</p>\n" },
		{ "# Head\none\n# Next\n",
		  "<h2>Head</h2>\n<p>one</p>\n<h2>Next</h2>\n" },
		{ "- a\n- b\nend\n",
		  "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n<p>end</p>\n" },
		{ "#no head\r\n-no item\r\n", "<p>#no head -no item</p>\n" },
		{ "\xef\xbb\xbf# <b>&\"'",
		  "<h2>&lt;b&gt;&amp;&quot;&#39;</h2>\n" },
		{ "a\tb", NULL },
		{ "a\n\xe2\x80\xae"
		  "b",
		  NULL },
		{ "\xff", NULL },
		{ "a\x1b[0m", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char html[512], error[OWN_TEXT_ERROR_MAX] = "";
		struct strbuf o;
		bool is_good;

		write_terms(cases[i].text, strlen(cases[i].text));
		strbuf_init(&o, html, sizeof(html) - 1);
		is_good = own_text_read(path, &o, error);
		html[o.len] = '\0';
		assert_int_equal(is_good, cases[i].html != NULL);
		if (is_good)
			assert_string_equal(html, cases[i].html);
		else
			assert_non_null(strstr(error, ": line "));
	}
}

static void test_own_text_bounds(void **state)
{
	static char text[OWN_TEXT_BYTES_MAX + 1], html[2 * OWN_TEXT_BYTES_MAX];
	char error[OWN_TEXT_ERROR_MAX];
	struct strbuf o;

	(void)state;
	memset(text, 'x', sizeof(text));
	strbuf_init(&o, html, sizeof(html));
	write_terms(text, OWN_TEXT_BYTES_MAX);
	assert_true(own_text_read(path, &o, error));
	write_terms(text, OWN_TEXT_BYTES_MAX + 1);
	assert_false(own_text_read(path, &o, error));
	assert_non_null(strstr(error, "longer than 24 kB"));
	write_terms("a\0b", 3);
	assert_false(own_text_read(path, &o, error));
	assert_false(own_text_read("/nowhere", &o, error));
}

/* Who may change the config may not be allowed to read it. */
static void test_own_text_is_no_secret(void **state)
{
	char html[512], error[OWN_TEXT_ERROR_MAX];
	struct strbuf o;

	(void)state;
	strbuf_init(&o, html, sizeof(html));
	write_terms("root:$y$j9T$hash", 16);
	assert_int_equal(chmod(path, 0640), 0);
	assert_false(own_text_read(path, &o, error));
	assert_non_null(strstr(error, "not all users of this machine may"));
	assert_int_equal(o.len, 0);
	assert_int_equal(chmod(path, 0644), 0);
	assert_true(own_text_read(path, &o, error));
}

static void test_terms(void **state)
{
	char options[256];
	struct legal *l;

	(void)state;
	write_terms("# Own\n", 6);
	snprintf(options, sizeof(options),
		 "\tlist terms_file 'de=%s'\n\tlist terms_file 'tr=%s'\n", path,
		 path);
	l = read_legal("", options);
	check_text(l, LEGAL_TERMS, "de-simple", "de", "<h2>Own</h2>");
	check_text(l, LEGAL_TERMS, "tr", "tr", "<h2>Own</h2>");
	check_text(l, LEGAL_TERMS, "fr", "de", "<h2>Own</h2>");
	release(l);
}

/* References of HTML make a text longer than its file. */
static void test_too_long(void **state)
{
	static char text[OWN_TEXT_BYTES_MAX];
	char config[1024], here[200], why[UCI_ERROR_MAX];
	char error[LEGAL_ERROR_MAX];
	char options[128];

	(void)state;
	memset(text, '"', sizeof(text));
	write_terms(text, sizeof(text));
	assert_non_null(getcwd(here, sizeof(here)));
	snprintf(options, sizeof(options), "\tlist terms_file 'de=%s'\n", path);
	snprintf(config, sizeof(config), BASE, "", here, options);
	settings = settings_parse("test", config, strlen(config), why);
	assert_non_null(settings);
	assert_null(legal_read(settings, error));
	assert_non_null(strstr(error, "longer than"));
	settings_free(settings);
}

static int start(void **state)
{
	(void)state;
	return mkstemp(path) < 0;
}

static int stop(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_languages),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_privacy_follows_the_config),
		cmocka_unit_test(test_city),
		cmocka_unit_test(test_wifi4eu),
		cmocka_unit_test(test_statement),
		cmocka_unit_test(test_every_land),
		cmocka_unit_test(test_own_text),
		cmocka_unit_test(test_own_text_bounds),
		cmocka_unit_test(test_own_text_is_no_secret),
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
