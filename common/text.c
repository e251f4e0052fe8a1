/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/text.h"

#include <stddef.h>

uint32_t text_next(const char **text)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)*text;
	size_t more = *p < 0x80 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
	uint32_t c = more ? *p & (0x3fU >> more) : *p;

	if ((*p >= 0x80 && *p < 0xc2) || *p > 0xf4)
		return TEXT_MALFORMED;
	for (size_t i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return TEXT_MALFORMED;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return TEXT_MALFORMED;
	*text += more ? more + 1 : *p != '\0';
	return c;
}

static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f);
}

static bool turns_direction(uint32_t c)
{
	return (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static bool is_plain(uint32_t c)
{
	return c != TEXT_MALFORMED && !is_control(c) && !turns_direction(c);
}

bool text_is_plain(const char *text)
{
	while (*text)
		if (!is_plain(text_next(&text)))
			return false;
	return true;
}

void text_clean(char *text)
{
	while (*text) {
		const char *next = text;

		if (is_plain(text_next(&next)))
			text += next - text;
		else
			*text++ = '?';
	}
}
