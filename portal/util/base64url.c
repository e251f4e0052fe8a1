/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/util/base64url.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvw"
			     "xyz0123456789-_";

void base64url_build(char *out, const void *bytes, size_t len)
{
	const uint8_t *b = bytes;
	uint32_t bits = 0;
	unsigned int left = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | b[i];
		for (left += 8; left >= 6; left -= 6)
			*out++ = digits[bits >> (left - 6) & 63];
	}
	if (left)
		*out++ = digits[bits << (6 - left) & 63];
	*out = '\0';
}

int base64url_parse(const char *text, size_t len, void *out, size_t max)
{
	uint8_t *b = out;
	uint32_t bits = 0;
	unsigned int left = 0;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		const char *at = text[i] ? strchr(digits, text[i]) : NULL;

		if (!at)
			return -1;
		bits = bits << 6 | (uint32_t)(at - digits);
		left += 6;
		if (left < 8)
			continue;
		if (n == max)
			return -1;
		left -= 8;
		b[n++] = (uint8_t)(bits >> left);
	}
	if (left >= 6 || (bits & ((1U << left) - 1)))
		return -1;
	return (int)n;
}
