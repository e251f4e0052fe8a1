/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A longer text of the operator's own, plain as he wrote it, as HTML. */
#ifndef STADTTOR_PORTAL_PAGES_OWN_TEXT_H
#define STADTTOR_PORTAL_PAGES_OWN_TEXT_H

#include "common/log.h"
#include "portal/util/strbuf.h"

#define OWN_TEXT_BYTES_MAX (24 * 1024)
#define OWN_TEXT_ERROR_MAX 320

/*
 * Lines up to a blank one are a paragraph; "# " begins a heading, "- " an item
 * of a list. All else is escaped. false: error names the file, and the line
 * with characters that control or turn the text.
 */
bool own_text_read(const char *path, struct strbuf *out,
		   char error[OWN_TEXT_ERROR_MAX]) MUST_CHECK;

#endif
