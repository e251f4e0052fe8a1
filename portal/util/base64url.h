/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base64url without padding: RFC 4648, section 5, as RFC 7515 uses it. */
#ifndef STADTTOR_PORTAL_UTIL_BASE64URL_H
#define STADTTOR_PORTAL_UTIL_BASE64URL_H

#include <stddef.h>

#define BASE64URL(len) (((len)*4 + 2) / 3 + 1) /* with the closing NUL */

/* out: BASE64URL(len) characters */
void base64url_build(char *out, const void *bytes, size_t len);

/*
 * The number of bytes; -1: another character, bits that mean nothing, or more
 * than max bytes. One way of writing a value is taken, so that none has two.
 */
int base64url_parse(const char *text, size_t len, void *out, size_t max);

#endif
