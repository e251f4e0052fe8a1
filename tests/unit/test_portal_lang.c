/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "portal/figures.h"
#include "portal/lang.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NBSP	 "\xc2\xa0"

static const char de_json[] = "{\"unit_days\":\"Tage\",\"unit_hours\":\"h\","
			      "\"unit_minutes\":\"min\","
			      "\"decimal_sign\":\",\"}";

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
	{ "", "pt", "pt-br" },
	{ "", "pt-PT, en;q=0.3", "pt-br" },
	{ "", "zh-Hans-CN", "zh-hans" },
	{ "", "EN-us", "en" },
	{ "", "english", "de" },
	{ "", "e", "de" },
	{ "", "en;q=2, de;q=0.1", "de" },
	{ "", "en;q=x", "de" },
	{ "", "en;q=", "de" },
	{ "", "en ; q=0.8 , de;q=0.7", "en" },
	{ "", ",,,;;;,en", "en" },
	{ "", ";q=1", "de" },
	{ "",
	  "fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,"
	  "fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,en",
	  "de" },
};

static void test_choices(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(choices); i++) {
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
};

static void test_broken(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(broken_json); i++) {
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
	assert_null(lang_find(&s->lang[0], "no such text"));
	lang_set_free(s);
	assert_null(lang_set_read("tests", error));
	assert_non_null(strstr(error, "tests/lang"));
}

/* --- figures in a language --------------------------------------------- */

static const struct {
	uint64_t value;
	const char *text;
} durations[] = {
	{ 0, "1" NBSP "min" },
	{ 1, "1" NBSP "min" },
	{ 60, "1" NBSP "min" },
	{ 61, "2" NBSP "min" },
	{ 3599, "1" NBSP "h" },
	{ 3600, "1" NBSP "h" },
	{ 5400, "1" NBSP "h 30" NBSP "min" },
	{ 28800, "8" NBSP "h" },
	{ 86400, "24" NBSP "h" },
	{ 172800, "2" NBSP "Tage" },
	{ 172800 + 3600, "2" NBSP "Tage 1" NBSP "h" },
	{ 172800 + 60, "2" NBSP "Tage" },
}, amounts[] = {
	{ 0, "0" NBSP "B" },
	{ 999, "999" NBSP "B" },
	{ 1000, "1" NBSP "kB" },
	{ 1500000, "1,5" NBSP "MB" },
	{ 15500000, "15" NBSP "MB" },
	{ 500000000, "500" NBSP "MB" },
	{ 1073741824, "1" NBSP "GB" },
	{ 1990000000, "1,9" NBSP "GB" },
	{ UINT64_MAX, "18446744" NBSP "TB" },
}, rates[] = {
	{ 256000, "256" NBSP "kbit/s" },
	{ 5000000, "5" NBSP "Mbit/s" },
	{ 2500000, "2,5" NBSP "Mbit/s" },
	{ 1000000000, "1" NBSP "Gbit/s" },
	{ 8, "8" NBSP "bit/s" },
};

static void test_figures(void **state)
{
	struct lang l = { .code = "de" };
	char error[LANG_ERROR_MAX];
	char buf[FIGURES_MAX];

	(void)state;
	assert_true(lang_parse(&l, de_json, sizeof(de_json) - 1, error));
	for (size_t i = 0; i < COUNT(durations); i++)
		assert_string_equal(
			figures_duration(buf, durations[i].value, &l),
			durations[i].text);
	for (size_t i = 0; i < COUNT(amounts); i++)
		assert_string_equal(figures_bytes(buf, amounts[i].value, &l),
				    amounts[i].text);
	for (size_t i = 0; i < COUNT(rates); i++)
		assert_string_equal(figures_rate(buf, rates[i].value, &l),
				    rates[i].text);
	lang_clear(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_folder),
		cmocka_unit_test(test_figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
