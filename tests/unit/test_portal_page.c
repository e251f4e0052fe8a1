/* SPDX-License-Identifier: GPL-3.0-or-later */
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
#include "portal/pages/page.h"
#include "portal/util/crypto.h"

/* --- the pages that citizens get --------------------------------------- */

static const struct settings *settings_of(const char *pages)
{
	static struct settings s;

	memset(&s, 0, sizeof(s));
	s.portal = (struct portal_settings){
		.pages = (char *)(size_t)pages,
		.colour_accent = "",
		.colour_header = "",
		.colour_accent_dark = "",
		.colour_header_dark = "",
		.provider = "",
		.contact = "",
		.barrier_contact = "",
		.enforcement = "",
		.success_url = "",
		.terms_url = "",
		.venue_url = "",
		.wifi4eu = "",
	};
	s.legal = (struct legal_settings){ .name = "",
					   .email = "",
					   .privacy_authority = "" };
	s.zones = 1;
	snprintf(s.zone[0].name, sizeof(s.zone[0].name), "guest");
	return &s;
}

static bool three_tiles(size_t i, struct page_values *v, void *arg)
{
	v->value[PLACEHOLDER_ITEM_TITLE] = arg;
	return i < 3;
}

static void render(const struct page_set *set, enum page_id page, size_t lang,
		   const char *with, char text[PAGE_LEGAL_BYTES_MAX + 1])
{
	struct page_values values = { .tile = three_tiles,
				      .arg = (void *)(size_t)with };
	struct page_place at = { .lang = lang };
	struct strbuf o;

	for (int h = 0; h < PLACEHOLDER_MAX; h++)
		values.value[h] = with;
	strbuf_init(&o, text, page_bytes_max(page));
	page_render(set, page, at, &values, &o);
	assert_false(o.is_cut);
	text[o.len] = '\0';
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	while ((text = strstr(text, what))) {
		n++;
		text++;
	}
	return n;
}

static void check_page(const char *text, const struct lang *l)
{
	char lang[64];

	snprintf(lang, sizeof(lang), "<html lang=\"%s\" dir=\"%s\">", l->code,
		 lang_find(l, "direction"));
	assert_non_null(strstr(text, lang));
	assert_null(strstr(text, "{{"));
	assert_int_equal(count(text, "<h1"), 1);
	assert_int_equal(count(text, "<main"), 1);
	assert_int_equal(count(text, "<title>"), 1);
	assert_int_equal(count(text, "<style>"), 1);
	assert_int_equal(count(text, "?lang=de\""), 1);
	assert_int_equal(count(text, "?lang=en\""), 1);
	assert_int_equal(count(text, "aria-current=\"true\""), 1);
	assert_null(strstr(text, "<script"));
	assert_null(strstr(text, "url("));
	assert_null(strstr(text, "<link"));
	assert_null(strstr(text, " style=\""));
	assert_int_equal(count(text, "<dl"), count(text, "</dl>"));
	assert_int_equal(count(text, "<div"), count(text, "</div>"));
	assert_int_equal(count(text, "<p"),
			 count(text, "</p>") + count(text, "<path"));
}

static void test_citizen_pages(void **state)
{
	static char text[PAGE_LEGAL_BYTES_MAX + 1];
	char error[PAGE_ERROR_MAX];
	struct page_set *set = page_set_read(settings_of("web"), error);
	const struct lang_set *languages;

	(void)state;
	if (!set)
		fail_msg("%s", error);
	languages = page_languages(set);
	for (size_t l = 0; l < languages->count; l++) {
		for (int p = 0; p < PAGE_MAX; p++) {
			render(set, (enum page_id)p, l, NULL, text);
			check_page(text, &languages->lang[l]);
			render(set, (enum page_id)p, l, "<&'\">", text);
			check_page(text, &languages->lang[l]);
			assert_null(strstr(text, "<&"));
			assert_non_null(
				strstr(text, "&lt;&amp;&#39;&quot;&gt;"));
		}
	}
	assert_memory_equal(page_style_source(set), "'sha256-", 8);
	assert_int_equal(strlen(page_style_source(set)), 8 + 44 + 1);
	page_set_free(set);
}

/* --- templates ---------------------------------------------------------- */

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Those that the tests do not look at. */
static const char *const plain[] = {
	"pages/error.html",
	"pages/access.html",
	"pages/status.html",
	"pages/terms.html",
	"pages/legal_page.html",
	"pages/legal_imprint_de.html",
	"pages/legal_imprint_en.html",
	"pages/legal_privacy_de.html",
	"pages/legal_privacy_en.html",
	"pages/legal_access_de.html",
	"pages/legal_access_en.html",
};

static char *make_folder(void)
{
	static char dir[] = "/tmp/stadttor-page-XXXXXX";
	static const char *const copied[] = { "lang/de.json", "lang/en.json" };
	char command[256];

	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	assert_non_null(mkdtemp(dir));
	snprintf(command, sizeof(command), "%s/pages", dir);
	assert_int_equal(mkdir(command, 0700), 0);
	snprintf(command, sizeof(command), "%s/lang", dir);
	assert_int_equal(mkdir(command, 0700), 0);
	for (size_t i = 0; i < ARRAY_SIZE(copied); i++) {
		char from[64];
		static char text[65536];
		size_t n;
		FILE *f;

		snprintf(from, sizeof(from), "web/%s", copied[i]);
		f = fopen(from, "r");
		assert_non_null(f);
		n = fread(text, 1, sizeof(text) - 1, f);
		text[n] = '\0';
		fclose(f);
		write_file(dir, copied[i], text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		write_file(dir, plain[i], plain[i]);
	write_file(dir, "pages/style.css", "a{b:c}");
	write_file(dir, "pages/my_form.html", "[form]");
	return dir;
}

static void remove_file(const char *dir, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	remove(path);
}

static void remove_folder(const char *dir)
{
	static const char *const names[] = {
		"pages/portal.html",
		"pages/style.css",
		"pages/my_form.html",
		"lang/de.json",
		"lang/en.json",
		"lang/fr.json",
		"pages",
		"lang",
		".",
	};

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		remove_file(dir, plain[i]);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		remove_file(dir, names[i]);
	rmdir(dir);
}

static const struct {
	const char *template;
	const char *page; /* with network "<N>" and nothing else; NULL: wrong */
	const char *why;
} templates[] = {
	{ "", "", NULL },
	{ "a}}b{c", "a}}b{c", NULL },
	{ "{{network}}", "&lt;N&gt;", NULL },
	{ "{{provider}}", "", NULL },
	{ "{{lang}} {{dir}}", "de ltr", NULL },
	{ "{{#network}}a{{/network}}b", "ab", NULL },
	{ "{{#provider}}a{{/provider}}b", "b", NULL },
	{ "{{^provider}}a{{/provider}}b", "ab", NULL },
	{ "{{^network}}a{{/network}}b", "b", NULL },
	{ "{{#network}}a{{#provider}}b{{/provider}}c{{/network}}d", "acd",
	  NULL },
	{ "{{#provider}}a{{#network}}b{{/network}}c{{/provider}}d", "d", NULL },
	{ "a{{>my_form}}b", "a[form]b", NULL },
	{ "<{{&style}}>", "<a{b:c}>", NULL },
	{ "{{*languages}}{{item_code}}{{#item_current}}!{{/item_current}} "
	  "{{/languages}}.",
	  "de! en .", NULL },
	{ "{{*tiles}}x{{/tiles}}.", ".", NULL },
	{ "{{*nonsense}}x{{/nonsense}}", NULL, "nonsense" },
	{ "{{*tiles}}x", NULL, "without its end" },
	{ "{{&nonsense}}", NULL, "nonsense" },
	{ "{{offered_by}}", "Anbieter: ", NULL },
	{ "{{portal_title}}", "&lt;N&gt; – freies WLAN", NULL },
	{ "{{#network}}", NULL, "without its end" },
	{ "{{/network}}", NULL, "never began" },
	{ "{{#network}}{{/provider}}", NULL, "innermost" },
	{ "{{#nonsense}}{{/nonsense}}", NULL, "nonsense" },
	{ "{{nonsense}}", NULL, "missing: nonsense" },
	{ "{{", NULL, "without its end" },
	{ "{{network", NULL, "without its end" },
	{ "{{>portal}}", NULL, "nested too deep" },
	{ "{{>nofile}}", NULL, "nofile.html: No such file" },
};

static void test_templates(void **state)
{
	static char text[PAGE_BYTES_MAX + 1];
	char *dir = make_folder();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(templates); i++) {
		struct page_values v = { .value[PLACEHOLDER_NETWORK] = "<N>" };
		char error[PAGE_ERROR_MAX];
		struct page_set *set;
		struct strbuf o;

		write_file(dir, "pages/portal.html", templates[i].template);
		set = page_set_read(settings_of(dir), error);
		if (!set != !templates[i].page)
			fail_msg("%s: %s", templates[i].template, error);
		if (!set) {
			if (!strstr(error, templates[i].why))
				fail_msg("%s: %s", templates[i].template,
					 error);
			continue;
		}
		strbuf_init(&o, text, PAGE_BYTES_MAX);
		page_render(
			set, PAGE_PORTAL,
			(struct page_place){
				.lang = lang_index(page_languages(set), "de") },
			&v, &o);
		text[o.len] = '\0';
		assert_string_equal(text, templates[i].page);
		page_set_free(set);
	}
	remove_folder(dir);
}

static void test_missing_texts(void **state)
{
	char *dir = make_folder();
	char error[PAGE_ERROR_MAX];

	(void)state;
	write_file(dir, "pages/portal.html", "{{portal_title}}");
	write_file(dir, "lang/fr.json", "{\"language_name\":\"Français\"}");
	assert_null(page_set_read(settings_of(dir), error));
	assert_non_null(strstr(error, "lang/fr.json: missing:"));
	assert_non_null(strstr(error, " portal_title"));
	assert_non_null(strstr(error, " error_missing_title"));
	remove_folder(dir);
}

/* --- texts of the config ------------------------------------------------ */

/* the folder of the pages, and what comes after the portal's first options */
#define TWO_ZONES                                                              \
	"config uplink 'wan'\n\toption device 'eth0'\n"                        \
	"config zone 'guest'\n\toption device 'eth1'\n"                        \
	"config zone 'library'\n\toption device 'eth2'\n"                      \
	"config portal\n\toption pages '%s/web'\n"                             \
	"\toption network '<Buch>'\n%s"

static struct page_set *read_config(const char *more, struct settings **s,
				    char error[PAGE_ERROR_MAX])
{
	char text[1024], why[UCI_ERROR_MAX];
	char here[200];

	assert_non_null(getcwd(here, sizeof(here)));
	snprintf(text, sizeof(text), TWO_ZONES, here, more);
	*s = settings_parse("test", text, strlen(text), why);
	if (!*s)
		fail_msg("%s", why);
	return page_set_read(*s, error);
}

static const char *portal_page(const struct page_set *set, size_t zone,
			       const char *lang)
{
	static char text[PAGE_BYTES_MAX + 1];
	struct page_values values = { .value[PLACEHOLDER_NETWORK] = "<Buch>" };
	struct page_place at = {
		.zone = zone, .lang = lang_index(page_languages(set), lang)
	};
	struct strbuf o;

	strbuf_init(&o, text, PAGE_BYTES_MAX);
	page_render(set, PAGE_PORTAL, at, &values, &o);
	text[o.len] = '\0';
	return text;
}

static void test_own_texts(void **state)
{
	const char *own = "<h1>Lesen &amp; surfen: &lt;Buch&gt;</h1>";
	char error[PAGE_ERROR_MAX];
	struct settings *s;
	struct page_set *set =
		read_config("config text\n\toption key 'portal_heading'\n"
			    "\tlist text 'de=Lesen & surfen: {{network}}'\n"
			    "\tlist zone 'library'\n"
			    "config text\n\toption key 'notice_terms'\n"
			    "\tlist text 'en=Please.'\n",
			    &s, error);
	struct page_place at = { .zone = 0 };

	(void)state;
	if (!set)
		fail_msg("%s", error);
	assert_non_null(strstr(portal_page(set, 1, "de"), own));
	assert_null(strstr(portal_page(set, 0, "de"), own));
	assert_null(strstr(portal_page(set, 1, "en"), own));
	at.lang = lang_index(page_languages(set), "en");
	assert_string_equal(page_text(set, at, "notice_terms"), "Please.");
	at.lang = lang_index(page_languages(set), "de");
	assert_string_not_equal(page_text(set, at, "notice_terms"), "Please.");
	page_set_free(set);
	settings_free(s);
}

static void test_wrong_own_texts(void **state)
{
	static const struct {
		const char *config, *why;
	} wrong[] = {
		{ "config text\n\toption key 'nonsense'\n"
		  "\tlist text 'de=x'\n",
		  "config text 'nonsense': no page has such a text" },
		{ "config text\n\toption key 'portal_heading'\n"
		  "\tlist text 'xx=x'\n",
		  "there is no language 'xx'" },
		{ "config text\n\toption key 'portal_heading'\n"
		  "\tlist text 'de={{nonsense}}'\n",
		  "unknown placeholder: 'nonsense'" },
		{ "config text\n\toption key 'portal_heading'\n"
		  "\tlist text 'de={{>head}}'\n",
		  "unknown placeholder: 'head'" },
		{ "config text\n\toption key 'portal_heading'\n"
		  "\tlist text 'de={{&style}}'\n",
		  "unknown placeholder: 'style'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		char error[PAGE_ERROR_MAX];
		struct settings *s;

		assert_null(read_config(wrong[i].config, &s, error));
		if (!strstr(error, wrong[i].why))
			fail_msg("%s: %s", wrong[i].why, error);
		settings_free(s);
	}
}

static void test_colours(void **state)
{
	char error[PAGE_ERROR_MAX];
	struct settings *s;
	struct page_set *set =
		read_config("\toption colour_accent '#993300'\n"
			    "\toption colour_header_dark '#202020'\n",
			    &s, error);
	const char *page;

	(void)state;
	if (!set)
		fail_msg("%s", error);
	page = portal_page(set, 0, "de");
	assert_non_null(strstr(
		page, ":root{--accent:#993300;--on:#ffffff;--tint:#f5ebe6;}"
		      "@media (prefers-color-scheme:dark)"
		      "{:root{--sky:#202020;}}</style>"));
	page_set_free(set);
	settings_free(s);
}

/* Every theme is read well, as the config is not refused; own colours win. */
static void test_themes(void **state)
{
	(void)state;
	for (size_t i = 0; settings_theme_words[i]; i++) {
		char config[128], error[PAGE_ERROR_MAX];
		struct page_set *set;
		struct settings *s;
		const char *page;

		snprintf(config, sizeof(config),
			 "\toption theme '%s'\n"
			 "\toption colour_header '#202020'\n",
			 settings_theme_words[i]);
		set = read_config(config, &s, error);
		if (!set)
			fail_msg("%s: %s", settings_theme_words[i], error);
		page = portal_page(set, 0, "de");
		assert_int_equal(count(page, "--accent:#"), i ? 4 : 2);
		assert_int_equal(count(page, "--sky:#202020;"), 1);
		assert_int_equal(count(page, "--sky:#"), i ? 2 : 1);
		page_set_free(set);
		settings_free(s);
	}
}

#define NETWORK_ID "123e4567-e89b-12d3-a456-426655440000"

/* Nothing of anybody else's, unless it is asked for. */
static void test_wifi4eu(void **state)
{
	static const struct {
		const char *lang, *told, *banner;
	} cases[] = {
		{ "de", "wifi4euLanguage='de';<", "Wifi4EU-DE.svg\"" },
		{ "de-simple", "wifi4euLanguage='de';<", "Wifi4EU-DE.svg\"" },
		{ "ar", "wifi4euLanguage='en';<", "Wifi4EU-EN.svg\"" },
	};
	char error[PAGE_ERROR_MAX];
	struct settings *s;
	struct page_set *set =
		read_config("\toption wifi4eu '" NETWORK_ID "'\n", &s, error);

	(void)state;
	if (!set)
		fail_msg("%s", error);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t lang = lang_index(page_languages(set), cases[i].lang);
		const char *page = portal_page(set, 0, cases[i].lang);
		const char *script = strstr(page, "<script>");

		assert_non_null(script);
		/* the first of the head, as the Commission's guide has it */
		assert_memory_equal(script - strlen("<head>\n"), "<head>\n", 7);
		assert_non_null(strstr(script, "Identifier='" NETWORK_ID "';"));
		assert_non_null(strstr(script, cases[i].told));
		assert_non_null(strstr(page, cases[i].banner));
		assert_non_null(page_script_source(set, PAGE_PORTAL, lang));
		assert_null(page_script_source(set, PAGE_STATUS, lang));
	}
	page_set_free(set);
	settings_free(s);
}

static void test_wifi4eu_selftest(void **state)
{
	char error[PAGE_ERROR_MAX], base64[64], source[96];
	uint8_t digest[CRYPTO_SHA256];
	struct settings *s;
	struct page_set *set = read_config("\toption wifi4eu '" NETWORK_ID "'\n"
					   "\toption wifi4eu_selftest '1'\n",
					   &s, error);
	const char *script, *end;

	(void)state;
	if (!set)
		fail_msg("%s", error);
	script = strstr(portal_page(set, 0, "de"), "<script>") + 8;
	end = strstr(script, "</script>");
	assert_memory_equal(end - 23, "var selftestModus=true;", 23);
	crypto_sha256(script, (size_t)(end - script), digest);
	crypto_base64(base64, digest, sizeof(digest));
	snprintf(source, sizeof(source), "'sha256-%s'", base64);
	assert_string_equal(
		page_script_source(set, PAGE_PORTAL,
				   lang_index(page_languages(set), "de")),
		source);
	page_set_free(set);
	settings_free(s);
}

static void test_out(void **state)
{
	char buf[8];
	struct strbuf o;

	(void)state;
	strbuf_init(&o, buf, sizeof(buf));
	strbuf_text(&o, "1234567");
	assert_false(o.is_cut);
	strbuf_text(&o, "89");
	assert_true(o.is_cut);
	assert_int_equal(o.len, 7);
	strbuf_format(&o, "%d", 8);
	assert_int_equal(o.len, 8);
	assert_memory_equal(buf, "12345678", 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_citizen_pages),
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_missing_texts),
		cmocka_unit_test(test_own_texts),
		cmocka_unit_test(test_wrong_own_texts),
		cmocka_unit_test(test_colours),
		cmocka_unit_test(test_themes),
		cmocka_unit_test(test_wifi4eu),
		cmocka_unit_test(test_wifi4eu_selftest),
		cmocka_unit_test(test_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
