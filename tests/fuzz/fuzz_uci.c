/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a UCI file: it is refused in one printable line, or told again
 * byte for byte, and what was read is read again when it is written anew, with
 * any other spelling than the given one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/uci_print.h"
#include "tests/fuzz/fuzzcheck.h"
#include "tests/golden/ucicanon.h"

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

static void print_canonical(const struct uci_file *f, struct printed *p)
{
	printed_start(p);
	canon_print(f, p->out);
	printed_end(p);
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
	struct printed once, twice;
	struct uci_file *again;

	print_canonical(f, &once);
	again = parse(once.text, once.len, error);
	CHECK(again);
	print_canonical(again, &twice);
	CHECK(printed_is(&twice, once.text, once.len));
	uci_free(again);
	free(once.text);
	free(twice.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char error[UCI_ERROR_MAX] = "", printed_error[UCI_ERROR_MAX] = "";
	struct uci_file *f = parse(text, size, error);
	struct printed printed;

	printed_start(&printed);
	CHECK(uci_print(text, size, printed.out, printed_error) == !!f);
	printed_end(&printed);
	if (f) {
		CHECK(printed_is(&printed, data, size));
		if (can_be_written(f))
			check_again(f);
	} else {
		CHECK(!strcmp(error, printed_error));
		CHECK(check_error(error, "", sizeof(error)));
	}
	uci_free(f);
	free(printed.text);
	return 0;
}
