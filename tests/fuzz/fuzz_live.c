/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A document from a city's data source, with the pointer on its first line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "portal/live/live_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1);
	char text[LIVE_TEXT_MAX] = "";
	const char *why = NULL;
	char *end;

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	copy[size] = '\0';
	end = memchr(copy, '\n', size);
	if (end) {
		struct live_source source = { .pointer = copy, .decimals = 2 };
		struct fetch_document d = {
			.bytes = end + 1, .len = size - (size_t)(end + 1 - copy)
		};

		*end = '\0';
		if (live_pointer_is_valid(copy) &&
		    live_value_parse(text, &d, &source, &why) &&
		    (!memchr(text, '\0', sizeof(text)) || !*text ||
		     !text_is_plain(text)))
			abort();
	}
	free(copy);
	return 0;
}
