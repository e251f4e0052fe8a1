/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The news as a mail (RFC 5322), whose text is in base64 whatever it says. */
#ifndef STADTTOR_PORTAL_NOTIFY_MAIL_TEXT_H
#define STADTTOR_PORTAL_NOTIFY_MAIL_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define MAIL_TEXT_MAX 8192

/* Its length, with the dot that ends it; 0: it does not fit. id: random. */
size_t mail_text(char out[MAIL_TEXT_MAX], const char *from, const char *to,
		 const char *json, uint64_t id);

/* Base64 with padding, in lines of 76; out: MAIL_BASE64(len) characters. */
#define MAIL_BASE64(len) (((len) + 2) / 3 * 4 + (len) / 57 * 2 + 3)
void mail_base64(char *out, const void *bytes, size_t len);

#endif
