/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes as hexadecimal text. */
#ifndef STADTTOR_PORTAL_UTIL_HEX_H
#define STADTTOR_PORTAL_UTIL_HEX_H

#include <stddef.h>
#include <stdint.h>

/* out: 2 * len + 1 characters */
void hex_build(char *out, const uint8_t *bytes, size_t len);

/* The number of bytes; -1: not hexadecimal, or more than max bytes. */
int hex_parse(const char *text, uint8_t *out, size_t max);

#endif
