/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a config: it is refused in one printable line, or what it means
 * is printed, read back, and printed the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "common/config/settings.h"
#include "common/config/settings_read.h"
#include "tests/fuzz/fuzzcheck.h"

static void print_and_free(struct settings *s, struct printed *p)
{
	printed_start(p);
	settings_print(s, p->out);
	printed_end(p);
	settings_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[UCI_ERROR_MAX] = "";
	struct settings *s =
		settings_parse("fuzz", (const char *)data, size, error);
	struct printed once, twice;

	if (!s) {
		check_error(error, "fuzz:", sizeof(error));
		return 0;
	}
	print_and_free(s, &once);
	s = settings_parse("fuzz", once.text, once.len, error);
	CHECK(s);
	print_and_free(s, &twice);
	CHECK(printed_is(&twice, once.text, once.len));
	free(once.text);
	free(twice.text);
	return 0;
}
