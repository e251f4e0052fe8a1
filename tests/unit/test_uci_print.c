/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/uci_print.h"
#include "common/array.h"

static const char *const same[] = {
	"",
	"\n",
	" \t\r\n",
	"# nothing",
	"#\n\n  # 'open\n",
	"config a\n",
	"config a 'b'",
	"\tconfig\ta  \"b\" \t# c\r\n",
	"package x-y\n\nconfig a\n",
	"c a\no b c\nl d e\np f\n",
	"config a ''\n\toption b ''\n\tlist c \"\" '' # d\n",
	"config a\n\toption b\n\tlist c # d\n",
	"config a\n\toption b 'it'\\''s' # \"x\"\n",
	"config a\n\toption b \"q\\\"q\\\\\"\\ \\#'#'\n",
	"config a\n\toption b 'one\n two\n'\n\toption c d\n",
	"config a\n\toption b \"one\\\ntwo\\\r\nthree\"\n",
	"config a\n\toption \\\nb \\\r\nc\\\n\n",
	"config a\n\toption b c\\",
	"config a 'b'; option c 'd' ; list e f ; # g\n",
	"config a b;\n",
	"config a\v'b'\f\n",
};

static char *print(const char *text, char *error)
{
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);
	bool good;

	assert_non_null(f);
	good = uci_print(text, strlen(text), f, error);
	assert_int_equal(fclose(f), 0);
	if (good)
		return out;
	free(out);
	return NULL;
}

static void prints_the_same(void **state)
{
	char error[UCI_ERROR_MAX];
	char *again;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		again = print(same[i], error);
		if (!again)
			fail_msg("case %zu: %s", i, error);
		assert_string_equal(again, same[i]);
		free(again);
	}
}

static void says_what_is_wrong(void **state)
{
	char error[UCI_ERROR_MAX];

	(void)state;
	assert_null(print("config a\n\toption b 'c\n", error));
	assert_string_equal(error, "2: the quote ' is never closed");
	assert_null(print("config a\n\noption\n", error));
	assert_string_equal(error, "3: expected: option NAME 'VALUE'");
}

struct seen {
	char text[256];
};

static void on_statement(const struct uci_statement *s, void *arg)
{
	struct seen *c = arg;

	for (size_t i = 0; i < s->words; i++)
		if (s->word[i].raw_len)
			snprintf(c->text + strlen(c->text),
				 sizeof(c->text) - strlen(c->text),
				 "%u:%zu:%.*s=%s|", s->line, i,
				 (int)s->word[i].raw_len, s->word[i].raw,
				 s->word[i].text);
}

static void tells_of_words(void **state)
{
	const char *text =
		"config a 'b'\n\toption c \"d\\\"\"e # f\n\tlist g\n";
	struct seen c = { 0 };
	const struct uci_watcher watcher = { on_statement, &c };
	char error[UCI_ERROR_MAX];
	struct uci_file *f =
		uci_parse_watched(text, strlen(text), &watcher, error);

	(void)state;
	assert_non_null(f);
	assert_string_equal(c.text, "1:0:a=a|1:1:'b'=b|2:0:c=c|"
				    "2:1:\"d\\\"\"e=d\"e|3:0:g=g|");
	uci_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_the_same),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(tells_of_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
