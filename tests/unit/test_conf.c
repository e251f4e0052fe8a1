/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/config/conf.h"

/* --- a table ----------------------------------------------------------- */

struct thing {
	bool flag;
	uint64_t number, time, rate, size, word, some;
	char device[IFNAMSIZ];
	char *text, *path, *even;
	struct conf_list list;
};

static bool is_even(const char *text)
{
	return strlen(text) % 2 == 0;
}

static const char *const words[] = { "red", "green", NULL };

#define AT(field) .offset = offsetof(struct thing, field)

static const struct conf_option options[] = {
	{ .name = "flag", .type = CONF_BOOL, AT(flag), .fallback = "1" },
	{ .name = "number",
	  .type = CONF_NUMBER,
	  AT(number),
	  .fallback = "5",
	  .min = 2,
	  .max = 9,
	  .help = "a number" },
	{ .name = "time",
	  .type = CONF_SECONDS,
	  AT(time),
	  .fallback = "90s",
	  .max = 86400 },
	{ .name = "rate",
	  .type = CONF_RATE,
	  AT(rate),
	  .fallback = "0",
	  .max = 1000000000 },
	{ .name = "size",
	  .type = CONF_BYTES,
	  AT(size),
	  .fallback = "1GiB",
	  .max = 1ULL << 50 },
	{ .name = "word",
	  .type = CONF_WORD,
	  AT(word),
	  .fallback = "green",
	  .words = words },
	{ .name = "some",
	  .type = CONF_WORDS,
	  AT(some),
	  .fallback = "green",
	  .words = words },
	{ .name = "device",
	  .type = CONF_DEVICE,
	  AT(device),
	  .required = true,
	  .help = "a device" },
	{ .name = "text",
	  .type = CONF_TEXT,
	  AT(text),
	  .fallback = "it's",
	  .max = 10 },
	{ .name = "path",
	  .type = CONF_PATH,
	  AT(path),
	  .fallback = "/tmp",
	  .min = 1,
	  .max = 10 },
	{ .name = "even",
	  .type = CONF_TEXT,
	  AT(even),
	  .fallback = "",
	  .max = 10,
	  .is_valid = is_even,
	  .allowed = "an even number of bytes" },
	{ .name = "list",
	  .type = CONF_TEXT,
	  .is_list = true,
	  AT(list),
	  .max = 4,
	  .help = "some texts" },
};

static const struct conf_table table = { "thing", options, ARRAY_SIZE(options),
					 "old" };

/* Applies the text's only section; NULL: it is fine. */
static const char *apply(struct thing *t, const char *text, char *error)
{
	struct uci_file *f = uci_parse(text, strlen(text), error);
	bool good;

	assert_non_null(f);
	memset(t, 0, sizeof(*t));
	assert_int_equal(conf_defaults(&table, t), 0);
	good = conf_apply(&table, t, TAILQ_FIRST(&f->sections), error);
	uci_free(f);
	return good ? NULL : error;
}

static void defaults(void **state)
{
	char error[UCI_ERROR_MAX];
	struct thing t;

	(void)state;
	assert_null(apply(&t, "config thing\noption device lo", error));
	assert_true(t.flag);
	assert_int_equal(t.number, 5);
	assert_int_equal(t.time, 90);
	assert_int_equal(t.size, 1 << 30);
	assert_int_equal(t.word, 1);
	assert_string_equal(t.device, "lo");
	assert_string_equal(t.text, "it's");
	assert_int_equal(t.list.count, 0);
	conf_clear(&table, &t);
	assert_null(t.text);
	conf_clear(&table, &t);
}

static const struct {
	const char *line;
	const char *error; /* NULL: taken */
} lines[] = {
	{ "option flag off", NULL },
	{ "option flag true", NULL },
	{ "option flag TRUE",
	  "3: invalid value 'TRUE' for flag, allowed: 0 or 1" },
	{ "option flag 2", "3: invalid value '2' for flag, allowed: 0 or 1" },
	{ "option number 2", NULL },
	{ "option number 9", NULL },
	{ "option number 1",
	  "3: invalid value '1' for number, allowed: a whole number, "
	  "from 2 to 9" },
	{ "option number 10",
	  "3: invalid value '10' for number, allowed: a whole number, "
	  "from 2 to 9" },
	{ "option time 2d",
	  "3: invalid value '2d' for time, allowed: a time such as 90, "
	  "15m, 8h or 2d, from 0 to 1d" },
	{ "option rate 2gbit",
	  "3: invalid value '2gbit' for rate, allowed: a rate such "
	  "as 800kbit or 5mbit, from 0 to 1gbit" },
	{ "option size x",
	  "3: invalid value 'x' for size, allowed: a size such as 500MB "
	  "or 2GiB, from 0 to 1024TiB" },
	{ "option word red", NULL },
	{ "option word Red",
	  "3: invalid value 'Red' for word, allowed: one of red, "
	  "green; did you mean red?" },
	{ "option word ''",
	  "3: invalid value '' for word, allowed: one of red, green" },
	{ "option text ''", NULL },
	{ "option text 0123456789", NULL },
	{ "option text 0123456789a",
	  "3: invalid value '0123456789a' for text, allowed: "
	  "text in UTF-8 without control "
	  "or direction characters (0 to "
	  "10 bytes)" },
	{ "option text 'a\tb'",
	  "3: invalid value 'a?b' for text, allowed: text in UTF-8 "
	  "without control or direction characters" },
	{ "option text 'a\nb'",
	  "3: invalid value 'a?b' for text, allowed: text in UTF-8 "
	  "without control or direction characters" },
	{ "option path /a", NULL },
	{ "option path a",
	  "3: invalid value 'a' for path, allowed: an absolute file name "
	  "(1 to 10 bytes)" },
	{ "option path ''",
	  "3: invalid value '' for path, allowed: an absolute file name "
	  "(1 to 10 bytes)" },
	{ "option even ab", NULL },
	{ "option even abc",
	  "3: invalid value 'abc' for even, allowed: an even number of "
	  "bytes" },
	{ "list list a", NULL },
	{ "list list abcde",
	  "3: invalid value 'abcde' for list, allowed: text in UTF-8 "
	  "without control or direction characters (0 to 4 "
	  "bytes)" },
	{ "option list a", "3: list must be given as 'list'" },
	{ "list number 5", "3: number must be given as 'option'" },
	{ "option nothing 1",
	  "3: unknown option 'nothing' in a thing section" },
	{ "option device eth1", "3: device is given twice" },
	{ "option flag 1\noption flag 1", "4: flag is given twice" },
	{ "option number 0123456789012345678901234567890123456789X",
	  "3: invalid value '0123456789012345678901234567890123456789' for "
	  "number, allowed: a whole number, from 2 to 9" },
};

static void one_line_each(void **state)
{
	char error[UCI_ERROR_MAX];
	char text[256];
	struct thing t;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		const char *got;

		snprintf(text, sizeof(text),
			 "config thing\noption device lo\n%s\n", lines[i].line);
		got = apply(&t, text, error);
		if (!got != !lines[i].error)
			fail_msg("'%s': %s", lines[i].line,
				 got ? got : "was taken");
		if (got)
			assert_string_equal(got, lines[i].error);
		conf_clear(&table, &t);
	}
}

static void device_names(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} cases[] = {
		{ "eth0", true },
		{ "br-lan.10", true },
		{ "123456789012345", true },
		{ "br,eth0", false },
		{ "'eth0;{#'", false },
		{ "1234567890123456", false },
		{ "''", false },
		{ ".", false },
		{ "..", false },
		{ "a/b", false },
		{ "a:b", false },
		{ "'a b'", false },
		{ "'a\"b'", false },
		{ "'a\\b'", false },
		{ "'a\x7f'", false },
	};
	char error[UCI_ERROR_MAX];
	char text[64];
	struct thing t;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text), "config thing\noption device %s",
			 cases[i].name);
		if (!apply(&t, text, error) != cases[i].good)
			fail_msg("device %s", cases[i].name);
		conf_clear(&table, &t);
	}
}

static void required(void **state)
{
	char error[UCI_ERROR_MAX];
	struct thing t;

	(void)state;
	assert_string_equal(apply(&t, "\nconfig thing\n", error),
			    "2: this thing section needs an option 'device'");
	conf_clear(&table, &t);
}

static void list_bound(void **state)
{
	char error[UCI_ERROR_MAX];
	static const char line[] = "list list a\n";
	char text[2048] = "config thing\noption device lo\n";
	size_t len = strlen(text);
	struct thing t;

	(void)state;
	for (int i = 0; i < CONF_LIST_MAX; i++, len += sizeof(line) - 1)
		memcpy(text + len, line, sizeof(line));
	assert_null(apply(&t, text, error));
	assert_int_equal(t.list.count, CONF_LIST_MAX);
	conf_clear(&table, &t);
	memcpy(text + len, line, sizeof(line));
	assert_string_equal(apply(&t, text, error), "67: more than 64 of list");
	conf_clear(&table, &t);
}

static void some_words(void **state)
{
	static const struct {
		const char *given;
		uint64_t some; /* bits; 0: refused */
	} cases[] = {
		{ "", 2 },
		{ "option some red\n", 1 },
		{ "list some red\n", 1 },
		{ "list some green\nlist some red\nlist some red\n", 3 },
		{ "option some red\nlist some green\n", 0 },
		{ "list some red\noption some green\n", 0 },
		{ "list some blue\n", 0 },
		{ "list some ''\n", 0 },
	};
	char error[UCI_ERROR_MAX], text[128];
	struct thing t;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text),
			 "config thing\noption device lo\n%s", cases[i].given);
		if (!apply(&t, text, error) != (cases[i].some != 0))
			fail_msg("%s", cases[i].given);
		if (cases[i].some)
			assert_int_equal(t.some, cases[i].some);
		conf_clear(&table, &t);
	}
}

static void prints_what_it_reads(void **state)
{
	static const char text[] = "config thing 'x'\n"
				   "\toption flag '0'\n"
				   "\toption number '9'\n"
				   "\toption time '90m'\n"
				   "\toption rate '1500kbit'\n"
				   "\toption size '1TiB'\n"
				   "\toption word 'red'\n"
				   "\tlist some 'red'\n"
				   "\tlist some 'green'\n"
				   "\toption device 'br0'\n"
				   "\toption text ''\"'\"'\\\"'\n"
				   "\toption path '/x'\n"
				   "\toption even ''\n"
				   "\tlist list 'a b'\n"
				   "\tlist list '#'\n"
				   "\n";
	char error[UCI_ERROR_MAX];
	char printed[1024] = "";
	struct thing t;
	FILE *f = fmemopen(printed, sizeof(printed), "w");

	(void)state;
	assert_non_null(f);
	assert_null(apply(&t, text, error));
	assert_string_equal(t.text, "'\\\"");
	conf_print(&table, &t, "x", f);
	fclose(f);
	assert_string_equal(printed, text);
	conf_clear(&table, &t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(one_line_each),
		cmocka_unit_test(device_names),
		cmocka_unit_test(required),
		cmocka_unit_test(list_bound),
		cmocka_unit_test(some_words),
		cmocka_unit_test(prints_what_it_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
