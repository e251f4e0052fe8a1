/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/pages/page_style.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/colour.h"
#include "common/config/settings_palette.h"
#include "portal/util/crypto.h"
#include "portal/util/file.h"
#include "portal/util/strbuf.h"

#define FILE_MAX    (8 * 1024)
#define PALETTE_MAX 512

/* --- colours ------------------------------------------------------------ */

static void put_colour(struct strbuf *o, const char *name, const char *colour)
{
	if (*colour)
		strbuf_format(o, "--%s:%s;", name, colour);
}

/* The accent, what is read on it, and the card with a breath of it. */
static void put_accent(struct strbuf *o, const char *accent, const char *card)
{
	char tint[COLOUR_MAX];

	if (!*accent)
		return;
	put_colour(o, "accent", accent);
	put_colour(o, "on", colour_of_text_on(accent));
	put_colour(o, "tint",
		   colour_mix(tint, accent, SETTINGS_PALETTE_TINT, card));
}

/* The configured colours, in the place of those at the style's beginning. */
static void put_palette(struct strbuf *o, const struct portal_settings *p)
{
	strbuf_text(o, ":root{");
	put_accent(o, settings_palette_colour(p, SETTINGS_ACCENT),
		   SETTINGS_PALETTE_CARD);
	put_colour(o, "sky", settings_palette_colour(p, SETTINGS_HEADER));
	strbuf_text(o, "}@media (prefers-color-scheme:dark){:root{");
	put_accent(o, settings_palette_colour(p, SETTINGS_ACCENT_DARK),
		   SETTINGS_PALETTE_CARD_DARK);
	put_colour(o, "sky", settings_palette_colour(p, SETTINGS_HEADER_DARK));
	strbuf_text(o, "}}");
}

static bool has_colours(const struct portal_settings *p)
{
	for (int i = 0; i < SETTINGS_COLOURS; i++)
		if (*settings_palette_colour(p, (enum settings_colour)i))
			return true;
	return false;
}

/* --- the style ---------------------------------------------------------- */

/* Its hash is all that the browser need trust. */
static void hash(struct page_style *s)
{
	uint8_t digest[CRYPTO_SHA256];
	char base64[CRYPTO_BASE64(CRYPTO_SHA256)];

	crypto_sha256(s->text, strlen(s->text), digest);
	crypto_base64(base64, digest, sizeof(digest));
	snprintf(s->source, sizeof(s->source), "'sha256-%s'", base64);
}

bool page_style_read(struct page_style *s, const struct portal_settings *p,
		     char error[PAGE_ERROR_MAX])
{
	char path[256], *file;
	size_t len;
	struct strbuf o;

	snprintf(path, sizeof(path), "%.200s/pages/style.css", p->pages);
	file = file_read(path, FILE_MAX, &len);
	if (!file) {
		snprintf(error, PAGE_ERROR_MAX, "%s: %s", path,
			 strerror(errno));
		return false;
	}
	s->text = realloc(file, len + PALETTE_MAX);
	if (!s->text) {
		free(file);
		snprintf(error, PAGE_ERROR_MAX, "out of memory");
		return false;
	}
	strbuf_init(&o, s->text + len, PALETTE_MAX - 1);
	if (has_colours(p))
		put_palette(&o, p);
	o.at[o.len] = '\0';
	hash(s);
	return true;
}

void page_style_clear(struct page_style *s)
{
	free(s->text);
	s->text = NULL;
}
