/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a UCI file: it is refused in one printable line, or told again
 * byte for byte, and what was read is read again when it is written anew, with
 * any other spelling than the given one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/uci_print.h"
#include "tests/golden/ucicanon.h"

#define CHECK(what)                                                            \
	do {                                                                   \
		if (!(what))                                                   \
			__builtin_trap();                                      \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const char *error)
{
	unsigned int line;
	size_t len = strlen(error);

	CHECK(len < UCI_ERROR_MAX);
	CHECK(sscanf(error, "%u: ", &line) == 1 && line);
	for (size_t i = 0; i < len; i++)
		CHECK((unsigned char)error[i] >= 0x20 && error[i] != 0x7f);
}

static void on_statement(const struct uci_statement *s, void *arg)
{
	const char **end = arg;

	CHECK(s->keyword >= *end);
	*end = s->keyword + s->keyword_len;
	for (size_t i = 0; i < s->words; i++) {
		CHECK(s->word[i].raw >= *end);
		*end = s->word[i].raw + s->word[i].raw_len;
		CHECK(strlen(s->word[i].text) <= s->word[i].raw_len);
	}
}

static struct uci_file *parse(const char *text, size_t len, char *error)
{
	const char *end = text;
	const struct uci_watcher watcher = { on_statement, &end };
	struct uci_file *f = uci_parse_watched(text, len, &watcher, error);

	CHECK(end <= text + len);
	return f;
}

static char *canonical(const struct uci_file *f, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	CHECK(out);
	canon_print(f, out);
	CHECK(!fclose(out));
	return text;
}

/* libuci writes types without quotes, whatever they hold. */
static bool can_be_written(const struct uci_file *f)
{
	const struct uci_section *s;

	TAILQ_FOREACH (s, &f->sections, next)
		if (strpbrk(s->type, "'\"\\#;"))
			return false;
	return true;
}

static void check_again(const struct uci_file *f)
{
	char error[UCI_ERROR_MAX] = "";
	size_t once_len, twice_len;
	char *once = canonical(f, &once_len), *twice;
	struct uci_file *again = parse(once, once_len, error);

	CHECK(again);
	twice = canonical(again, &twice_len);
	CHECK(once_len == twice_len && !memcmp(once, twice, once_len));
	uci_free(again);
	free(once);
	free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char error[UCI_ERROR_MAX] = "", printed_error[UCI_ERROR_MAX] = "";
	struct uci_file *f = parse(text, size, error);
	char *printed = NULL;
	size_t len;
	FILE *out = open_memstream(&printed, &len);

	CHECK(out);
	CHECK(uci_print(text, size, out, printed_error) == !!f);
	CHECK(!fclose(out));
	if (f) {
		CHECK(len == size && !memcmp(printed, data, size));
		if (can_be_written(f))
			check_again(f);
	} else {
		CHECK(!strcmp(error, printed_error));
		check_error(error);
	}
	uci_free(f);
	free(printed);
	return 0;
}
