/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/authority.h"

#include <stdbool.h>
#include <string.h>

static bool is_port(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

size_t authority_host(const char *text, size_t len, const char **host)
{
	bool has_bracket = len && *text == '[';
	const char *end = memchr(text, has_bracket ? ']' : ':', len);
	size_t host_len = end ? (size_t)(end - text) : len;
	size_t at = host_len + (has_bracket && end);

	if ((has_bracket && !end) ||
	    (at < len &&
	     (text[at] != ':' || !is_port(text + at + 1, len - at - 1))))
		return 0;
	*host = text + has_bracket;
	return host_len - has_bracket;
}
