/* SPDX-License-Identifier: GPL-3.0-or-later */
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
#include "common/config/uci.h"

#define LITERAL(s) (s), sizeof(s) - 1

/* The tree as one line: type[name]@line{option=value@line ...} */
static void describe(const struct uci_file *f, char *text, size_t room)
{
	const struct uci_section *s;
	const struct uci_option *o;
	FILE *out = fmemopen(text, room, "w");

	assert_non_null(out);
	TAILQ_FOREACH (s, &f->sections, next) {
		fprintf(out, "%s[%s]@%u{", s->type, s->name ? s->name : "",
			s->line);
		TAILQ_FOREACH (o, &s->options, next)
			fprintf(out, "%s%s=%s@%u;", o->is_list ? "+" : "",
				o->name, o->value, o->line);
		fputs("}", out);
	}
	fclose(out);
}

static const struct {
	const char *text;
	size_t len;
	const char *tree;
} good[] = {
	{ LITERAL(""), "" },
	{ LITERAL("\n\n# nothing\n"), "" },
	{ LITERAL("\t# indented\r\n"), "" },
	{ LITERAL("package stadttor\n"), "" },
	{ LITERAL("config a"), "a[]@1{}" },
	{ LITERAL("config a 'b'"), "a[b]@1{}" },
	{ LITERAL("config a b\r\noption c d\r\n"), "a[b]@1{c=d@2;}" },
	{ LITERAL("config a\n option c 'd e'\n"), "a[]@1{c=d e@2;}" },
	{ LITERAL("config a\n option c \"d e\"\n"), "a[]@1{c=d e@2;}" },
	{ LITERAL("config a\n option c ''\n"), "a[]@1{c=@2;}" },
	{ LITERAL("config a\n option c d # why\n"), "a[]@1{c=d@2;}" },
	{ LITERAL("config a\n option c d#why\n"), "a[]@1{c=d@2;}" },
	{ LITERAL("config a\n option c 'd#e'\n"), "a[]@1{c=d#e@2;}" },
	{ LITERAL("config a\n option c '\\'\n"), "a[]@1{c=\\@2;}" },
	{ LITERAL("config a\n option c \"\\\"\"\n"), "a[]@1{c=\"@2;}" },
	{ LITERAL("config a\n option c it\\'s\n"), "a[]@1{c=it's@2;}" },
	{ LITERAL("config a\n option c 'it'\"'\"'s'\n"), "a[]@1{c=it's@2;}" },
	{ LITERAL("config a\n option c 'd'e\"f\"\n"), "a[]@1{c=def@2;}" },
	{ LITERAL("config a\n option c 'd\ne'\n option f g\n"),
	  "a[]@1{c=d\ne@2;f=g@4;}" },
	{ LITERAL("config a\n option \\\nc \\\r\nd\\\n\n option f g"),
	  "a[]@1{c=d@2;f=g@6;}" },
	{ LITERAL("config a\n option c d\\\n # e\n"), "a[]@1{c=d@2;}" },
	{ LITERAL("config a\n option c \"d\\\ne\\\r\nf\"\n"),
	  "a[]@1{c=def@2;}" },
	{ LITERAL("config a\n option c 'd\\\ne'\n"), "a[]@1{c=d\\\ne@2;}" },
	{ LITERAL("config a\n option c d\\"), "a[]@1{c=d@2;}" },
	{ LITERAL("config a\n option c d\\ \\#\\;e\n"), "a[]@1{c=d #;e@2;}" },
	{ LITERAL("config a ''\n option c '' ''\n"), "a[]@1{c=@2;}" },
	{ LITERAL("c a\n o b c\n l d e\np f\n"), "a[]@1{b=c@2;+d=e@3;}" },
	{ LITERAL("config a 'b' ; option c d ; list e 'f'; # g\n"),
	  "a[b]@1{c=d@1;+e=f@1;}" },
	{ LITERAL("config a b; # c\n"), "a[b]@1{}" },
	{ LITERAL("config wifi-device:5/x a_1\n"), "wifi-device:5/x[a_1]@1{}" },
	{ LITERAL("config a b\nconfig a b\n"), "a[b]@1{}a[b]@2{}" },
	{ LITERAL("\v\fconfig a\v'b'\f\n"), "a[b]@1{}" },
	{ LITERAL("config a\n list c d\n list c e\nconfig f\n"),
	  "a[]@1{+c=d@2;+c=e@3;}f[]@4{}" },
	{ LITERAL("config a\n option c 'Stra\xc3\x9f"
		  "e'\n"),
	  "a[]@1{c=Stra\xc3\x9f"
	  "e@2;}" },
};

static void good_texts(void **state)
{
	char error[UCI_ERROR_MAX];
	char tree[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct uci_file *f =
			uci_parse(good[i].text, good[i].len, error);

		if (!f)
			fail_msg("case %zu: %s", i, error);
		memset(tree, 0, sizeof(tree));
		describe(f, tree, sizeof(tree));
		assert_string_equal(tree, good[i].tree);
		uci_free(f);
	}
}

static const struct {
	const char *text;
	size_t len;
	const char *error;
} bad[] = {
	{ LITERAL("config"), "1: expected: config TYPE ['NAME']" },
	{ LITERAL("config a\noption\n"), "2: expected: option NAME 'VALUE'" },
	{ LITERAL("config a b c"), "1: expected: config TYPE ['NAME']; "
				   "what has blanks needs quotes" },
	{ LITERAL("config ''"), "1: expected: config TYPE ['NAME']" },
	{ LITERAL("config 'a b'"), "1: the section type may only hold visible "
				   "ASCII characters" },
	{ LITERAL("config \xc3\x9f"), "1: the section type may only hold "
				      "visible ASCII characters" },
	{ LITERAL("config a 'b c'"),
	  "1: the section name may only hold letters, digits and '_'" },
	{ LITERAL("config a b-c"),
	  "1: the section name may only hold letters, digits and '_'" },
	{ LITERAL("config a b\nconfig c b\n"),
	  "2: 'b' names a section of type 'a' already, in line 1" },
	{ LITERAL("option a b"), "1: option stands before the first section" },
	{ LITERAL("list a b"), "1: list stands before the first section" },
	{ LITERAL("config a\noption b"), "2: expected: option NAME 'VALUE'" },
	{ LITERAL("config a\noption b #c"),
	  "2: expected: option NAME 'VALUE'" },
	{ LITERAL("config a\nlist b"), "2: expected: list NAME 'VALUE'" },
	{ LITERAL("config a\noption b c d"),
	  "2: expected: option NAME 'VALUE'; what has blanks needs quotes" },
	{ LITERAL("config a\noption b c '' d"),
	  "2: a line starts with config, option or list, not with 'd'" },
	{ LITERAL("config a\noption 'b c' d"),
	  "2: the option name may only hold letters, digits and '_'" },
	{ LITERAL("config a\noption \\\n b c"),
	  "3: expected: option NAME 'VALUE'" },
	{ LITERAL("config a\n\noption b 'c\n\n"),
	  "3: the quote ' is never closed" },
	{ LITERAL("config a\noption b \"c\\\""),
	  "2: the quote \" is never closed" },
	{ LITERAL("config a\noption b \"c\\"),
	  "2: the quote \" is never closed" },
	{ LITERAL("config a\noption b c; option d e"),
	  "2: a ';' outside of quotes; put it into quotes, or a blank before "
	  "it" },
	{ LITERAL("config a\noption b 'c';\n"),
	  "2: a statement has to follow a ';' or an empty word" },
	{ LITERAL("config a\noption b c\0d"), "2: a NUL byte" },
	{ LITERAL("config a\n#\n\n# c\0d\n"), "4: a NUL byte" },
	{ LITERAL("\0"), "1: a NUL byte" },
	{ LITERAL("package"), "1: expected: package NAME" },
	{ LITERAL("package a.b"), "1: the package name may only hold letters, "
				  "digits, '_' and '-'" },
	{ LITERAL("[section]"), "1: a line starts with config, option or list, "
				"not with '[section]'" },
	{ LITERAL("'config' a"),
	  "1: a line starts with config, option or list, "
	  "not with ''config''; did you mean config?" },
	{ LITERAL("conf\\\nig a"), "1: a line starts with config, option or "
				   "list, not with 'conf\\'" },
	{ LITERAL("co a"), "1: a line starts with config, option or list, not "
			   "with 'co'" },
	{ LITERAL("\x1b[31m"), "1: a line starts with config, option or list, "
			       "not with '?[31m'" },
	{ LITERAL("\xef\xbb\xbf"
		  "config a"),
	  "1: the file begins with a byte order mark; save it as UTF-8 "
	  "without one" },
};

static void bad_texts(void **state)
{
	char error[UCI_ERROR_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct uci_file *f = uci_parse(bad[i].text, bad[i].len, error);

		if (f)
			fail_msg("case %zu was taken", i);
		assert_string_equal(error, bad[i].error);
	}
}

/* Nothing bounds a word but the file it is in. */
static void long_word(void **state)
{
	static char text[1024 * 1024];
	char error[UCI_ERROR_MAX];
	struct uci_file *f;
	int head = snprintf(text, sizeof(text), "config a\noption b ");

	(void)state;
	memset(text + head, 'x', sizeof(text) - (size_t)head);
	f = uci_parse(text, sizeof(text), error);
	assert_non_null(f);
	assert_int_equal(
		strlen(TAILQ_FIRST(&TAILQ_FIRST(&f->sections)->options)->value),
		sizeof(text) - (size_t)head);
	uci_free(f);
}

static void write_file(const char *path, size_t bytes)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	for (size_t i = 0; i < bytes; i++)
		fputc('\n', f);
	assert_int_equal(fclose(f), 0);
}

static void file_bounds(void **state)
{
	char dir[] = "/tmp/stadttor-uci-XXXXXX";
	char path[64], expected[128], error[UCI_ERROR_MAX];
	struct uci_file *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/config", dir);
	assert_null(uci_read(path, error));
	snprintf(expected, sizeof(expected), "%s: No such file or directory",
		 path);
	assert_string_equal(error, expected);
	assert_null(uci_read(dir, error));
	snprintf(expected, sizeof(expected), "%s: Is a directory", dir);
	assert_string_equal(error, expected);

	write_file(path, 1024 * 1024);
	f = uci_read(path, error);
	assert_non_null(f);
	uci_free(f);
	write_file(path, 1024 * 1024 + 1);
	assert_null(uci_read(path, error));
	snprintf(expected, sizeof(expected), "%s: File too large", path);
	assert_string_equal(error, expected);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_texts),
		cmocka_unit_test(bad_texts),
		cmocka_unit_test(long_word),
		cmocka_unit_test(file_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
