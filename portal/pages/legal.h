/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The legal pages: legal notice, privacy notice and accessibility statement in
 * German and English, made once of templates DIR/pages/legal_NAME_LANGUAGE.html
 * and the config's facts, and the operator's own terms in any language.
 */
#ifndef STADTTOR_PORTAL_PAGES_LEGAL_H
#define STADTTOR_PORTAL_PAGES_LEGAL_H

#include "common/config/settings.h"
#include "common/log.h"

#define LEGAL_BYTES_MAX (32 * 1024) /* of a text in HTML */
#define LEGAL_ERROR_MAX 512

enum legal_page {
	LEGAL_IMPRINT,
	LEGAL_PRIVACY,
	LEGAL_ACCESS,
	LEGAL_TERMS,
	LEGAL_PAGES
};

struct legal;

/* NULL: error names the file, and what is wrong. */
struct legal *legal_read(const struct settings *s,
			 char error[LEGAL_ERROR_MAX]) MUST_CHECK;
void legal_free(struct legal *l);

/*
 * The text for somebody who reads that language, and the one that it is in;
 * NULL: the operator has none.
 */
const char *legal_text(const struct legal *l, enum legal_page page,
		       const char *language, char in[SETTINGS_LANGUAGE_MAX]);

#endif
