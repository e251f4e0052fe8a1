/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cards to cut out, ten on a page of A4. No script, no style sheet, font or
 * picture of elsewhere: the file can be sent to a printing office as it is.
 */
#include "cli/voucher/voucher.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portal/pages/number_format.h"
#include "portal/util/crypto.h"
#include "portal/util/strbuf.h"
#include "portal/voucher/voucher_qr.h"

#define CARDS_A_PAGE 10
#define QUIET	     4 /* modules of white around a QR code */
#define URL_MAX	     400
#define FAR_S	     (30 * 86400) /* the date is told in any case */

/* Network and title in two lines each still leave room for all the rest. */
static const char style[] =
	"@page{size:A4;margin:0}"
	"*{box-sizing:border-box}"
	"body{margin:0;color:#000;background:#fff;"
	"font:8pt/1.25 'DejaVu Sans',Verdana,Arial,sans-serif}"
	"h1{position:absolute;width:1px;height:1px;overflow:hidden;"
	"clip-path:inset(50%);margin:0}"
	".page{width:210mm;height:296.5mm;padding:8mm 10mm;display:grid;"
	"grid-template:repeat(5,1fr)/repeat(2,1fr);break-after:page;"
	"break-inside:avoid}"
	".page:last-child{break-after:auto}"
	".card{display:grid;grid-template:auto auto 1fr/1fr auto;"
	"gap:.5mm 2mm;padding:2.5mm 3mm;overflow:hidden;overflow-wrap:anywhere;"
	"border:.2mm dashed #767676;break-inside:avoid}"
	".head{grid-column:1/3;display:flex;gap:2mm;align-items:center}"
	".head img{height:9mm;max-width:22mm;object-fit:contain;padding:1mm;"
	"border-radius:1.5mm;print-color-adjust:exact;"
	"-webkit-print-color-adjust:exact}"
	"h2{font-size:10pt;line-height:1.15;margin:0;max-height:2.3em;"
	"overflow:hidden}"
	"p{margin:0}"
	".title{max-height:2.5em;overflow:hidden}"
	".code{grid-column:1/3;font:bold 16pt/1.1 'DejaVu Sans Mono',Consolas,"
	"monospace;white-space:nowrap}"
	".qr{display:flex;gap:2mm;text-align:center;line-height:1.1}"
	".qr div{width:24mm}"
	"svg{width:24mm;height:24mm}";

static const char *word(const struct voucher_sheet *s, const char *key)
{
	const char *found = lang_find(s->lang, key);

	return found ? found : "";
}

static void put_escaped(const char *text, FILE *out)
{
	for (size_t plain; *text; text++) {
		plain = strcspn(text, STRBUF_ESCAPES);
		fwrite(text, 1, plain, out);
		text += plain;
		if (!*text)
			return;
		fputs(strbuf_reference(*text), out);
	}
}

/* The language's phrase as a paragraph, its one {{placeholder}} filled. */
static void put_phrase(const struct voucher_sheet *s, const char *key,
		       const char *value, FILE *out)
{
	const char *phrase = word(s, key);
	const char *at = strstr(phrase, "{{");

	fputs("<p>", out);
	if (!at) {
		put_escaped(phrase, out);
	} else {
		fwrite(phrase, 1, (size_t)(at - phrase), out);
		put_escaped(value, out);
		at = strstr(at, "}}");
		fputs(at ? at + strlen("}}") : "", out);
	}
	fputs("</p>", out);
}

/* --- what a code is good for ------------------------------------------- */

static void put_worth(const struct voucher_sheet *s,
		      const struct voucher_sheet_card *c, FILE *out)
{
	char buf[NUMBER_FORMAT_MAX], devices[16];

	put_phrase(
		s, "card_duration",
		number_format_duration(buf, (uint64_t)c->duration_s, s->lang),
		out);
	snprintf(devices, sizeof(devices), "%u", c->devices);
	put_phrase(s, c->devices == 1 ? "card_device" : "card_devices",
		   number_format_number(buf, devices, s->lang), out);
	put_phrase(s, "card_until",
		   number_format_moment(buf, c->valid_until_s, FAR_S, s->lang),
		   out);
}

/* --- QR codes ---------------------------------------------------------- */

static void put_modules(const unsigned char *modules, int size, FILE *out)
{
	for (int y = 0; y < size; y++)
		for (int x = 0; x < size; x++) {
			const unsigned char *row = modules + y * size;
			int first = x;

			while (x < size && row[x])
				x++;
			if (x > first)
				fprintf(out, "M%d %dh%dv1h-%dz", first + QUIET,
					y + QUIET, x - first, x - first);
		}
}

/* what: its caption, and the beginning of what screen readers say. */
static int put_qr(const struct voucher_sheet *s, const char *what,
		  const char *content, const char *told, FILE *out)
{
	int width, size;
	unsigned char *modules = voucher_qr_build(content, &width);

	if (!modules)
		return -errno;
	size = width + 2 * QUIET;
	fprintf(out,
		"<div><svg viewBox=\"0 0 %d %d\" "
		"shape-rendering=\"crispEdges\" role=\"img\" aria-label=\"",
		size, size);
	put_escaped(word(s, what), out);
	fputs(": ", out);
	put_escaped(told, out);
	fprintf(out, "\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path d=\"",
		size, size);
	put_modules(modules, width, out);
	fputs("\"/></svg>", out);
	put_escaped(word(s, what), out);
	fputs("</div>", out);
	free(modules);
	return 0;
}

static int put_join(const struct voucher_sheet *s, FILE *out)
{
	char content[VOUCHER_JOIN_MAX];

	voucher_join_build(content, s->ssid);
	return put_qr(s, "card_join", content, s->ssid, out);
}

/* --- the document ------------------------------------------------------ */

/* In the file, which is sent as it is; on the colour that it is made for. */
static void put_logo(const struct voucher_sheet *s, FILE *out)
{
	char base64[CRYPTO_BASE64(PICTURE_BYTES_MAX)];

	if (!s->logo->bytes)
		return;
	crypto_base64(base64, s->logo->bytes, s->logo->len);
	fprintf(out, "<img alt=\"\" src=\"data:%s;base64,%s\">", s->logo->type,
		base64);
}

static void put_names(const struct voucher_sheet *s, FILE *out)
{
	fputs("<div class=\"head\">", out);
	put_logo(s, out);
	fputs("<div><h2>", out);
	put_escaped(s->network, out);
	fputs("</h2>", out);
	if (s->title) {
		fputs("<p class=\"title\">", out);
		put_escaped(s->title, out);
		fputs("</p>", out);
	}
	fputs("</div></div>", out);
}

static int put_card(const struct voucher_sheet *s,
		    const struct voucher_sheet_card *c, FILE *out)
{
	char code[VOUCHER_CODE_TEXT_MAX], url[URL_MAX];
	int err = 0;

	voucher_code_to_text(c->code, code);
	if (snprintf(url, sizeof(url), "%s%s", s->url, code) >=
	    (int)sizeof(url))
		return -EMSGSIZE;
	fputs("<div class=\"card\">", out);
	put_names(s, out);
	fprintf(out, "<p class=\"code\"><bdi dir=\"ltr\">%s</bdi></p><div>",
		code);
	put_worth(s, c, out);
	if (!s->ssid) /* else the pictures say it */
		put_phrase(s, "card_steps", "", out);
	fputs("</div><div class=\"qr\">", out);
	if (s->ssid)
		err = put_join(s, out);
	if (!err)
		err = put_qr(s, "card_online", url, url, out);
	fputs("</div></div>\n", out);
	return err;
}

static void put_head(const struct voucher_sheet *s, FILE *out)
{
	fprintf(out,
		"<!DOCTYPE html>\n<html lang=\"%s\" dir=\"%s\">\n<head>\n"
		"<meta charset=\"utf-8\">\n<title>%s – ",
		s->lang->code, word(s, "direction"), word(s, "card_heading"));
	put_escaped(s->network, out);
	fprintf(out,
		"</title>\n<style>%s.head img{background:%s}</style>\n</head>\n"
		"<body>\n<h1>%s – ",
		style, s->logo_colour, word(s, "card_heading"));
	put_escaped(s->network, out);
	fputs("</h1>\n", out);
}

int voucher_sheet_write(const struct voucher_sheet *s, FILE *out)
{
	int err = 0;

	put_head(s, out);
	for (size_t i = 0; i < s->cards && !err; i++) {
		if (i % CARDS_A_PAGE == 0)
			fputs("<div class=\"page\">\n", out);
		err = put_card(s, &s->card[i], out);
		if (i % CARDS_A_PAGE == CARDS_A_PAGE - 1 || i == s->cards - 1)
			fputs("</div>\n", out);
	}
	fputs("</body>\n</html>\n", out);
	return err;
}
