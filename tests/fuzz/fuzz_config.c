/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a config: it is refused in one printable line, or what it means
 * is printed, read back, and printed the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/settings.h"

#define CHECK(what)                                                            \
	do {                                                                   \
		if (!(what))                                                   \
			__builtin_trap();                                      \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *print(const struct settings *s, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	CHECK(f);
	settings_print(s, f);
	CHECK(!fclose(f));
	return text;
}

static void check_error(const char *error)
{
	unsigned int line;
	size_t len = strlen(error);

	CHECK(len < UCI_ERROR_MAX);
	CHECK(sscanf(error, "fuzz:%u: ", &line) == 1);
	for (size_t i = 0; i < len; i++)
		CHECK((unsigned char)error[i] >= 0x20 && error[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[UCI_ERROR_MAX] = "";
	struct settings *s =
		settings_parse("fuzz", (const char *)data, size, error);
	char *once, *twice;
	size_t once_len, twice_len;

	if (!s) {
		check_error(error);
		return 0;
	}
	once = print(s, &once_len);
	settings_free(s);
	s = settings_parse("fuzz", once, once_len, error);
	CHECK(s);
	twice = print(s, &twice_len);
	settings_free(s);
	CHECK(once_len == twice_len && !memcmp(once, twice, once_len));
	free(once);
	free(twice);
	return 0;
}
