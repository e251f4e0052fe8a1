/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/text.h"

#include <stdint.h>

/* The character at *s, which it passes; UINT32_MAX, and stays: malformed. */
static uint32_t next_character(const unsigned char **s)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = *s;
	int more = *p < 0x80		 ? 0
		   : (*p & 0xe0) == 0xc0 ? 1
		   : (*p & 0xf0) == 0xe0 ? 2
		   : (*p & 0xf8) == 0xf0 ? 3
					 : -1;
	uint32_t c;

	if (more < 0)
		return UINT32_MAX;
	c = more ? *p & (0x3fU >> more) : *p;
	for (int i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return UINT32_MAX;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return UINT32_MAX;
	*s = p + more + 1;
	return c;
}

static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f);
}

static bool turns_direction(uint32_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static bool is_plain(uint32_t c)
{
	return c != UINT32_MAX && !is_control(c) && !turns_direction(c);
}

bool text_is_plain(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	while (*s)
		if (!is_plain(next_character(&s)))
			return false;
	return true;
}

void text_clean(char *text)
{
	while (*text) {
		const unsigned char *next = (const unsigned char *)text;

		if (is_plain(next_character(&next)))
			text += next - (const unsigned char *)text;
		else
			*text++ = '?';
	}
}
