/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * UCI files from standard input, each as "LENGTH\n" and its bytes. Answers each
 * with the lengths of two texts and these: what is wrong with it, or how libuci
 * would write it; and the file told again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/uci_print.h"
#include "tests/golden/ucicanon.h"

struct text {
	char *bytes;
	size_t len;
};

static void ignore(const struct uci_statement *s, void *arg)
{
	(void)s;
	(void)arg;
}

static struct text canonical(const struct text *t, char *error)
{
	const struct uci_watcher any_file = { ignore, NULL };
	struct text out = { 0 };
	FILE *f = open_memstream(&out.bytes, &out.len);
	struct uci_file *tree =
		uci_parse_watched(t->bytes, t->len, &any_file, error);

	if (tree)
		canon_print(tree, f);
	else
		fprintf(f, "%s", error);
	fclose(f);
	uci_free(tree);
	return out;
}

static struct text printed(const struct text *t, char *error)
{
	struct text out = { 0 };
	FILE *f = open_memstream(&out.bytes, &out.len);
	bool good = uci_print(t->bytes, t->len, f, error);

	fclose(f);
	if (!good)
		out.len = 0;
	return out;
}

int main(void)
{
	char error[UCI_ERROR_MAX];
	struct text t, is, again;

	while (scanf("%zu", &t.len) == 1 && getchar() == '\n') {
		t.bytes = malloc(t.len + 1);
		if (!t.bytes || fread(t.bytes, 1, t.len, stdin) != t.len) {
			free(t.bytes);
			return 1;
		}
		is = canonical(&t, error);
		again = printed(&t, error);
		printf("%zu %zu\n", is.len, again.len);
		fwrite(is.bytes, 1, is.len, stdout);
		fwrite(again.bytes, 1, again.len, stdout);
		fflush(stdout);
		free(t.bytes);
		free(is.bytes);
		free(again.bytes);
	}
	return 0;
}
