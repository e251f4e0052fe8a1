/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "portal/pages/number_format.h"

#define NBSP	"\xc2\xa0"
#define MINUTES 60
#define HOURS	3600
#define DAYS	86400

static const struct lang *language(const struct lang_set *set, const char *code)
{
	size_t i = lang_index(set, code);

	if (i == set->count)
		fail_msg("no language %s", code);
	return &set->lang[i];
}

static int read_languages(void **state)
{
	char error[LANG_ERROR_MAX];

	*state = lang_set_read("web", error);
	if (!*state)
		fail_msg("%s", error);
	return 0;
}

static int free_languages(void **state)
{
	lang_set_free(*state);
	return 0;
}

/* --- plural forms, by the examples of CLDR ------------------------------ */

static const struct {
	const char *rule;
	enum plural_form form;
	uint64_t n[8]; /* 0 after the first ends them */
} plurals[] = {
	{ "one-other", PLURAL_ONE, { 1 } },
	{ "one-other", PLURAL_OTHER, { 0, 2, 11, 21, 101 } },
	{ "zero-one", PLURAL_ONE, { 0, 1 } },
	{ "zero-one", PLURAL_OTHER, { 2, 11, 21, 101 } },
	{ "polish", PLURAL_ONE, { 1 } },
	{ "polish", PLURAL_FEW, { 2, 3, 4, 22, 24, 102 } },
	{ "polish", PLURAL_MANY, { 0, 5, 11, 12, 14, 21, 112, 111 } },
	{ "slavic", PLURAL_ONE, { 1, 21, 31, 101 } },
	{ "slavic", PLURAL_FEW, { 2, 4, 22, 34, 102 } },
	{ "slavic", PLURAL_MANY, { 0, 5, 11, 12, 14, 20, 111, 112 } },
	{ "romanian", PLURAL_ONE, { 1 } },
	{ "romanian", PLURAL_FEW, { 0, 2, 16, 19, 101, 119 } },
	{ "romanian", PLURAL_OTHER, { 20, 35, 100, 120 } },
	{ "arabic", PLURAL_ZERO, { 0 } },
	{ "arabic", PLURAL_ONE, { 1 } },
	{ "arabic", PLURAL_TWO, { 2 } },
	{ "arabic", PLURAL_FEW, { 3, 10, 103, 110 } },
	{ "arabic", PLURAL_MANY, { 11, 26, 99, 111 } },
	{ "arabic", PLURAL_OTHER, { 100, 101, 102, 200 } },
};

static void test_plurals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(plurals); i++) {
		const struct plural_rule *rule = plural_find(plurals[i].rule);

		assert_non_null(rule);
		assert_true(plural_has(rule, plurals[i].form));
		for (size_t n = 0; n < 8 && (!n || plurals[i].n[n]); n++)
			assert_int_equal(plural_form(rule, plurals[i].n[n]),
					 plurals[i].form);
	}
	assert_null(plural_find("nonsense"));
	assert_false(plural_has(plural_find("polish"), PLURAL_TWO));
}

/* --- durations ---------------------------------------------------------- */

static const struct {
	const char *lang;
	uint64_t seconds;
	const char *text;
} durations[] = {
	{ "de", 0, "1" NBSP "Minute" },
	{ "de", 1, "1" NBSP "Minute" },
	{ "de", 60, "1" NBSP "Minute" },
	{ "de", 61, "2" NBSP "Minuten" },
	{ "de", 3599, "1" NBSP "Stunde" },
	{ "de", 3600, "1" NBSP "Stunde" },
	{ "de", 5400, "1" NBSP "Stunde 30" NBSP "Minuten" },
	{ "de", 28800, "8" NBSP "Stunden" },
	{ "de", 86400, "24" NBSP "Stunden" },
	{ "de", 172800, "2" NBSP "Tage" },
	{ "de", 172800 + 3600, "2" NBSP "Tage 1" NBSP "Stunde" },
	{ "de", 172800 + 60, "2" NBSP "Tage" },
	{ "en", 1 * HOURS + MINUTES, "1" NBSP "hour 1" NBSP "minute" },
	{ "pl", 22 * HOURS, "22" NBSP "godziny" },
	{ "pl", 5 * HOURS, "5" NBSP "godzin" },
	{ "uk", 21 * HOURS, "21" NBSP "година" },
	{ "ru", 3 * HOURS, "3" NBSP "часа" },
	{ "ru", 11 * MINUTES, "11" NBSP "минут" },
	{ "ro", 20 * MINUTES, "20" NBSP "de minute" },
	{ "fa", 12 * MINUTES, "۱۲" NBSP "دقیقه" },
	{ "fr", 1 * HOURS, "1" NBSP "heure" },
};

static void test_durations(void **state)
{
	char buf[NUMBER_FORMAT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(durations); i++)
		assert_string_equal(
			number_format_duration(
				buf, durations[i].seconds,
				language(*state, durations[i].lang)),
			durations[i].text);
}

/* Two hours are one word in Arabic, and no duration is empty or cut. */
static void test_all_languages(void **state)
{
	const struct lang_set *set = *state;
	char buf[NUMBER_FORMAT_MAX];

	number_format_duration(buf, 2 * HOURS, language(set, "ar"));
	assert_null(strchr(buf, '2'));
	for (size_t l = 0; l < set->count; l++) {
		for (uint64_t n = 1; n < 120; n++) {
			number_format_duration(buf, n * DAYS + 23 * HOURS,
					       &set->lang[l]);
			assert_in_range(strlen(buf), 3, NUMBER_FORMAT_MAX - 30);
			number_format_duration(buf, n * MINUTES, &set->lang[l]);
			assert_in_range(strlen(buf), 3, NUMBER_FORMAT_MAX - 30);
			assert_null(strchr(buf, '{'));
		}
	}
}

/* --- moments ------------------------------------------------------------ */

#define MONDAY_S 1798441200 /* 2026-12-28 07:00 UTC */

static const struct {
	const char *lang;
	uint64_t ahead_s;
	const char *text;
} moments[] = {
	{ "de", DAYS, "Montag, 07:00 Uhr" },
	{ "de", 6 * DAYS - 1, "Montag, 07:00 Uhr" },
	{ "de", 6 * DAYS, "Montag, 28.12.2026, 07:00 Uhr" },
	{ "en", 7 * DAYS, "Monday 28/12/2026, 07:00" },
	{ "bg", 7 * DAYS, "понеделник, 28.12.2026 г., 07:00" },
	{ "fa", 7 * DAYS, "دوشنبه ۲۰۲۶/۱۲/۲۸، ۰۷:۰۰" },
};

static void test_moments(void **state)
{
	char buf[NUMBER_FORMAT_MAX];

	setenv("TZ", "UTC0", 1);
	for (size_t i = 0; i < ARRAY_SIZE(moments); i++)
		assert_string_equal(
			number_format_moment(buf, MONDAY_S, moments[i].ahead_s,
					     language(*state, moments[i].lang)),
			moments[i].text);
}

/* --- amounts ------------------------------------------------------------ */

static const struct {
	const char *lang;
	uint64_t value;
	const char *text;
} amounts[] = {
	{ "de", 0, "0" NBSP "B" },
	{ "de", 999, "999" NBSP "B" },
	{ "de", 1000, "1" NBSP "kB" },
	{ "de", 1500000, "1,5" NBSP "MB" },
	{ "de", 15500000, "15" NBSP "MB" },
	{ "de", 500000000, "500" NBSP "MB" },
	{ "de", 1073741824, "1" NBSP "GB" },
	{ "de", 1990000000, "1,9" NBSP "GB" },
	{ "de", UINT64_MAX, "18446744" NBSP "TB" },
	{ "en", 1500000, "1.5" NBSP "MB" },
	{ "fr", 1500000, "1,5" NBSP "Mo" },
	{ "ru", 500000000, "500" NBSP "МБ" },
}, rates[] = {
	{ "de", 256000, "256" NBSP "kbit/s" },
	{ "de", 5000000, "5" NBSP "Mbit/s" },
	{ "de", 2500000, "2,5" NBSP "Mbit/s" },
	{ "de", 1000000000, "1" NBSP "Gbit/s" },
	{ "de", 8, "8" NBSP "bit/s" },
};

static void test_amounts(void **state)
{
	char buf[NUMBER_FORMAT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(amounts); i++)
		assert_string_equal(
			number_format_bytes(buf, amounts[i].value,
					    language(*state, amounts[i].lang)),
			amounts[i].text);
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++)
		assert_string_equal(
			number_format_rate(buf, rates[i].value,
					   language(*state, rates[i].lang)),
			rates[i].text);
	assert_string_equal(
		number_format_number(buf, "-3.5", language(*state, "de")),
		"-3,5");
	assert_string_equal(
		number_format_number(buf, "120", language(*state, "fa")),
		"۱۲۰");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plurals),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_all_languages),
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_amounts),
	};

	return cmocka_run_group_tests(tests, read_languages, free_languages);
}
