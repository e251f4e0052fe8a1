/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/text.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 12   /* "<U+10FFFF>" */
#define TEXT_MAX  1024 /* no error is longer */

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

/* Blanks, quotes, dashes and marks that a word processor writes. */
static bool is_deceptive(uint32_t c)
{
	return c == 0xa0 || c == 0xab || c == 0xad || c == 0xb4 || c == 0xbb ||
	       c == 0x180e || (c >= 0x2000 && c <= 0x206f) || c == 0x3000 ||
	       (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff;
}

/* Of what is no character: byte by byte. */
static size_t show_byte(char *out, const char **next, const char *text)
{
	*out = '?';
	*next = text + 1;
	return 1;
}

/* One character from *text, which it passes, as it is shown. */
static size_t show_one(const char **text, char out[SHOWN_MAX])
{
	const char *next = *text;
	uint32_t c = text_next(&next);
	size_t len = (size_t)(next - *text);

	if (c != TEXT_MALFORMED && is_deceptive(c))
		len = (size_t)snprintf(out, SHOWN_MAX, "<U+%04" PRIX32 ">", c);
	else if (is_plain(c))
		memcpy(out, *text, len);
	else
		len = show_byte(out, &next, *text);
	*text = next;
	return len;
}

void text_show(char *text, size_t max)
{
	char shown[TEXT_MAX], one[SHOWN_MAX];
	const char *at = text;
	size_t used = 0, len;

	while (*at) {
		len = show_one(&at, one);
		if (used + len >= max || used + len >= sizeof(shown))
			break;
		memcpy(shown + used, one, len);
		used += len;
	}
	memcpy(text, shown, used);
	text[used] = '\0';
}
