/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/util/hex.h"

#include <string.h>

static const char digits[] = "0123456789abcdef";

void hex_build(char *out, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * len] = '\0';
}

static int digit(char c)
{
	const char *found;

	if (c >= 'A' && c <= 'F')
		c |= 0x20;
	found = c ? strchr(digits, c) : NULL;
	return found ? (int)(found - digits) : -1;
}

int hex_parse(const char *text, uint8_t *out, size_t max)
{
	size_t len = strlen(text);

	if (len % 2 || len / 2 > max)
		return -1;
	for (size_t i = 0; i < len / 2; i++) {
		int high = digit(text[2 * i]);
		int low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return (int)(len / 2);
}
