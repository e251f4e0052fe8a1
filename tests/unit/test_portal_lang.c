/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "common/array.h"
#include "portal/pages/lang.h"

static struct lang_set set = {
	.lang = { { .code = "de" },
		  { .code = "en" },
		  { .code = "pt-br" },
		  { .code = "zh-hans" } },
	.count = 4,
};

static const struct {
	const char *chosen, *accept, *code;
} choices[] = {
	{ "", "", "de" },
	{ "en", "", "en" },
	{ "EN", "de", "en" },
	{ "xx", "en", "en" },
	{ "", "en", "en" },
	{ "", "en-GB,en;q=0.9", "en" },
	{ "", "fr, en;q=0.5, de;q=0.4", "en" },
	{ "", "fr,de;q=0.4,en;q=0.5", "en" },
	{ "", "de;q=0.4, en;q=0.401", "en" },
	{ "", "en;q=0", "de" },
	{ "", "en;q=0, de;q=0.1", "de" },
	{ "", "*", "de" },
	{ "", "fr, *;q=0.1, en;q=0.05", "de" },
	{ "", "mo, en;q=0.5", "en" },
	{ "", "pt", "pt-br" },
	{ "", "pt-PT, en;q=0.3", "pt-br" },
	{ "", "zh-Hans-CN", "zh-hans" },
	{ "", "EN-us", "en" },
	{ "", "english", "en" },
	{ "", "nl-NL, nl;q=0.9", "en" },
	{ "", "nl, *;q=0.1", "de" },
	{ "", "nl;q=0", "de" },
	{ "xx", "", "de" },
	{ "", "en;q=2, de;q=0.1", "de" },
	{ "", "en;q=x", "de" },
	{ "", "en;q=", "de" },
	{ "", "en ; q=0.8 , de;q=0.7", "en" },
	{ "", ",,,;;;,en", "en" },
	{ "", ";q=1", "de" },
	{ "",
	  "fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,"
	  "fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,en",
	  "en" }, /* for want of French */
	{ "",
	  "*;q=0.1,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,"
	  "fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,en",
	  "de" },
};

static void test_choices(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		size_t got =
			lang_choose(&set, choices[i].chosen, choices[i].accept);

		if (strcmp(set.lang[got].code, choices[i].code))
			fail_msg("'%s' '%s' gave %s", choices[i].chosen,
				 choices[i].accept, set.lang[got].code);
	}
}

static const char *const broken_json[] = {
	"",
	"[]",
	"\"a\"",
	"{",
	"{\"a\":1}",
	"{\"a\":\"b\"",
	"{a:\"b\"}",
	"{\"a\":{}}",
	"{\"a\":null}",
	"{\"a\":\"b\"}x",
	"{\"a\":\"\\u202eb\"}", /* turns what follows */
	"{\"a\":\"\\u2066b\"}",
	"{\"a\":\"\\u0007\"}",
	"{\"a\":\"\xff\"}",
	"{\"plural\":\"klingon\"}",
};

static void test_broken(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken_json); i++) {
		struct lang l = { .code = "xx" };
		char error[LANG_ERROR_MAX] = "";

		if (lang_parse(&l, broken_json[i], strlen(broken_json[i]),
			       error))
			fail_msg("took %s", broken_json[i]);
		assert_true(*error);
		lang_clear(&l);
	}
}

static void test_folder(void **state)
{
	char error[LANG_ERROR_MAX];
	struct lang_set *s = lang_set_read("web", error);

	(void)state;
	assert_non_null(s);
	assert_string_equal(s->lang[s->fallback].code, "de");
	assert_true(lang_index(s, "en") < s->count);
	assert_string_equal(s->lang[lang_choose(s, "", "kmr-TR")].code, "ku");
	assert_string_equal(s->lang[lang_choose(s, "", "de-AT")].code, "de");
	assert_null(lang_find(&s->lang[0], "no such text"));
	lang_set_free(s);
	assert_null(lang_set_read("tests", error));
	assert_non_null(strstr(error, "tests/lang"));
}

/* In the language that is easy to read, and in no other. */
static void test_a_sentence_a_line(void **state)
{
	char error[LANG_ERROR_MAX];
	struct lang_set *s = lang_set_read("web", error);
	const struct lang *easy, *german;

	(void)state;
	assert_non_null(s);
	easy = &s->lang[lang_index(s, "de-simple")];
	german = &s->lang[lang_index(s, "de")];
	assert_string_equal(lang_find(easy, "error_missing_text"),
			    "Unter dieser Adresse haben wir keine Seite.");
	assert_string_equal(lang_find(easy, "terms_live"),
			    "Der Betreiber sieht sofort, wie viele Geräte "
			    "verbunden sind.\nEr sieht nicht, welche Geräte "
			    "das sind.");
	assert_null(strchr(lang_find(german, "terms_use"), '\n'));
	lang_set_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_folder),
		cmocka_unit_test(test_a_sentence_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
